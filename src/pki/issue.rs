//! A fresh certificate from a specification: for drills, and for the journal's key.
//!
//! rcgen writes the extensions; the names and the public key are spliced in (see `reissue.rs` for why).

use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, IsCa, KeyIdMethod,
    SanType,
};

use super::der::Malformed;
use super::draft::draft;
use super::public_key::PublicKey;
use super::to_be_signed::ToBeSigned;
use super::{
    Authority, Certificate, CertificateError, DraftError, KeyError, PrivateKey, SerialNumber,
    Specification, Validity, der,
};
use crate::digest::Sha256Digest;

/// Why no certificate could be issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// DNS names are ASCII; others are written in Punycode.
    #[error("`{name}` is not a DNS name")]
    DnsName {
        /// The name asked for.
        name: String,
    },
    /// The public key is not a `SubjectPublicKeyInfo`.
    #[error("the public key cannot be read")]
    PublicKey,
    /// The fields cannot be written.
    #[error("the certificate cannot be drafted")]
    Draft {
        /// The reason.
        #[source]
        source: DraftError,
    },
    /// The key does not sign.
    #[error("the certificate cannot be signed")]
    Signing {
        /// The reason.
        #[source]
        source: KeyError,
    },
    /// What came out is not a certificate: a defect, found before anything is written.
    #[error("the new certificate cannot be read back")]
    Unreadable {
        /// The reason.
        #[source]
        source: CertificateError,
    },
}

/// A leaf certificate (critical `CA:FALSE`) for `public_key_der`, a `SubjectPublicKeyInfo`, signed by `authority`.
pub fn issue(
    specification: &Specification,
    public_key_der: &[u8],
    authority: &Authority,
    validity: &Validity,
    serial: &SerialNumber,
) -> Result<Certificate, IssueError> {
    PublicKey::read(public_key_der).map_err(|Malformed| IssueError::PublicKey)?;
    let mut parameters = parameters(specification)?;
    let mut constraints =
        CustomExtension::from_oid_content(&[2, 5, 29, 19], der::encode(der::SEQUENCE, &[]));
    constraints.set_criticality(true);
    parameters.custom_extensions.push(constraints);
    let certificate = authority.certificate();
    let draft = draft(
        parameters,
        certificate.subject_key_identifier(),
        authority.key(),
        validity,
        serial,
    )
    .map_err(|source| IssueError::Draft { source })?;
    splice(
        &draft,
        &specification.subject_der(),
        certificate.subject_der(),
        public_key_der,
        authority.key(),
    )
}

/// A self-signed authority like kubeadm's: `CA:TRUE` and a subject key identifier beside what is specified.
pub fn issue_authority(
    specification: &Specification,
    key: &PrivateKey,
    validity: &Validity,
    serial: &SerialNumber,
) -> Result<Certificate, IssueError> {
    let mut parameters = parameters(specification)?;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_identifier_method = KeyIdMethod::PreSpecified(key_identifier(key)?);
    let draft = draft(parameters, None, key, validity, serial)
        .map_err(|source| IssueError::Draft { source })?;
    let subject = specification.subject_der();
    splice(&draft, &subject, &subject, key.public_key_der(), key)
}

fn parameters(specification: &Specification) -> Result<CertificateParams, IssueError> {
    let mut parameters = CertificateParams::default();
    if specification.subject.is_empty() {
        // Then the alternative names are critical (RFC 5280 section 4.2.1.6).
        parameters.distinguished_name = DistinguishedName::new();
    }
    parameters.key_usages = specification
        .key_usages
        .iter()
        .map(|usage| usage.purpose())
        .collect();
    for name in &specification.dns_names {
        let ascii = Ia5String::try_from(name.as_str())
            .map_err(|_| IssueError::DnsName { name: name.clone() })?;
        parameters.subject_alt_names.push(SanType::DnsName(ascii));
    }
    parameters.subject_alt_names.extend(
        specification
            .ip_addresses
            .iter()
            .copied()
            .map(SanType::IpAddress),
    );
    if !specification.extended_key_usages.is_empty() {
        // rcgen's own never are critical.
        let mut usages = CustomExtension::from_oid_content(
            &[2, 5, 29, 37],
            specification.extended_key_usages_der(),
        );
        usages.set_criticality(specification.extended_key_usages_critical);
        parameters.custom_extensions.push(usages);
    }
    Ok(parameters)
}

/// The first 160 bits of SHA-256 over the key's bits (RFC 7093 section 2, method 1), as Go has it since 1.25.
fn key_identifier(key: &PrivateKey) -> Result<Vec<u8>, IssueError> {
    let public_key =
        PublicKey::read(key.public_key_der()).map_err(|Malformed| IssueError::PublicKey)?;
    let digest = Sha256Digest::of(public_key.key);
    Ok(digest.as_bytes().iter().copied().take(20).collect())
}

fn splice(
    draft: &[u8],
    subject: &[u8],
    issuer: &[u8],
    public_key: &[u8],
    key: &PrivateKey,
) -> Result<Certificate, IssueError> {
    let unreadable = |source| IssueError::Unreadable { source };
    let drafted = ToBeSigned::of_certificate(draft)
        .map_err(|Malformed| unreadable(CertificateError::Malformed { part: "structure" }))?;
    let der = ToBeSigned {
        issuer,
        subject,
        public_key,
        ..drafted
    }
    .sign(key)
    .map_err(|source| IssueError::Signing { source })?;
    Certificate::from_der(&der).map_err(unreadable)
}
