//! A new key with its new certificate.

use time::OffsetDateTime;

use super::DrillError;
use crate::pki::{
    Attribute, Authority, Certificate, GeneratedKey, IssueError, SerialNumber, Specification,
    Validity, encode_certificate, issue, issue_authority,
};

/// A certificate and the key that it is about.
pub(super) struct Pair {
    certificate: Certificate,
    key: GeneratedKey,
}

impl Pair {
    /// An authority, signed with its own key.
    pub(super) fn self_signed(
        key: GeneratedKey,
        specification: &Specification,
        validity: &Validity,
    ) -> Result<Self, DrillError> {
        let serial = SerialNumber::random()?;
        let certificate = issue_authority(specification, &key.private_key, validity, &serial)
            .map_err(|source| not_issued(specification, source))?;
        Ok(Self { certificate, key })
    }

    /// A leaf, signed by `authority`.
    pub(super) fn signed(
        key: GeneratedKey,
        specification: &Specification,
        authority: &Authority,
        validity: &Validity,
    ) -> Result<Self, DrillError> {
        let serial = SerialNumber::random()?;
        let public_key = key.private_key.public_key_der();
        let certificate = issue(specification, public_key, authority, validity, &serial)
            .map_err(|source| not_issued(specification, source))?;
        Ok(Self { certificate, key })
    }

    /// The certificate as PEM.
    pub(super) fn certificate_pem(&self) -> String {
        encode_certificate(&self.certificate)
    }

    /// The key as PEM, in kubeadm's form.
    pub(super) fn key_pem(&self) -> &str {
        &self.key.pem
    }

    /// What can sign others, at the moment `at`.
    pub(super) fn into_authority(self, at: OffsetDateTime) -> Result<Authority, DrillError> {
        let name = self.certificate.subject();
        Authority::new(&[self.certificate], self.key.private_key, at)
            .map_err(|source| DrillError::Authority { name, source })
    }
}

/// The CN, or nothing.
pub(super) fn common_name(specification: &Specification) -> &str {
    specification
        .subject
        .iter()
        .find(|(attribute, _)| *attribute == Attribute::CommonName)
        .map_or("", |(_, name)| name)
}

fn not_issued(specification: &Specification, source: IssueError) -> DrillError {
    DrillError::Issue {
        name: common_name(specification).to_owned(),
        source,
    }
}
