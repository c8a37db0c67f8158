//! SHA-256, the one digest of this program: of files, certificates, journal lines and plans.

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use ring::digest::{Context, Digest, SHA256};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

/// A SHA-256 digest (FIPS 180-4); shown, parsed and serialised as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256Digest([u8; 32]);

/// The text is not 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a SHA-256 digest of 64 hexadecimal digits")]
pub struct InvalidDigest {
    text: String,
}

impl Sha256Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        ring::digest::digest(&SHA256, bytes).into()
    }

    /// The digest of all that `reader` gives, without holding it all at once.
    pub fn of_reader(mut reader: impl Read) -> io::Result<Self> {
        let mut context = Context::new(&SHA256);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(context.finish().into()),
                Ok(length) => context.update(buffer.get(..length).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The 32 raw bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether `text` is the one with which the digest is shown.
    pub fn is_text(&self, text: &str) -> bool {
        self.with_text(|own| own == text)
    }

    /// Calls `use_text` with the hexadecimal digits. Nothing is allocated: a journal has thousands of digests.
    fn with_text<T>(&self, use_text: impl FnOnce(&str) -> T) -> T {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            if let [high, low] = pair {
                *high = DIGITS[usize::from(byte >> 4)];
                *low = DIGITS[usize::from(byte & 0xf)];
            }
        }
        use_text(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl From<Digest> for Sha256Digest {
    fn from(digest: Digest) -> Self {
        let mut out = [0; 32];
        out.copy_from_slice(digest.as_ref());
        Self(out)
    }
}

impl From<[u8; 32]> for Sha256Digest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Sha256Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| formatter.write_str(text))
    }
}

impl fmt::Debug for Sha256Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "sha256:{self}")
    }
}

impl FromStr for Sha256Digest {
    type Err = InvalidDigest;

    /// With or without the `sha256:` in front with which it is printed.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.strip_prefix("sha256:").unwrap_or(text);
        let invalid = || InvalidDigest {
            text: text.chars().take(80).collect(),
        };
        if text.len() != 64 {
            return Err(invalid());
        }
        let mut out = [0; 32];
        for (byte, pair) in out.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let mut digits = pair.iter().map(|digit| char::from(*digit).to_digit(16));
            let (Some(Some(high)), Some(Some(low))) = (digits.next(), digits.next()) else {
                return Err(invalid());
            };
            *byte = u8::try_from(high << 4 | low).map_err(|_| invalid())?;
        }
        Ok(Self(out))
    }
}

impl Serialize for Sha256Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_text(|text| serializer.serialize_str(text))
    }
}

impl<'de> Deserialize<'de> for Sha256Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text)
    }
}

/// Reads the text without a copy of it.
struct Text;

impl Visitor<'_> for Text {
    type Value = Sha256Digest;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a SHA-256 digest of 64 hexadecimal digits")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Sha256Digest, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_nothing_is_the_one_in_the_standard() {
        let digest = Sha256Digest::of(b"");
        assert_eq!(
            digest.to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(digest.to_string().parse(), Ok(digest));
    }

    #[test]
    fn every_byte_comes_back_from_its_digits_in_json_too() {
        for byte in 0..=u8::MAX {
            let digest = Sha256Digest::from([byte; 32]);
            let text = format!("{byte:02x}").repeat(32);
            assert_eq!(digest.to_string(), text);
            assert_eq!(text.parse(), Ok(digest));
            assert_eq!(text.to_uppercase().parse(), Ok(digest));
            let json = serde_json::to_string(&digest).unwrap();
            assert_eq!(json, format!("\"{text}\""));
            let read: Sha256Digest = serde_json::from_str(&json).unwrap();
            assert_eq!(read, digest);
        }
    }

    #[test]
    fn a_reader_has_the_digest_of_its_bytes() {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(100_000).collect();
        let digest = Sha256Digest::of_reader(bytes.as_slice()).unwrap();
        assert_eq!(digest, Sha256Digest::of(&bytes));
    }

    #[test]
    fn anything_else_is_not_a_digest() {
        for text in ["", "e3", &"g".repeat(64), &"é".repeat(32)] {
            assert!(text.parse::<Sha256Digest>().is_err(), "{text}");
        }
    }
}
