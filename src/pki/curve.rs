//! ECDSA keys: the curves that ring signs on, and keys that leave out what a certificate can lend.

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm,
};
use zeroize::Zeroizing;

use super::der::Malformed;
use super::private_key_der::EllipticCurveParts;
use super::public_key::{self, PublicKey};
use super::{Certificate, KeyError};

/// The curves that ring signs on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Curve {
    P256,
    P384,
}

impl Curve {
    fn named(oid: Option<&str>) -> Result<Self, KeyError> {
        match oid {
            Some(public_key::P256) => Ok(Self::P256),
            Some(public_key::P384) => Ok(Self::P384),
            other => Err(KeyError::Unsupported {
                algorithm: public_key::curve_name(other),
                reason: "of the elliptic curves, P-256 and P-384 can be used",
            }),
        }
    }

    pub(super) fn signing_algorithm(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
            Self::P384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
        }
    }

    /// The OBJECT IDENTIFIER, as a DER element.
    pub(super) fn oid(self) -> &'static [u8] {
        match self {
            Self::P256 => &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
            Self::P384 => &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22],
        }
    }

    fn scalar_bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }
}

/// The key pair of what a file says, completed from the certificate: the curve if none is named, the public key.
pub(super) fn key_pair(
    parts: &EllipticCurveParts,
    certificate: Option<&Certificate>,
) -> Result<(Curve, EcdsaKeyPair), KeyError> {
    let certified = certificate.and_then(|certificate| {
        PublicKey::read(certificate.public_key_der())
            .ok()
            .filter(|key| key.algorithm == public_key::ELLIPTIC_CURVE)
    });
    let named = parts
        .curve
        .clone()
        .or_else(|| certified.as_ref().and_then(|key| key.curve.clone()));
    let curve = Curve::named(named.as_deref())?;
    let public_key = parts
        .public_key
        .as_deref()
        .or(certified.as_ref().map(|key| key.key))
        .ok_or(KeyError::PublicKeyMissing)?;
    let scalar = fixed_length(&parts.scalar, curve.scalar_bytes())?;
    EcdsaKeyPair::from_private_key_and_public_key(
        curve.signing_algorithm(),
        &scalar,
        public_key,
        &SystemRandom::new(),
    )
    .map(|pair| (curve, pair))
    .map_err(KeyError::from)
}

/// Old software drops leading zeros, or writes one too many; ring wants the curve's full length.
fn fixed_length(scalar: &[u8], length: usize) -> Result<Zeroizing<Vec<u8>>, Malformed> {
    let surplus = scalar.len().saturating_sub(length);
    let (leading, significant) = scalar.split_at_checked(surplus).ok_or(Malformed)?;
    if leading.iter().any(|octet| *octet != 0) {
        return Err(Malformed);
    }
    let mut padded = Zeroizing::new(vec![0; length - significant.len()]);
    padded.extend_from_slice(significant);
    Ok(padded)
}
