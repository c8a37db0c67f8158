//! Where a kubeconfig keeps a certificate or a key: in it, as base64, or in a file beside it. Pure.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

/// As Go's `base64.StdEncoding`: padding is a must, stray bits in the last digit are not looked at.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// The certificates of a kubeconfig's user, in it or beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// What the base64 of `client-certificate-data` says: PEM, if all is well.
    Embedded(Vec<u8>),
    /// A path as it is written; a relative one starts at the kubeconfig's folder.
    File(String),
}

/// A private key of a kubeconfig, in it or beside it.
#[derive(PartialEq, Eq)]
pub enum KeySource {
    /// What the base64 of `client-key-data` says: PEM, if all is well. Wiped when dropped.
    Embedded(Zeroizing<Vec<u8>>),
    /// A path as it is written; a relative one starts at the kubeconfig's folder.
    File(String),
}

impl fmt::Debug for KeySource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded(_) => formatter.write_str("Embedded(elided)"),
            Self::File(path) => formatter.debug_tuple("File").field(path).finish(),
        }
    }
}

/// The bytes of a `…-data` value. Go passes over line breaks in it; blanks come from folded YAML and are passed over too.
pub(super) fn decode(data: &str) -> Result<Zeroizing<Vec<u8>>, base64::DecodeError> {
    let digits = without_blanks(data);
    // The size is known beforehand, so that no copy of a key is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(base64::decoded_len_estimate(
        digits.len(),
    )));
    BASE64.decode_vec(digits.as_bytes(), &mut bytes)?;
    Ok(bytes)
}

/// The `…-data` value for `bytes`, on one line.
pub(super) fn encode(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// `data` without the blanks and line breaks in it.
pub(super) fn without_blanks(data: &str) -> Zeroizing<String> {
    let mut digits = Zeroizing::new(String::with_capacity(data.len()));
    digits.extend(data.split_ascii_whitespace());
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapped_and_folded_data_is_decoded() {
        for data in ["aGVsbG8=", "aGVs\r\nbG8=\r\n", " aGVs bG8=\n"] {
            assert_eq!(decode(data).unwrap().as_slice(), b"hello", "{data:?}");
        }
        for data in ["aGVsbG8", "aGVs*G8=", "aGVsbG8=="] {
            assert!(decode(data).is_err(), "{data:?}");
        }
        assert_eq!(decode("aGVsbG9=").unwrap().as_slice(), b"hello");
        assert_eq!(encode(b"hello"), "aGVsbG8=");
    }

    #[test]
    fn a_key_does_not_show_itself() {
        let key = KeySource::Embedded(Zeroizing::new(b"hunter2".to_vec()));
        assert_eq!(format!("{key:?}"), "Embedded(elided)");
        assert_eq!(
            format!("{:?}", KeySource::File("/k".into())),
            "File(\"/k\")"
        );
    }
}
