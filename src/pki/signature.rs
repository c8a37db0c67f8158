//! Checks that one certificate was signed by another. Uses the X.509 parser's verifier, not the code that signs.

use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;

use super::public_key::{self, PublicKey};
use super::{Certificate, certificate, der};

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
    if !can_judge(&parsed, issuer) {
        return unsupported(&parsed, issuer);
    }
    match parsed.verify_signature(Some(parsed_issuer.public_key())) {
        Ok(()) => SignatureCheck::Valid,
        Err(X509Error::SignatureUnsupportedAlgorithm) => unsupported(&parsed, issuer),
        Err(_) => SignatureCheck::Invalid,
    }
}

/// Where the verifier would say "invalid" when it means "I cannot": RSA-PSS, and RSA keys outside ring's sizes.
fn can_judge(certificate: &X509Certificate<'_>, issuer: &Certificate) -> bool {
    let smallest = match algorithm_of(certificate).as_str() {
        public_key::RSASSA_PSS => return false,
        RSA_WITH_SHA1 => 1024,
        RSA_WITH_SHA256 | RSA_WITH_SHA384 | RSA_WITH_SHA512 => 2048,
        _ => return true,
    };
    PublicKey::read(issuer.public_key_der())
        .ok()
        .filter(|key| key.algorithm == public_key::RSA)
        .and_then(|key| key.rsa_bits())
        .is_none_or(|bits| (smallest..=8192).contains(&bits))
}

fn unsupported(certificate: &X509Certificate<'_>, issuer: &Certificate) -> SignatureCheck {
    let algorithm = algorithm_of(certificate);
    let name = match algorithm.as_str() {
        RSA_WITH_SHA1 => "SHA-1 with RSA",
        RSA_WITH_SHA256 => "SHA-256 with RSA",
        RSA_WITH_SHA384 => "SHA-384 with RSA",
        RSA_WITH_SHA512 => "SHA-512 with RSA",
        public_key::RSASSA_PSS => "RSA-PSS",
        "1.2.840.10045.4.1" => "SHA-1 with ECDSA",
        "1.2.840.10045.4.3.2" => "SHA-256 with ECDSA",
        "1.2.840.10045.4.3.3" => "SHA-384 with ECDSA",
        "1.2.840.10045.4.3.4" => "SHA-512 with ECDSA",
        "1.3.101.113" => "Ed448",
        other => other,
    };
    SignatureCheck::Unsupported {
        algorithm: format!("{name}, by a key of {}", issuer.algorithm()),
    }
}

fn algorithm_of(certificate: &X509Certificate<'_>) -> String {
    der::dotted(certificate.signature_algorithm.algorithm.as_bytes()).unwrap_or_default()
}
