//! X.509: certificates, private keys, authorities, and the signing of new certificates.
//!
//! Touches no files and no clock: bytes come in, bytes go out, `now` is an argument. Its one effect is asking the
//! operating system for random bytes; its one use of threads is [`generate_all()`]. Imports nothing of ours but
//! [`crate::digest`].
//!
//! Reading: [`read_certificates`], [`Certificate`], [`PrivateKey`]. Deciding who may sign: [`Authority`]. Signing:
//! [`reissue()`] (the same certificate with new dates, and what a [`Revision`] asks for), [`issue()`] (a fresh one). Having
//! it signed elsewhere: [`CertificateRequest`]. Checking what came out: [`verify_reissued()`], [`verify_issued()`].

mod alternative_name;
mod authority;
mod authority_key_identifier;
mod certificate;
mod certificate_error;
mod client_chain;
mod curve;
mod der;
mod draft;
mod extension;
mod generate;
mod generate_all;
mod issue;
mod key;
mod known_extensions;
mod name;
#[cfg(test)]
mod openssl;
mod pem;
mod pem_blocks;
mod private_key_der;
mod public_key;
mod read_request;
mod reissue;
mod request;
mod request_error;
mod revised_extensions;
mod revision;
mod serial;
mod signature;
mod specification;
mod to_be_signed;
mod validity;
mod verify;
mod verify_issued;
mod verify_revised;
mod verifying_key;

pub use alternative_name::{AlternativeName, InvalidAlternativeName};
pub use authority::{Authority, AuthorityError};
pub use certificate::Certificate;
pub use certificate_error::CertificateError;
pub use client_chain::{ChainError, leads_to, verify_client};
pub use draft::DraftError;
pub use extension::Extension;
pub use generate::{GeneratedKey, KeyAlgorithm, UnknownKeyAlgorithm, generate};
pub use generate_all::generate_all;
pub use issue::{IssueError, issue, issue_authority};
pub use key::{KeyError, PrivateKey};
pub use pem::{
    encode, encode_certificate, exchange_certificate, read_certificates, replace_certificate,
    replace_chain,
};
pub use pem_blocks::PemError;
pub use reissue::{ReissueError, reissue, reissue_self_signed};
pub use request::CertificateRequest;
pub use request_error::RequestError;
pub use revision::Revision;
pub use serial::{NoRandomness, SerialNumber};
pub use signature::SignatureCheck;
pub use specification::{Attribute, ExtendedKeyUsage, KeyUsage, Specification};
pub use validity::Validity;
pub use verify::{VerifyError, verify_reissued};
pub use verify_issued::verify_issued;
pub use verifying_key::VerifyingKey;
