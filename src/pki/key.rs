//! Private keys that can sign, over ring. The only place where signatures are made.

use std::fmt;

use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use zeroize::{Zeroizing, zeroize_stack};

use super::curve::{self, Curve};
use super::der::{self, Malformed};
use super::private_key_der::{self, PrivateKeyParts};
use super::public_key::PublicKey;
use super::{Certificate, NoRandomness, PemError, pem};

/// A private key that can sign: RSA of 2048, 2560, 3072, 3584 or 4096 bits, ECDSA on P-256 or P-384, Ed25519.
///
/// It cannot be printed, copied or written. Our own copies of its bytes are wiped; ring does not wipe its own, but the
/// program's allocator does.
pub struct PrivateKey {
    /// In a box: what is moved about leaves copies on the stack, which nobody wipes.
    pair: Box<Pair>,
    /// `SubjectPublicKeyInfo`.
    public_key_der: Vec<u8>,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// Why a private key cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum KeyError {
    /// The file does not hold a key in PEM.
    #[error(transparent)]
    Pem {
        /// What is wrong with the text.
        source: PemError,
    },
    /// It is under a passphrase.
    #[error("the private key is encrypted with a passphrase")]
    Encrypted,
    /// A key of a kind or size that this program cannot sign with.
    #[error("a key of {algorithm} cannot be used: {reason}")]
    Unsupported {
        /// Named as exactly as the key allows: `ECDSA-P521`, `RSA-1024`, `RSA with public exponent 3`, `Ed448` …
        algorithm: String,
        /// What would do instead.
        reason: &'static str,
    },
    /// The DER is damaged, or its numbers do not belong together.
    #[error("the private key is damaged: {reason}")]
    Malformed {
        /// What does not fit.
        reason: String,
    },
    /// The key leaves out its public half or its curve, and there is no certificate to take them from.
    #[error(
        "the private key comes without its public key, and no certificate to take it from is there"
    )]
    PublicKeyMissing,
    /// Signing or generating failed for want of random bytes.
    #[error("no key operation without random bytes")]
    Random {
        /// The reason.
        #[source]
        source: NoRandomness,
    },
}

