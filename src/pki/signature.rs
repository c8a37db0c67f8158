//! Checks that one certificate was signed by another, or a request by its own key. Uses the X.509 parser's verifier, not the
//! code that signs.

use x509_parser::asn1_rs::BitString;
use x509_parser::error::X509Error;
use x509_parser::prelude::FromDer;
use x509_parser::verify::verify_signature;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use super::public_key::{self, PublicKey};
use super::{Certificate, certificate, der};

const RSA_WITH_MD2: &str = "1.2.840.113549.1.1.2";
const RSA_WITH_MD5: &str = "1.2.840.113549.1.1.4";
/// Its other name, of the OIW.
const RSA_WITH_SHA1_OF_OIW: &str = "1.3.14.3.2.29";
const ECDSA_WITH_SHA1: &str = "1.2.840.10045.4.1";
const RSA_WITH_SHA1: &str = "1.2.840.113549.1.1.5";
const RSA_WITH_SHA256: &str = "1.2.840.113549.1.1.11";
const RSA_WITH_SHA384: &str = "1.2.840.113549.1.1.12";
const RSA_WITH_SHA512: &str = "1.2.840.113549.1.1.13";

/// What came of checking a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureCheck {
    /// The issuer's name is right and its key made the signature.
    Valid,
    /// The issuer's name is another, or its key did not make the signature.
    Invalid,
    /// This program cannot tell: the verifier does not know the algorithm.
    Unsupported {
        /// Signature algorithm and issuer's key.
        algorithm: String,
    },
}

pub(super) fn check(certificate: &Certificate, issuer: &Certificate) -> SignatureCheck {
    if certificate.issuer_der() != issuer.subject_der() {
        return SignatureCheck::Invalid;
    }
    let (Ok(parsed), Ok(parsed_issuer)) = (
        certificate::parse(certificate.der()),
        certificate::parse(issuer.der()),
    ) else {
        return SignatureCheck::Invalid;
    };
    let algorithm = algorithm_of(&parsed.signature_algorithm);
    if !can_judge(&algorithm, issuer.public_key_der()) {
        return unsupported(&algorithm, issuer.public_key_der());
    }
    let verdict = parsed.verify_signature(Some(parsed_issuer.public_key()));
    judgement(&verdict, &algorithm, issuer.public_key_der())
}

/// Whether `signature`, a BIT STRING, is that of the key `public_key_der` over `signed`; for what signs itself. The
/// algorithm is an `AlgorithmIdentifier`; each is a DER element.
pub(super) fn check_own_signature(
    signed: &[u8],
    algorithm_identifier: &[u8],
    signature: &[u8],
    public_key_der: &[u8],
) -> SignatureCheck {
    let (Ok(([], identifier)), Ok(([], key)), Ok(([], signature))) = (
        AlgorithmIdentifier::from_der(algorithm_identifier),
        SubjectPublicKeyInfo::from_der(public_key_der),
        BitString::from_der(signature),
    ) else {
        return SignatureCheck::Invalid;
    };
    let algorithm = algorithm_of(&identifier);
    if !can_judge(&algorithm, public_key_der) {
        return unsupported(&algorithm, public_key_der);
    }
    let verdict = verify_signature(&key, &identifier, &signature, signed);
    judgement(&verdict, &algorithm, public_key_der)
}

/// The digest of a certificate's signature, where it is MD5 or SHA-1: Go refuses those (`InsecureAlgorithmError`).
pub(super) fn insecure(certificate: &Certificate) -> Option<&'static str> {
    let parsed = certificate::parse(certificate.der()).ok()?;
    match algorithm_of(&parsed.signature_algorithm).as_str() {
        RSA_WITH_SHA1 | RSA_WITH_SHA1_OF_OIW | ECDSA_WITH_SHA1 => Some("SHA-1"),
        RSA_WITH_MD2 | RSA_WITH_MD5 => Some("MD5"),
        _ => None,
    }
}

fn judgement(
    verdict: &Result<(), X509Error>,
    algorithm: &str,
    public_key_der: &[u8],
) -> SignatureCheck {
    match verdict {
        Ok(()) => SignatureCheck::Valid,
        Err(X509Error::SignatureUnsupportedAlgorithm) => unsupported(algorithm, public_key_der),
        Err(_) => SignatureCheck::Invalid,
    }
}

