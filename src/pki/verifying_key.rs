//! Public keys that verify the signatures of JSON Web Tokens (RFC 7515, RFC 7518): those of service accounts.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};

use super::public_key::{self, PublicKey};
use super::{PemError, SignatureCheck, pem};
use crate::digest::Sha256Digest;

/// A public key, as the file behind `--service-account-key-file` has it. No secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    public_key_der: Vec<u8>,
}

impl VerifyingKey {
    /// Every key of a PEM file, in its order, at least one: public ones, those of certificates, and the public halves of private ones,
    /// as `PublicKeysFromFile` takes them (`k8s.io/client-go/util/keyutil`).
    pub fn read_all(text: &[u8]) -> Result<Vec<Self>, PemError> {
        let keys = pem::read_public_keys(text)?;
        let keys = keys.into_iter();
        Ok(keys.map(|public_key_der| Self { public_key_der }).collect())
    }

    /// What a token's `kid` says of this key: its SHA-256 (`keyIDFromPublicKey` in `k8s.io/kubernetes/pkg/serviceaccount`).
    pub fn identifier(&self) -> String {
        let digest = Sha256Digest::of(&self.public_key_der);
        URL_SAFE_NO_PAD.encode(digest.as_bytes())
    }

    /// Algorithm and size: `RSA-2048`, `ECDSA-P256`.
    fn algorithm(&self) -> String {
        PublicKey::read(&self.public_key_der)
            .map_or_else(|_| "no kind".to_owned(), |key| key.name())
    }

    /// How long its signatures are, in bytes (RFC 7518 sections 3.3 and 3.4); `None` for keys that make none here.
    pub fn signature_length(&self) -> Option<usize> {
        let key = PublicKey::read(&self.public_key_der).ok()?;
        match (key.algorithm.as_str(), key.curve.as_deref()) {
            (public_key::RSA, _) => Some(key.rsa_bits()?.div_ceil(8)),
            (public_key::ELLIPTIC_CURVE, Some(public_key::P256)) => Some(64),
            (public_key::ELLIPTIC_CURVE, Some(public_key::P384)) => Some(96),
            (public_key::ELLIPTIC_CURVE, Some(public_key::P521)) => Some(132),
            _ => None,
        }
    }

    /// Whether `signature` is this key's over `message`; `algorithm` is the token's `alg` (RFC 7518 section 3.1).
    pub fn check(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> SignatureCheck {
        let Ok(key) = PublicKey::read(&self.public_key_der) else {
            return SignatureCheck::Invalid;
        };
        let curve = key.curve.as_deref();
        let verifier: &'static dyn VerificationAlgorithm =
            match (key.algorithm.as_str(), curve, algorithm) {
                (public_key::RSA, _, "RS256") => &RSA_PKCS1_2048_8192_SHA256,
                (public_key::RSA, _, "RS384") => &RSA_PKCS1_2048_8192_SHA384,
                (public_key::RSA, _, "RS512") => &RSA_PKCS1_2048_8192_SHA512,
                (public_key::RSA, _, "PS256") => &RSA_PSS_2048_8192_SHA256,
                (public_key::RSA, _, "PS384") => &RSA_PSS_2048_8192_SHA384,
                (public_key::RSA, _, "PS512") => &RSA_PSS_2048_8192_SHA512,
                (public_key::ELLIPTIC_CURVE, Some(public_key::P256), "ES256") => {
                    &ECDSA_P256_SHA256_FIXED
                }
                (public_key::ELLIPTIC_CURVE, Some(public_key::P384), "ES384") => {
                    &ECDSA_P384_SHA384_FIXED
                }
                (public_key::ELLIPTIC_CURVE, Some(public_key::P521), "ES512") => {
                    return self.unsupported(algorithm);
                }
                // Another kind of key than the algorithm takes, or one that no signature of a token has.
                _ => return SignatureCheck::Invalid,
            };
        if key.algorithm == public_key::RSA
            && key
                .rsa_bits()
                .is_none_or(|bits| !(2048..=8192).contains(&bits))
        {
            return self.unsupported(algorithm);
        }
        match UnparsedPublicKey::new(verifier, key.key).verify(message, signature) {
            Ok(()) => SignatureCheck::Valid,
            Err(ring::error::Unspecified) => SignatureCheck::Invalid,
        }
    }

    fn unsupported(&self, algorithm: &str) -> SignatureCheck {
        SignatureCheck::Unsupported {
            algorithm: format!("{algorithm}, by a key of {}", self.algorithm()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::openssl::OpenSsl;

    #[test]
    fn every_form_of_a_key_has_one_identifier() {
        let openssl = OpenSsl::new();
        openssl.run("req -x509 -newkey rsa:2048 -nodes -subj /CN=sa -keyout sa.key -out sa.crt");
        openssl.run("pkey -in sa.key -pubout -out sa.pub");
        openssl.run("rsa -in sa.key -traditional -out sa.rsa");
        let keys: Vec<_> = ["sa.key", "sa.crt", "sa.pub", "sa.rsa"]
            .iter()
            .flat_map(|file| VerifyingKey::read_all(&openssl.read(file)).unwrap())
            .collect();
        assert_eq!(keys.len(), 4);
        assert!(keys.iter().all(|key| *key == keys[0]));
        assert_eq!(keys[0].algorithm(), "RSA-2048");
        assert_eq!(keys[0].identifier().len(), 43);
        let both = [openssl.read("sa.pub"), openssl.read("sa.crt")].concat();
        assert_eq!(VerifyingKey::read_all(&both).unwrap().len(), 2);
        assert!(VerifyingKey::read_all(b"ssh-rsa AAAA").is_err());
    }

    #[test]
    fn signatures_of_openssl_are_judged_by_key_and_algorithm() {
        let openssl = OpenSsl::new();
        openssl.write("message", b"header.claims");
        openssl.run("genrsa -out sa.key 2048");
        openssl.run("pkey -in sa.key -pubout -out sa.pub");
        openssl.run("dgst -sha256 -sign sa.key -out signature message");
        openssl.run("dgst -sha512 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1 -sign sa.key -out pss message");
        let key = VerifyingKey::read_all(&openssl.read("sa.pub"))
            .unwrap()
            .remove(0);
        let signature = openssl.read("signature");
        let check = |algorithm: &str, message: &[u8], signature: &[u8]| {
            key.check(algorithm, message, signature)
        };
        assert_eq!(
            check("RS256", b"header.claims", &signature),
            SignatureCheck::Valid
        );
        let pss = openssl.read("pss");
        assert_eq!(
            check("PS512", b"header.claims", &pss),
            SignatureCheck::Valid
        );
        for (algorithm, message) in [
            ("RS256", &b"header.Claims"[..]),
            ("RS384", b"header.claims"),
            ("PS256", b"header.claims"),
            ("ES256", b"header.claims"),
            ("HS256", b"header.claims"),
            ("none", b"header.claims"),
            ("", b"header.claims"),
        ] {
            let found = check(algorithm, message, &signature);
            assert_eq!(found, SignatureCheck::Invalid, "{algorithm}");
        }
    }
}
