//! The journal's key, its signatures, and what DSSE v1.0.2 has them cover. Randomness only.
//!
//! Ring signs and ed25519-dalek verifies: the library that made a signature is not its own judge.

use ed25519_dalek::{Signature, Verifier as _};

use crate::digest::Sha256Digest;
use crate::pki::{KeyError, PrivateKey};

/// The key of one attempt: made here and never written.
pub(super) struct JournalKey {
    private: PrivateKey,
    public: VerifyingKey,
}

impl JournalKey {
    pub(super) fn generate() -> Result<Self, KeyError> {
        let private = PrivateKey::generate_ed25519()?;
        let public = VerifyingKey::from_spki(private.public_key_der()).ok_or_else(|| {
            KeyError::Malformed {
                reason: "the new key is not an Ed25519 key".to_owned(),
            }
        })?;
        Ok(Self { private, public })
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.private.sign(message)
    }

    pub(super) fn public(&self) -> &VerifyingKey {
        &self.public
    }
}

/// The public half: an Ed25519 key.
pub(super) struct VerifyingKey {
    spki: Vec<u8>,
    /// Decoded once: it verifies thousands of lines.
    key: ed25519_dalek::VerifyingKey,
    fingerprint: Sha256Digest,
}

/// All of an Ed25519 SPKI but the key itself (RFC 8410, section 4).
const SPKI_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

impl VerifyingKey {
    /// Reads an SPKI DER; nothing, if it is not an Ed25519 key's. Nor is a point of small order one, for which one
    /// signature fits many messages.
    pub(super) fn from_spki(spki: &[u8]) -> Option<Self> {
        let raw = spki.strip_prefix(&SPKI_PREFIX)?.try_into().ok()?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&raw).ok()?;
        if key.is_weak() {
            return None;
        }
        Some(Self {
            spki: spki.to_vec(),
            key,
            fingerprint: Sha256Digest::of(spki),
        })
    }

    pub(super) fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The 32 bytes of the key itself.
    pub(super) fn raw(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// SHA-256 of the SPKI DER.
    pub(super) fn fingerprint(&self) -> Sha256Digest {
        self.fingerprint
    }

    /// Whether the key signed the message. The scalar must be reduced, so a signature has one form only.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.key.verify(message, &signature).is_ok())
    }
}

/// What a DSSE signature covers: the payload and its type, each behind its length in bytes.
pub(super) fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut encoding = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    )
    .into_bytes();
    encoding.extend_from_slice(payload);
    encoding
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_the_one_in_the_dsse_specification() {
        assert_eq!(
            pre_authentication_encoding("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn a_signature_verifies_for_its_own_message_and_key_only() {
        let (key, other) = (
            JournalKey::generate().unwrap(),
            JournalKey::generate().unwrap(),
        );
        let signature = key.sign(b"message").unwrap();
        assert!(key.public().verifies(b"message", &signature));
        assert!(!key.public().verifies(b"messagf", &signature));
        assert!(!other.public().verifies(b"message", &signature));
    }

    /// The order of the group (RFC 8032, section 5.1), little-endian.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];

    #[test]
    fn a_signature_has_one_form_only() {
        let key = JournalKey::generate().unwrap();
        let mut signature = key.sign(b"message").unwrap();
        assert!(key.public().verifies(b"message", &signature));
        let mut carry = 0;
        for (digit, order) in signature[32..].iter_mut().zip(ORDER) {
            carry += u16::from(*digit) + u16::from(order);
            *digit = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        assert_eq!(carry, 0, "the same scalar, not reduced");
        assert!(!key.public().verifies(b"message", &signature));
        assert!(!key.public().verifies(b"message", &signature[..63]));
        assert!(!key.public().verifies(b"message", b""));
    }

    /// Known answers (RFC 8032, section 7.1, tests 1 and 2).
    #[test]
    fn the_signatures_of_the_specification_verify() {
        let bytes = |digits: &str| -> Vec<u8> {
            let pairs = digits.as_bytes().chunks_exact(2);
            pairs
                .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
                .collect()
        };
        for (key, message, signature) in [
            (
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
        ] {
            let spki = [&SPKI_PREFIX[..], &bytes(key)].concat();
            let key = VerifyingKey::from_spki(&spki).unwrap();
            assert!(key.verifies(&bytes(message), &bytes(signature)));
            assert!(!key.verifies(b"another message", &bytes(signature)));
        }
    }

    #[test]
    fn a_point_of_small_order_is_no_key() {
        let mut neutral = [0; 32];
        neutral[0] = 1;
        for point in [neutral, [0; 32]] {
            let spki = [&SPKI_PREFIX[..], &point].concat();
            assert!(VerifyingKey::from_spki(&spki).is_none());
        }
    }

    #[test]
    fn a_key_of_another_kind_or_length_is_none_of_ours() {
        let key = JournalKey::generate().unwrap();
        let mut spki = key.public().spki().to_vec();
        assert!(VerifyingKey::from_spki(&spki).is_some());
        spki.push(0);
        assert!(VerifyingKey::from_spki(&spki).is_none());
        spki[8] ^= 1;
        assert!(VerifyingKey::from_spki(&spki[..44]).is_none());
    }
}
