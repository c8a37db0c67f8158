//! To whom a file is encrypted.

use std::fmt;
use std::str::FromStr;

use bech32::Bech32;
use bech32::primitives::decode::CheckedHrpstring;

use super::RecipientError;

/// The human-readable part of a native recipient.
const PREFIX: &str = "age";
/// How an identity begins, in any case.
const IDENTITY: &str = "age-secret-key-";
/// How far the kind of a recipient is told: nothing that could be a key.
const LONGEST_KIND: usize = 16;

/// A native recipient: an X25519 public key, `age1…` in Bech32 (BIP 173).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    text: String,
    key: [u8; 32],
}

impl Recipient {
    /// The public key: a u-coordinate of Curve25519 (RFC 7748).
    pub(super) fn key(&self) -> &[u8; 32] {
        &self.key
    }
}

impl FromStr for Recipient {
    type Err = RecipientError;

    fn from_str(text: &str) -> Result<Self, RecipientError> {
        if text.to_ascii_lowercase().starts_with(IDENTITY) {
            return Err(RecipientError::Identity);
        }
        if let Some(kind) = other_kind(text) {
            return Err(RecipientError::Kind { kind });
        }
        let decoded = CheckedHrpstring::new::<Bech32>(text).map_err(|_| RecipientError::Bech32)?;
        // Bech32 may be in capitals; a recipient is written in small letters.
        if decoded.hrp().as_str() != PREFIX {
            return Err(RecipientError::Bech32);
        }
        let bytes: Vec<u8> = decoded.byte_iter().collect();
        let key = <[u8; 32]>::try_from(bytes.as_slice())
            .map_err(|_| RecipientError::Length { bytes: bytes.len() })?;
        Ok(Self {
            text: text.to_owned(),
            key,
        })
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// The kind of what is a recipient for age's tools, and none for us: a plugin's or a post-quantum one's, whose human-readable part
/// goes on behind `age1`, or an SSH key.
fn other_kind(text: &str) -> Option<String> {
    let word = text.split_whitespace().next()?;
    if word.starts_with("ssh-") {
        return Some(word.chars().take(LONGEST_KIND).collect());
    }
    // The last 1 ends the human-readable part, and is no digit of Bech32.
    let (human, _) = text.rsplit_once('1')?;
    let is_other = human.starts_with("age1") && human.len() <= LONGEST_KIND;
    is_other.then(|| human.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the README of age.
    const EXAMPLE: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

    #[test]
    fn a_recipient_reads_back() {
        let recipient: Recipient = EXAMPLE.parse().unwrap();
        assert_eq!(recipient.to_string(), EXAMPLE);
        assert_ne!(recipient.key(), &[0; 32]);
    }

    #[test]
    fn what_is_none_is_told_apart_without_being_shown() {
        let secret = "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ";
        let kind = |kind: &str| RecipientError::Kind {
            kind: kind.to_owned(),
        };
        for (text, expected) in [
            (secret, RecipientError::Identity),
            (&secret.to_ascii_lowercase(), RecipientError::Identity),
            (
                "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t",
                kind("age1yubikey"),
            ),
            ("age1pq1qqqqqqqq", kind("age1pq")),
            (
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW",
                kind("ssh-ed25519"),
            ),
            ("", RecipientError::Bech32),
            ("alice", RecipientError::Bech32),
            (&EXAMPLE.replace("ql3z", "ql3x"), RecipientError::Bech32),
            (&EXAMPLE.to_ascii_uppercase(), RecipientError::Bech32),
            (&format!("{EXAMPLE} "), RecipientError::Bech32),
            (
                "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq",
                RecipientError::Bech32,
            ),
        ] {
            let error = text.parse::<Recipient>().unwrap_err();
            assert_eq!(error, expected, "{text}");
            assert!(!error.to_string().contains("QQQQ"), "{error}");
        }
        let short = bech32::encode::<Bech32>(bech32::Hrp::parse("age").unwrap(), &[9; 31]).unwrap();
        let error = short.parse::<Recipient>().unwrap_err();
        assert_eq!(error, RecipientError::Length { bytes: 31 });
        let other = bech32::encode::<Bech32>(bech32::Hrp::parse("bge").unwrap(), &[9; 32]).unwrap();
        assert_eq!(other.parse::<Recipient>(), Err(RecipientError::Bech32));
        // The same key with the checksum of Bech32m.
        let other = bech32::encode::<bech32::Bech32m>(bech32::Hrp::parse("age").unwrap(), &[9; 32])
            .unwrap();
        assert_eq!(other.parse::<Recipient>(), Err(RecipientError::Bech32));
    }
}
