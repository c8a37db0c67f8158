//! New private keys for drills, in the form in which kubeadm writes them. RSA primes come from the `rsa` crate, for
//! ring cannot make them; everything else about keys stays with ring.

use std::fmt;
use std::str::FromStr;

use ring::rand::SystemRandom;
use ring::signature::{EcdsaKeyPair, RsaKeyPair};
use rsa::pkcs1::EncodeRsaPrivateKey;
use zeroize::Zeroizing;

use super::curve::Curve;
use super::der::{self, Element, Malformed};
use super::{KeyError, NoRandomness, PrivateKey, pem};

/// The algorithms that kubeadm offers (`encryptionAlgorithm` of its `ClusterConfiguration` v1beta4), spelt as there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyAlgorithm {
    /// kubeadm's default.
    Rsa2048,
    /// RSA of 3072 bits.
    Rsa3072,
    /// RSA of 4096 bits.
    Rsa4096,
    /// ECDSA on NIST P-256.
    EcdsaP256,
    /// ECDSA on NIST P-384.
    EcdsaP384,
}

/// The text is not one of kubeadm's five algorithms.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is none of RSA-2048, RSA-3072, RSA-4096, ECDSA-P256, ECDSA-P384")]
pub struct UnknownKeyAlgorithm {
    text: String,
}

/// A new key, to use and to write.
pub struct GeneratedKey {
    /// Ready to sign.
    pub private_key: PrivateKey,
    /// `RSA PRIVATE KEY` or `EC PRIVATE KEY`, as kubeadm writes it.
    pub pem: Zeroizing<String>,
}

/// Generates a key. RSA takes some 60 ms for 2048 bits and up to seconds for 4096, ECDSA under a millisecond.
pub fn generate(algorithm: KeyAlgorithm) -> Result<GeneratedKey, KeyError> {
    match algorithm {
        KeyAlgorithm::Rsa2048 => generate_rsa(2048),
        KeyAlgorithm::Rsa3072 => generate_rsa(3072),
        KeyAlgorithm::Rsa4096 => generate_rsa(4096),
        KeyAlgorithm::EcdsaP256 => generate_ecdsa(Curve::P256),
        KeyAlgorithm::EcdsaP384 => generate_ecdsa(Curve::P384),
    }
}

fn generate_rsa(bits: usize) -> Result<GeneratedKey, KeyError> {
    let key = rsa::PrivateKey::new(&mut getrandom::SysRng, bits).map_err(|_| KeyError::Random {
        source: NoRandomness,
    })?;
    let der = key.to_pkcs1_der().map_err(|error| KeyError::Malformed {
        reason: error.to_string(),
    })?;
    let pair = RsaKeyPair::from_der(der.as_bytes()).map_err(KeyError::from)?;
    Ok(GeneratedKey {
        private_key: PrivateKey::from_rsa(pair),
        pem: pem::encode("RSA PRIVATE KEY", der.as_bytes()),
    })
}

fn generate_ecdsa(curve: Curve) -> Result<GeneratedKey, KeyError> {
    let random = SystemRandom::new();
    let algorithm = curve.signing_algorithm();
    let document =
        EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(|_| KeyError::Random {
            source: NoRandomness,
        })?;
    let pair =
        EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).map_err(KeyError::from)?;
    let sec1 = with_curve(document.as_ref(), curve)?;
    Ok(GeneratedKey {
        private_key: PrivateKey::from_ecdsa(curve, pair),
        pem: pem::encode("EC PRIVATE KEY", &sec1),
    })
}

/// The `ECPrivateKey` (RFC 5915) out of ring's PKCS#8, with the curve named inside: on its own it needs that, and ring
/// leaves it out.
fn with_curve(pkcs8: &[u8], curve: Curve) -> Result<Zeroizing<Vec<u8>>, Malformed> {
    let mut outer = Element::sole(pkcs8, der::SEQUENCE)?.reader();
    outer.expect(der::INTEGER)?;
    outer.expect(der::SEQUENCE)?;
    let wrapped = outer.expect(der::OCTET_STRING)?;
    let mut inner = Element::sole(wrapped.contents, der::SEQUENCE)?.reader();
    let version = inner.expect(der::INTEGER)?;
    let scalar = inner.expect(der::OCTET_STRING)?;
    let public_key = inner.expect(der::context(1))?;
    inner.finish()?;
    let parameters = der::encode(der::context(0), &[curve.oid()]);
    Ok(Zeroizing::new(der::encode(
        der::SEQUENCE,
        &[
            version.encoding,
            scalar.encoding,
            &parameters,
            public_key.encoding,
        ],
    )))
}

const NAMES: [(KeyAlgorithm, &str); 5] = [
    (KeyAlgorithm::Rsa2048, "RSA-2048"),
    (KeyAlgorithm::Rsa3072, "RSA-3072"),
    (KeyAlgorithm::Rsa4096, "RSA-4096"),
    (KeyAlgorithm::EcdsaP256, "ECDSA-P256"),
    (KeyAlgorithm::EcdsaP384, "ECDSA-P384"),
];

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(algorithm, _)| algorithm == self);
        formatter.pad(name.map_or("", |(_, name)| name))
    }
}

impl FromStr for KeyAlgorithm {
    type Err = UnknownKeyAlgorithm;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        NAMES
            .iter()
            .find(|(_, name)| *name == text)
            .map(|(algorithm, _)| *algorithm)
            .ok_or_else(|| UnknownKeyAlgorithm {
                text: text.chars().take(80).collect(),
            })
    }
}

impl fmt::Debug for GeneratedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            private_key,
            pem: _,
        } = self;
        formatter
            .debug_struct("GeneratedKey")
            .field("private_key", private_key)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::openssl::OpenSsl;

    #[test]
    fn a_generated_key_is_read_by_us_and_by_openssl() {
        let openssl = OpenSsl::new();
        for (algorithm, label) in [
            (KeyAlgorithm::Rsa2048, "-----BEGIN RSA PRIVATE KEY-----\n"),
            (KeyAlgorithm::EcdsaP256, "-----BEGIN EC PRIVATE KEY-----\n"),
            (KeyAlgorithm::EcdsaP384, "-----BEGIN EC PRIVATE KEY-----\n"),
        ] {
            let generated = generate(algorithm).unwrap();
            assert!(generated.pem.starts_with(label));
            assert_eq!(generated.private_key.algorithm(), algorithm.to_string());
            let read = PrivateKey::from_pem(generated.pem.as_bytes(), None).unwrap();
            assert_eq!(
                read.public_key_der(),
                generated.private_key.public_key_der()
            );
            openssl.write("key", generated.pem.as_bytes());
            openssl.run("pkey -in key -check -noout");
            openssl.run("pkey -in key -pubout -outform DER -out public.der");
            assert_eq!(openssl.read("public.der"), read.public_key_der());
        }
    }

    #[test]
    fn algorithms_are_spelt_as_kubeadm_spells_them() {
        for (algorithm, name) in NAMES {
            assert_eq!(algorithm.to_string(), name);
            assert_eq!(name.parse(), Ok(algorithm));
        }
        assert!("rsa-2048".parse::<KeyAlgorithm>().is_err());
    }

    #[test]
    fn no_key_shows_in_debug_output() {
        let generated = generate(KeyAlgorithm::EcdsaP256).unwrap();
        assert_eq!(
            format!("{generated:?}"),
            "GeneratedKey { private_key: PrivateKey { algorithm: \"ECDSA-P256\", .. }, .. }"
        );
    }
}
