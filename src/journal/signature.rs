//! The journal's key, its signatures, and what DSSE v1.0.2 has them cover. Randomness only.

use ring::signature::{ED25519, UnparsedPublicKey};

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
    raw: [u8; 32],
    fingerprint: Sha256Digest,
}

/// All of an Ed25519 SPKI but the key itself (RFC 8410, section 4).
const SPKI_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

impl VerifyingKey {
    /// Reads an SPKI DER; nothing, if it is not an Ed25519 key's.
    pub(super) fn from_spki(spki: &[u8]) -> Option<Self> {
        let raw = spki.strip_prefix(&SPKI_PREFIX)?.try_into().ok()?;
        Some(Self {
            spki: spki.to_vec(),
            raw,
            fingerprint: Sha256Digest::of(spki),
        })
    }

    pub(super) fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The 32 bytes of the key itself.
    pub(super) fn raw(&self) -> &[u8; 32] {
        &self.raw
    }

    /// SHA-256 of the SPKI DER.
    pub(super) fn fingerprint(&self) -> Sha256Digest {
        self.fingerprint
    }

    /// Whether the key signed the message. The scalar must be reduced, so a signature has one form only.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.raw)
            .verify(message, signature)
            .is_ok()
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
