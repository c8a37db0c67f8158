//! Public keys: what a `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7) holds, and what kubeadm calls it.

use super::der::{self, Element, Malformed};
use crate::digest::Sha256Digest;

pub(super) const RSA: &str = "1.2.840.113549.1.1.1";
pub(super) const RSASSA_PSS: &str = "1.2.840.113549.1.1.10";
pub(super) const ELLIPTIC_CURVE: &str = "1.2.840.10045.2.1";
pub(super) const ED25519: &str = "1.3.101.112";
pub(super) const P256: &str = "1.2.840.10045.3.1.7";
pub(super) const P384: &str = "1.3.132.0.34";
pub(super) const P521: &str = "1.3.132.0.35";

/// A public key, borrowed from a `SubjectPublicKeyInfo`.
#[derive(Debug)]
pub(super) struct PublicKey<'a> {
    /// The algorithm's object identifier, dotted.
    pub(super) algorithm: String,
    /// The elliptic curve's object identifier, dotted, where the parameters name one.
    pub(super) curve: Option<String>,
    /// The key itself: an `RSAPublicKey` (RFC 8017), an elliptic curve point (SEC 1), 32 bytes of Ed25519.
    pub(super) key: &'a [u8],
}

impl<'a> PublicKey<'a> {
    pub(super) fn read(subject_public_key_info: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Element::sole(subject_public_key_info, der::SEQUENCE)?.reader();
        let mut identifier = reader.expect(der::SEQUENCE)?.reader();
        let key = reader.expect(der::BIT_STRING)?.whole_bits()?;
        reader.finish()?;
        let algorithm = der::dotted(identifier.expect(der::OBJECT_IDENTIFIER)?.contents)?;
        let curve = identifier
            .optional(der::OBJECT_IDENTIFIER)?
            .map(|curve| der::dotted(curve.contents))
            .transpose()?;
        Ok(Self {
            algorithm,
            curve,
            key,
        })
    }

    /// The same key, whatever the parameters beside it look like (RSA's NULL is there or not).
    pub(super) fn is_same_key(&self, other: &PublicKey<'_>) -> bool {
        self.algorithm == other.algorithm && self.key == other.key
    }

    /// The key identifier that Go gives since 1.25: the leftmost 160 bits of SHA-256 over the key (RFC 7093 section 2,
    /// method 1).
    pub(super) fn identifier(&self) -> Vec<u8> {
        let digest = Sha256Digest::of(self.key);
        digest.as_bytes().iter().copied().take(20).collect()
    }

    /// Algorithm and size, as kubeadm's `encryptionAlgorithm` spells its five, and others alike.
    pub(super) fn name(&self) -> String {
        match self.algorithm.as_str() {
            RSA => self
                .rsa_bits()
                .map_or_else(|| "RSA".to_owned(), |bits| format!("RSA-{bits}")),
            ELLIPTIC_CURVE => curve_name(self.curve.as_deref()),
            other => algorithm_name(other),
        }
    }

    /// The length of an RSA modulus, in bits.
    pub(super) fn rsa_bits(&self) -> Option<usize> {
        let mut reader = Element::sole(self.key, der::SEQUENCE).ok()?.reader();
        let modulus = reader.expect(der::INTEGER).ok()?.positive().ok()?;
        bits(modulus)
    }
}

/// The length in bits of a big-endian number without leading zero bytes.
pub(super) fn bits(magnitude: &[u8]) -> Option<usize> {
    let unused = usize::try_from(magnitude.first()?.leading_zeros()).ok()?;
    (magnitude.len() * 8).checked_sub(unused)
}

/// `ECDSA-P256` and so on; `None` is a curve that is spelled out instead of named.
pub(super) fn curve_name(curve: Option<&str>) -> String {
    match curve {
        Some(P256) => "ECDSA-P256".to_owned(),
        Some(P384) => "ECDSA-P384".to_owned(),
        Some(P521) => "ECDSA-P521".to_owned(),
        Some("1.3.132.0.33") => "ECDSA-P224".to_owned(),
        Some("1.3.132.0.10") => "ECDSA-secp256k1".to_owned(),
        Some(other) => format!("ECDSA on curve {other}"),
        None => "ECDSA without a named curve".to_owned(),
    }
}

/// The name of an algorithm that says it all without parameters.
pub(super) fn algorithm_name(oid: &str) -> String {
    match oid {
        RSASSA_PSS => "RSA-PSS",
        ED25519 => "Ed25519",
        "1.3.101.113" => "Ed448",
        "1.3.101.110" => "X25519",
        "1.3.101.111" => "X448",
        "1.2.840.10040.4.1" => "DSA",
        other => other,
    }
    .to_owned()
}
