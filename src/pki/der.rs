//! DER elements (X.690), taken apart and put together as bytes: what splicing needs and a parsed view cannot give.
//!
//! Touches nothing but the bytes it is given, and never looks deeper into them than it is asked to.

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const UTF8_STRING: u8 = 0x0c;
pub(super) const PRINTABLE_STRING: u8 = 0x13;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// The tag `[number]` around other elements: EXPLICIT, or IMPLICIT of something constructed.
pub(super) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// The tag `[number]` IMPLICIT of something primitive.
pub(super) const fn context_primitive(number: u8) -> u8 {
    0x80 | number
}

/// The bytes are not the DER that was expected at this place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the DER that is expected here")]
pub(super) struct Malformed;

/// One element: tag, length and contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) contents: &'a [u8],
    /// The whole element, tag and length included.
    pub(super) encoding: &'a [u8],
}

impl<'a> Element<'a> {
    /// The SEQUENCEs that it consists of, each whole.
    pub(super) fn sequences(self) -> Result<Vec<&'a [u8]>, Malformed> {
        let mut reader = self.reader();
        let mut sequences = Vec::new();
        while !reader.is_empty() {
            sequences.push(reader.expect(SEQUENCE)?.encoding);
        }
        Ok(sequences)
    }

    /// The one element that `bytes` consist of.
    pub(super) fn sole(bytes: &'a [u8], tag: u8) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let element = reader.expect(tag)?;
        reader.finish()?;
        Ok(element)
    }

    /// Reads what is inside.
    pub(super) fn reader(&self) -> Reader<'a> {
        Reader::new(self.contents)
    }

    /// The bytes of a BIT STRING that is a whole number of bytes, as keys and signatures are.
    pub(super) fn whole_bits(&self) -> Result<&'a [u8], Malformed> {
        match self.contents {
            [0, bytes @ ..] => Ok(bytes),
            _ => Err(Malformed),
        }
    }

    /// The bytes of a positive INTEGER, without leading zeros.
    pub(super) fn positive(&self) -> Result<&'a [u8], Malformed> {
        match self.contents {
            [0, magnitude @ ..] if !magnitude.is_empty() => Ok(magnitude),
            [first, ..] if (1..0x80).contains(first) => Ok(self.contents),
            _ => Err(Malformed),
        }
    }
}

/// Reads elements one after the other.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What has not been read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// The next element, whatever its tag. Tags above 30 and lengths that are not in their shortest form are errors.
    pub(super) fn next(&mut self) -> Result<Element<'a>, Malformed> {
        let [tag, first, after @ ..] = self.0 else {
            return Err(Malformed);
        };
        if tag & 0x1f == 0x1f {
            return Err(Malformed);
        }
        let (length, after) = match first {
            0..=0x7f => (usize::from(*first), after),
            0x81..=0x84 => {
                let (octets, after) = after
                    .split_at_checked(usize::from(first & 0x7f))
                    .ok_or(Malformed)?;
                let length = octets
                    .iter()
                    .fold(0_usize, |length, octet| length << 8 | usize::from(*octet));
                if length < 0x80 || octets.first() == Some(&0) {
                    return Err(Malformed);
                }
                (length, after)
            }
            _ => return Err(Malformed),
        };
        let (contents, rest) = after.split_at_checked(length).ok_or(Malformed)?;
        let (encoding, _) = self
            .0
            .split_at_checked(self.0.len() - rest.len())
            .ok_or(Malformed)?;
        self.0 = rest;
        Ok(Element {
            tag: *tag,
            contents,
            encoding,
        })
    }

    /// The next element, which must have this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Result<Element<'a>, Malformed> {
        self.optional(tag)?.ok_or(Malformed)
    }

    /// The next element if it has this tag.
    pub(super) fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, Malformed> {
        if self.0.first() == Some(&tag) {
            self.next().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Nothing may be left.
    pub(super) fn finish(&self) -> Result<(), Malformed> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(Malformed)
        }
    }
}

/// An element of these parts, one after the other.
pub(super) fn encode(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(length + 10);
    out.push(tag);
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let octets: Vec<u8> = length
                .to_be_bytes()
                .into_iter()
                .skip_while(|octet| *octet == 0)
                .collect();
            // A usize has at most eight octets.
            out.push(0x80 | u8::try_from(octets.len()).unwrap_or(8));
            out.extend(octets);
        }
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// The dotted form of an OBJECT IDENTIFIER's contents (X.690 section 8.19), arcs of up to 128 bits as `2.25.UUID` has.
pub(super) fn dotted(contents: &[u8]) -> Result<String, Malformed> {
    let mut arcs: Vec<u128> = Vec::new();
    let mut arc: Option<u128> = None;
    for octet in contents {
        // A leading 0x80 would be a padded arc.
        if arc.is_none() && *octet == 0x80 {
            return Err(Malformed);
        }
        let shifted = arc.unwrap_or(0).checked_mul(0x80).ok_or(Malformed)?;
        let value = shifted | u128::from(octet & 0x7f);
        if octet & 0x80 == 0 {
            arcs.push(value);
            arc = None;
        } else {
            arc = Some(value);
        }
    }
    let (None, [first, others @ ..]) = (arc, arcs.as_slice()) else {
        return Err(Malformed);
    };
    let root = (first / 40).min(2);
    let mut text = format!("{root}.{}", first - root * 40);
    for arc in others {
        text.push('.');
        text.push_str(&arc.to_string());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_form_is_written_and_read_back() {
        for length in [0, 1, 127, 128, 255, 256, 65_535, 65_536] {
            let contents = vec![7; length];
            let encoding = encode(OCTET_STRING, &[&contents]);
            let element = Element::sole(&encoding, OCTET_STRING).unwrap();
            assert_eq!(element.contents, contents);
            assert_eq!(element.encoding, encoding);
        }
    }

    #[test]
    fn what_is_not_der_is_an_error() {
        for bytes in [
            &[][..],
            &[0x30],
            &[0x30, 0x80, 0, 0],                   // indefinite length
            &[0x30, 0x81, 0x01, 0],                // length not in its shortest form
            &[0x30, 0x82, 0x00, 0x80],             // the same, with a leading zero
            &[0x30, 0x85, 0, 0, 0, 0, 0],          // a length of more than 32 bits
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], // longer than the bytes
            &[0x3f, 0x81, 0x01, 0],                // tag above 30
            &[0x30, 0x00, 0x00],                   // trailing byte
            &[0x31, 0x00],                         // another tag
        ] {
            assert_eq!(Element::sole(bytes, SEQUENCE), Err(Malformed), "{bytes:x?}");
        }
    }

    #[test]
    fn object_identifiers_are_dotted() {
        assert_eq!(dotted(&[0x55, 0x1d, 0x23]).unwrap(), "2.5.29.35");
        assert_eq!(
            dotted(&[0x2a, 0x86, 0x48, 0xce, 0x3d]).unwrap(),
            "1.2.840.10045"
        );
        // The arc that X.660 keeps for examples; its first octet has the continuation bit.
        assert_eq!(dotted(&[0x88, 0x37]).unwrap(), "2.999");
        for contents in [&[][..], &[0x2a, 0x86], &[0x2a, 0x80, 0x01], &[0xff; 40]] {
            assert_eq!(dotted(contents), Err(Malformed), "{contents:x?}");
        }
    }
}