/// Where the verifier would say "invalid" when it means "I cannot": RSA-PSS, and RSA keys outside ring's sizes.
fn can_judge(algorithm: &str, public_key_der: &[u8]) -> bool {
    let smallest = match algorithm {
        public_key::RSASSA_PSS => return false,
        RSA_WITH_SHA1 => 1024,
        RSA_WITH_SHA256 | RSA_WITH_SHA384 | RSA_WITH_SHA512 => 2048,
        _ => return true,
    };
    PublicKey::read(public_key_der)
        .ok()
        .filter(|key| key.algorithm == public_key::RSA)
        .and_then(|key| key.rsa_bits())
        .is_none_or(|bits| (smallest..=8192).contains(&bits))
}

fn unsupported(algorithm: &str, public_key_der: &[u8]) -> SignatureCheck {
    let name = match algorithm {
        RSA_WITH_SHA1 => "SHA-1 with RSA",
        RSA_WITH_SHA256 => "SHA-256 with RSA",
        RSA_WITH_SHA384 => "SHA-384 with RSA",
        RSA_WITH_SHA512 => "SHA-512 with RSA",
        public_key::RSASSA_PSS => "RSA-PSS",
        ECDSA_WITH_SHA1 => "SHA-1 with ECDSA",
        "1.2.840.10045.4.3.2" => "SHA-256 with ECDSA",
        "1.2.840.10045.4.3.3" => "SHA-384 with ECDSA",
        "1.2.840.10045.4.3.4" => "SHA-512 with ECDSA",
        "1.3.101.113" => "Ed448",
        other => other,
    };
    let key =
        PublicKey::read(public_key_der).map_or_else(|_| "no kind".to_owned(), |key| key.name());
    SignatureCheck::Unsupported {
        algorithm: format!("{name}, by a key of {key}"),
    }
}

fn algorithm_of(identifier: &AlgorithmIdentifier<'_>) -> String {
    der::dotted(identifier.algorithm.as_bytes()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::openssl::OpenSsl;

    /// A leaf that openssl signs with a fresh key of this kind, and its issuer.
    fn pair(openssl: &OpenSsl, key: &str, options: &str) -> (Certificate, Certificate) {
        openssl.run(&format!(
            "req -x509 -newkey {key} -nodes -subj /CN=ca -keyout ca.key -out ca.crt"
        ));
        openssl.run("req -newkey ed25519 -nodes -subj /CN=leaf -keyout leaf.key -out leaf.csr");
        openssl.run(&format!(
            "x509 -req -in leaf.csr -CA ca.crt -CAkey ca.key -CAcreateserial{options} -out leaf.crt"
        ));
        (
            openssl.certificate("leaf.crt"),
            openssl.certificate("ca.crt"),
        )
    }

    #[test]
    fn what_cannot_be_judged_is_never_called_invalid() {
        let openssl = OpenSsl::new();
        let pss = " -sigopt rsa_padding_mode:pss";
        for (key, options, expected) in [
            ("rsa:2048", " -sha256", None),
            ("rsa:2048", " -sha1", None),
            ("rsa:2048", " -sha512", None),
            ("rsa:2048", pss, Some("RSA-PSS, by a key of RSA-2048")),
            ("rsa:1024", " -sha1", None),
            (
                "rsa:1024",
                " -sha256",
                Some("SHA-256 with RSA, by a key of RSA-1024"),
            ),
            ("ec -pkeyopt ec_paramgen_curve:P-256", " -sha384", None),
            (
                "ec -pkeyopt ec_paramgen_curve:P-256",
                " -sha512",
                Some("SHA-512 with ECDSA, by a key of ECDSA-P256"),
            ),
            (
                "ec -pkeyopt ec_paramgen_curve:P-521",
                " -sha256",
                Some("SHA-256 with ECDSA, by a key of ECDSA-P521"),
            ),
            ("ed25519", "", None),
            ("ed448", "", Some("Ed448, by a key of Ed448")),
        ] {
            let (leaf, issuer) = pair(&openssl, key, options);
            let expected = expected.map_or(SignatureCheck::Valid, |algorithm| {
                SignatureCheck::Unsupported {
                    algorithm: algorithm.to_owned(),
                }
            });
            assert_eq!(leaf.check_signature(&issuer), expected, "{key}{options}");
        }
    }

    #[test]
    fn another_authority_of_the_same_name_is_not_the_issuer() {
        let openssl = OpenSsl::new();
        let (leaf, _) = pair(&openssl, "rsa:2048", "");
        for (name, subject) in [("same-name", "/CN=ca"), ("other-name", "/CN=other")] {
            let other = openssl.authority(name, subject);
            assert_eq!(
                leaf.check_signature(other.certificate()),
                SignatureCheck::Invalid
            );
        }
    }
}
