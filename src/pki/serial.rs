//! Serial numbers: read from certificates, and fresh random ones.

use std::fmt;

use ring::rand::{SecureRandom, SystemRandom};

/// A certificate's serial number (RFC 5280 section 4.1.2.2): the contents octets of its INTEGER.
///
/// Shown as lower-case hexadecimal digits, two for each byte, as openssl prints it but for the case.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SerialNumber(Vec<u8>);

/// The operating system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomness;

impl SerialNumber {
    /// Sixteen bytes, of which 126 bits are random: positive, never zero, and within the 20 bytes that RFC 5280 allows.
    pub fn random() -> Result<Self, NoRandomness> {
        let mut bytes = [0; 16];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| NoRandomness)?;
        let [first, ..] = &mut bytes;
        *first = (*first & 0x7f) | 0x40;
        Ok(Self(bytes.to_vec()))
    }

    pub(super) fn from_contents(contents: &[u8]) -> Self {
        Self(contents.to_vec())
    }

    /// The contents octets of the INTEGER: two's complement, big-endian.
    /// Whether it is below zero, which RFC 5280 section 4.1.2.2 forbids.
    pub fn is_negative(&self) -> bool {
        self.0.first().is_some_and(|first| first & 0x80 != 0)
    }

    pub(super) fn contents(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for SerialNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Some old CAs wrote the highest bit without a leading zero: by the letter that is a negative number.
        let negative = self.0.first().is_some_and(|first| first & 0x80 != 0);
        let mut magnitude = self.0.clone();
        if negative {
            formatter.write_str("-")?;
            let mut carry = true;
            for byte in magnitude.iter_mut().rev() {
                (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
            }
        }
        let digits = match magnitude.as_slice() {
            [0, digits @ ..] if !digits.is_empty() => digits,
            digits => digits,
        };
        digits
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for SerialNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "serial:{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_serial_number_is_positive_and_has_sixteen_bytes() {
        let mut seen = std::collections::HashSet::new();
        for _ in 0..1000 {
            let serial = SerialNumber::random().unwrap();
            assert!((0x40..0x80).contains(&serial.contents()[0]), "{serial}");
            assert_eq!(serial.to_string().len(), 32);
            assert!(seen.insert(serial));
        }
    }

    #[test]
    fn it_is_shown_as_openssl_shows_it() {
        for (contents, text) in [
            (&[0x01][..], "01"),
            (&[0x00], "00"),
            (&[0x00, 0x8f, 0x02], "8f02"),
            (&[0x8f, 0x02], "-70fe"),
            (&[0xff], "-01"),
            (&[0xff, 0x00], "-0100"),
        ] {
            assert_eq!(SerialNumber::from_contents(contents).to_string(), text);
        }
    }
}
