//! A DER writer for tests, on its own feet: it shares no code with the program, so that it can judge it.

pub mod odd_certificate;

use time::OffsetDateTime;

pub fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match contents.len() {
        short @ 0..128 => out.push(u8::try_from(short).unwrap()),
        long => {
            let octets = long.to_be_bytes();
            let first = octets.iter().position(|octet| *octet != 0).unwrap();
            out.push(0x80 + u8::try_from(octets.len() - first).unwrap());
            out.extend(&octets[first..]);
        }
    }
    out.extend(contents);
    out
}

pub fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

pub fn set(parts: &[Vec<u8>]) -> Vec<u8> {
    element(0x31, &parts.concat())
}

pub fn integer(contents: &[u8]) -> Vec<u8> {
    element(0x02, contents)
}

pub fn octet_string(contents: &[u8]) -> Vec<u8> {
    element(0x04, contents)
}

pub fn bit_string(contents: &[u8]) -> Vec<u8> {
    element(0x03, &[&[0], contents].concat())
}

pub fn object_identifier(dotted: &str) -> Vec<u8> {
    element(0x06, &arcs(dotted))
}

/// The contents octets of an OBJECT IDENTIFIER.
pub fn arcs(dotted: &str) -> Vec<u8> {
    let mut arcs = dotted.split('.').map(|arc| arc.parse::<u64>().unwrap());
    let first = arcs.next().unwrap() * 40 + arcs.next().unwrap();
    std::iter::once(first)
        .chain(arcs)
        .flat_map(|arc| {
            let mut octets = vec![u8::try_from(arc & 0x7f).unwrap()];
            let mut rest = arc >> 7;
            while rest > 0 {
                octets.push(0x80 | u8::try_from(rest & 0x7f).unwrap());
                rest >>= 7;
            }
            octets.reverse();
            octets
        })
        .collect()
}

/// `UTCTime` up to 2049, `GeneralizedTime` from then on (RFC 5280 section 4.1.2.5).
pub fn date(date: OffsetDateTime) -> Vec<u8> {
    let rest = format!(
        "{:02}{:02}{:02}{:02}{:02}Z",
        u8::from(date.month()),
        date.day(),
        date.hour(),
        date.minute(),
        date.second()
    );
    match date.year() {
        year @ 1950..2050 => element(0x17, format!("{:02}{rest}", year % 100).as_bytes()),
        year => element(0x18, format!("{year:04}{rest}").as_bytes()),
    }
}