impl PrivateKey {
    /// Reads the first private key of a PEM file: PKCS#1, SEC1 (an `EC PARAMETERS` block may precede it) or PKCS#8;
    /// certificates in the same file, as the kubelet keeps them, are passed over.
    ///
    /// The `certificate` lends what an ECDSA key may leave out: its public key, its curve.
    pub fn from_pem(text: &[u8], certificate: Option<&Certificate>) -> Result<Self, KeyError> {
        let (form, der) = pem::read_private_key(text)?;
        match private_key_der::read(form, &der)? {
            PrivateKeyParts::Rsa(der) => RsaKeyPair::from_der(&der)
                .map(Self::from_rsa)
                .map_err(KeyError::from),
            PrivateKeyParts::EllipticCurve(parts) => curve::key_pair(&parts, certificate)
                .map(|(curve, pair)| Self::from_ecdsa(curve, pair)),
            PrivateKeyParts::Ed25519(der) => Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der)
                .map(Self::from_ed25519)
                .map_err(KeyError::from),
        }
    }

    /// A fresh Ed25519 key that only ever exists in memory: the journal's.
    pub fn generate_ed25519() -> Result<Self, KeyError> {
        // Not ring's own generator: the document that it returns is not wiped.
        let mut seed = Zeroizing::new([0; 32]);
        SystemRandom::new()
            .fill(seed.as_mut_slice())
            .map_err(no_randomness)?;
        Ed25519KeyPair::from_seed_unchecked(seed.as_slice())
            .map(Self::from_ed25519)
            .map_err(KeyError::from)
    }

    /// Algorithm and size, in [`Certificate::algorithm`]'s words.
    pub fn algorithm(&self) -> String {
        PublicKey::read(&self.public_key_der)
            .map(|key| key.name())
            .unwrap_or_default()
    }

    /// The `SubjectPublicKeyInfo` of the public half, as DER.
    pub fn public_key_der(&self) -> &[u8] {
        &self.public_key_der
    }

    /// Whether the certificate is about this key, however the parameters beside the key are written.
    pub fn fits(&self, certificate: &Certificate) -> bool {
        self.has_public_key(certificate.public_key_der())
    }

    /// Whether the `SubjectPublicKeyInfo` is that of this key, however the parameters beside the key are written.
    pub(super) fn has_public_key(&self, public_key_der: &[u8]) -> bool {
        match (
            PublicKey::read(&self.public_key_der),
            PublicKey::read(public_key_der),
        ) {
            (Ok(own), Ok(other)) => own.is_same_key(&other),
            _ => false,
        }
    }

    /// Signs: RSA PKCS#1 v1.5 with SHA-256, P-256 with SHA-256, P-384 with SHA-384 (both as DER), Ed25519.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let random = SystemRandom::new();
        match &*self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(no_randomness)?;
                Ok(signature)
            }
            Pair::P256(pair) | Pair::P384(pair) => pair
                .sign(&random, message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(no_randomness),
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }

    /// What is signed, with its `algorithm` and the signature behind it: the SIGNED of X.509, of certificates and requests.
    pub(super) fn signed_der(&self, signed: &[u8], algorithm: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signature = self.sign(signed)?;
        let signature = der::encode(der::BIT_STRING, &[&[0], &signature]);
        Ok(der::encode(der::SEQUENCE, &[signed, algorithm, &signature]))
    }

    /// What [`PrivateKey::sign`] does, as an `AlgorithmIdentifier` in DER (RFC 4055 section 5, RFC 5758 section 3.2, RFC
    /// 8410 section 3).
    pub(super) fn signature_algorithm_der(&self) -> Vec<u8> {
        let null = der::encode(der::NULL, &[]);
        let identifier: &[&[u8]] = match &*self.pair {
            Pair::Rsa(_) => &[SHA256_WITH_RSA_OID, &null],
            Pair::P256(_) => &[ECDSA_WITH_SHA256_OID],
            Pair::P384(_) => &[ECDSA_WITH_SHA384_OID],
            Pair::Ed25519(_) => &[ED25519_OID],
        };
        der::encode(der::SEQUENCE, identifier)
    }

    /// What [`PrivateKey::sign`] does, in the words of the serialiser.
    pub(super) fn signature_algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        match &*self.pair {
            Pair::Rsa(_) => &rcgen::PKCS_RSA_SHA256,
            Pair::P256(_) => &rcgen::PKCS_ECDSA_P256_SHA256,
            Pair::P384(_) => &rcgen::PKCS_ECDSA_P384_SHA384,
            Pair::Ed25519(_) => &rcgen::PKCS_ED25519,
        }
    }

    pub(super) fn from_rsa(pair: RsaKeyPair) -> Self {
        let null = der::encode(der::NULL, &[]);
        Self {
            public_key_der: public_key_info(&[RSA_OID, &null], pair.public_key().as_ref()),
            pair: Box::new(Pair::Rsa(pair)),
        }
    }

    pub(super) fn from_ecdsa(curve: Curve, pair: EcdsaKeyPair) -> Self {
        let identifier = [ELLIPTIC_CURVE_OID, curve.oid()];
        Self {
            public_key_der: public_key_info(&identifier, pair.public_key().as_ref()),
            pair: Box::new(match curve {
                Curve::P256 => Pair::P256(pair),
                Curve::P384 => Pair::P384(pair),
            }),
        }
    }

    fn from_ed25519(pair: Ed25519KeyPair) -> Self {
        Self {
            public_key_der: public_key_info(&[ED25519_OID], pair.public_key().as_ref()),
            pair: Box::new(Pair::Ed25519(pair)),
        }
    }
}

// Algorithm identifiers as DER elements (RFC 3279 section 2.3, RFC 5480 section 2.1.1, RFC 8410 section 3).
const RSA_OID: &[u8] = &[
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
];
const ELLIPTIC_CURVE_OID: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const ED25519_OID: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];
const SHA256_WITH_RSA_OID: &[u8] = &[
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b,
];
const ECDSA_WITH_SHA256_OID: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const ECDSA_WITH_SHA384_OID: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];

fn public_key_info(identifier: &[&[u8]], key: &[u8]) -> Vec<u8> {
    let identifier = der::encode(der::SEQUENCE, identifier);
    let key = der::encode(der::BIT_STRING, &[&[0], key]);
    der::encode(der::SEQUENCE, &[&identifier, &key])
}

fn no_randomness(_: ring::error::Unspecified) -> KeyError {
    KeyError::Random {
        source: NoRandomness,
    }
}

impl From<PemError> for KeyError {
    fn from(source: PemError) -> Self {
        match source {
            PemError::EncryptedKey => Self::Encrypted,
            source => Self::Pem { source },
        }
    }
}

impl From<ring::error::KeyRejected> for KeyError {
    fn from(rejected: ring::error::KeyRejected) -> Self {
        Self::Malformed {
            reason: rejected.to_string(),
        }
    }
}

impl From<Malformed> for KeyError {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed {
            reason: malformed.to_string(),
        }
    }
}

/// As much of the stack as ring's reading and signing use, in bytes, with room to spare.
const STACK_OF_RING: usize = 32 * 1024;

impl Drop for PrivateKey {
    /// What ring left on the stack; the box is wiped by the allocator.
    fn drop(&mut self) {
        zeroize_stack::<STACK_OF_RING>();
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            pair: _,
            public_key_der: _,
        } = self;
        formatter
            .debug_struct("PrivateKey")
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}
