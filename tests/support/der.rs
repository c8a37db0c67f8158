//! As much of DER as it takes to hold two certificates against each other byte for byte, and to find the secret
//! numbers of a key. Written for the tests, so that the crate's own reader is not its own judge.

/// One element: its tag, its contents, and all of it as it is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// The identifier octet.
    pub tag: u8,
    /// What is in it.
    pub contents: &'a [u8],
    /// Tag, length and contents.
    pub encoding: &'a [u8],
}

/// The elements that follow each other in `bytes`. Lengths of more than three octets do not occur.
pub fn elements(mut bytes: &[u8]) -> Vec<Element<'_>> {
    let mut elements = Vec::new();
    while let [tag, length, ..] = *bytes {
        let (header, length) = match length {
            short @ 0..0x80 => (2, usize::from(short)),
            long => {
                let octets = usize::from(long & 0x7f);
                let length = bytes[2..2 + octets]
                    .iter()
                    .fold(0, |length, octet| length << 8 | usize::from(*octet));
                (2 + octets, length)
            }
        };
        let (encoding, rest) = bytes.split_at(header + length);
        elements.push(Element {
            tag,
            contents: &encoding[header..],
            encoding,
        });
        bytes = rest;
    }
    elements
}

/// The DER of the first block with that label, and what follows the block.
pub fn of_pem<'a>(text: &'a str, label: &str) -> Option<(Vec<u8>, &'a str)> {
    use base64::Engine;

    let (begin, end) = (
        format!("-----BEGIN {label}-----"),
        format!("-----END {label}-----"),
    );
    let (_, rest) = text.split_once(&begin)?;
    let (body, rest) = rest.split_once(&end)?;
    let body: String = body.split_whitespace().collect();
    let der = base64::engine::general_purpose::STANDARD
        .decode(body)
        .ok()?;
    Some((der, rest))
}

/// What a certificate says, each part as it is encoded: version, signature algorithm, issuer, subject, public key,
/// extensions. Left out are serial number, dates and signature, which a renewal makes new.
pub struct Lasting {
    /// The issuer's name.
    pub issuer: Vec<u8>,
    /// All the others, in order.
    pub rest: Vec<Vec<u8>>,
    /// The extensions one by one.
    pub extensions: Vec<Vec<u8>>,
}

impl Lasting {
    /// Reads the certificate (RFC 5280 section 4.1) in `der`.
    pub fn of(der: &[u8]) -> Self {
        let certificate = elements(der)[0];
        let fields = elements(elements(certificate.contents)[0].contents);
        let [
            version,
            _serial,
            algorithm,
            issuer,
            _validity,
            subject,
            key,
            rest @ ..,
        ] = fields.as_slice()
        else {
            panic!("a certificate has more fields: {fields:?}");
        };
        let extensions = rest
            .iter()
            .find(|field| field.tag == 0xa3)
            .map_or_else(Vec::new, |field| {
                elements(elements(field.contents)[0].contents)
            });
        Self {
            issuer: issuer.encoding.to_vec(),
            rest: [version, algorithm, subject, key]
                .map(|field| field.encoding.to_vec())
                .to_vec(),
            extensions: extensions
                .iter()
                .map(|extension| extension.encoding.to_vec())
                .collect(),
        }
    }
}

/// The public half, SPKI DER (RFC 5280), of the first private key of a PEM text in the forms that are written: RSA (RFC 8017) and
/// elliptic curves (RFC 5915).
pub fn public_key_of(text: &str) -> Option<Vec<u8>> {
    // With its parameters, which are NULL.
    const RSA: [u8; 13] = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
    const EC: [u8; 9] = [6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    if let Some((der, _)) = of_pem(text, "RSA PRIVATE KEY") {
        let fields = elements(elements(&der).first()?.contents);
        let [_, modulus, exponent, ..] = fields.as_slice() else {
            return None;
        };
        let algorithm = encode(0x30, &RSA);
        let key = encode(0x30, &[modulus.encoding, exponent.encoding].concat());
        return Some(encode(
            0x30,
            &[algorithm, encode(3, &[&[0], &key[..]].concat())].concat(),
        ));
    }
    let (der, _) = of_pem(text, "EC PRIVATE KEY")?;
    let fields = elements(elements(&der).first()?.contents);
    let of_tag = |tag| fields.iter().find(|field| field.tag == tag);
    let algorithm = encode(0x30, &[&EC[..], of_tag(0xa0)?.contents].concat());
    Some(encode(
        0x30,
        &[&algorithm[..], of_tag(0xa1)?.contents].concat(),
    ))
}

fn encode(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let octets = length.to_be_bytes();
    let octets: Vec<u8> = octets.into_iter().skip_while(|octet| *octet == 0).collect();
    let header = match length {
        0..0x80 => vec![tag, u8::try_from(length).unwrap()],
        _ => [
            &[tag, 0x80 | u8::try_from(octets.len()).unwrap()],
            &octets[..],
        ]
        .concat(),
    };
    [&header[..], contents].concat()
}
