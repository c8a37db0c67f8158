//! What was signed for a bundle of requests.

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, UtcOffset};

use super::requests::{check_names, check_schema, read_certificate, sealed};
use super::{BundleError, LARGEST_BUNDLE};
use crate::digest::Sha256Digest;
use crate::journal::{Seal, SealingError};
use crate::pki::{Authority, Certificate, encode_certificate};

/// The type of an envelope with their answer (DSSE v1.0.2, `payloadType`).
pub const ANSWER_TYPE: &str = "application/vnd.rekindle.certificates+json";
/// The first version of the form.
const SCHEMA: &str = "rekindle.certificates/v1";

/// The answer to a bundle of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The fingerprint of the key that sealed the requests: to which bundle it is the answer.
    pub requests: Sha256Digest,
    /// When it was signed, in whole seconds.
    pub signed_at: OffsetDateTime,
    /// The name of the host on which it was signed.
    pub signed_by: String,
    /// The certificates.
    pub certificates: Vec<SignedCertificate>,
}

/// One certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCertificate {
    /// kubeadm's name.
    pub name: String,
    /// The certificate.
    pub certificate: Certificate,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Document {
    schema: String,
    requests: String,
    #[serde(with = "time::serde::rfc3339")]
    signed_at: OffsetDateTime,
    signed_by: String,
    certificates: Vec<CertificateDocument>,
    /// The certificate of the key of the seal, PEM.
    seal: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CertificateDocument {
    name: String,
    certificate: String,
}

impl Answer {
    /// The file, sealed by a key that `authority` certifies.
    pub fn seal(&self, authority: &Authority) -> Result<Vec<u8>, SealingError> {
        let seal = Seal::new(authority, self.signed_at)?;
        let document = Document {
            schema: SCHEMA.to_owned(),
            requests: self.requests.to_string(),
            signed_at: self.signed_at.to_offset(UtcOffset::UTC),
            signed_by: self.signed_by.clone(),
            certificates: self
                .certificates
                .iter()
                .map(|one| CertificateDocument {
                    name: one.name.clone(),
                    certificate: encode_certificate(&one.certificate),
                })
                .collect(),
            seal: encode_certificate(seal.certificate()),
        };
        let json =
            serde_json::to_vec(&document).map_err(|source| SealingError::Encode { source })?;
        let line = seal.close(ANSWER_TYPE, &json, LARGEST_BUNDLE)?;
        Ok(line.to_vec())
    }

    /// Reads a file that one of `authorities` vouches for.
    pub fn open(bytes: &[u8], authorities: &[Certificate]) -> Result<Self, BundleError> {
        let sealed = sealed(ANSWER_TYPE, bytes)?;
        let document: Document = serde_json::from_slice(sealed.document())
            .map_err(|source| BundleError::Document { source })?;
        check_schema(&document.schema, SCHEMA)?;
        let certificate = read_certificate("the seal", &document.seal)?;
        sealed
            .verify(&certificate, authorities, document.signed_at)
            .map_err(|source| BundleError::Seal { source })?;
        let certificates: Vec<SignedCertificate> = document
            .certificates
            .into_iter()
            .map(|one| {
                Ok(SignedCertificate {
                    certificate: read_certificate(&one.name, &one.certificate)?,
                    name: one.name,
                })
            })
            .collect::<Result<_, BundleError>>()?;
        check_names(certificates.iter().map(|one| one.name.as_str()))?;
        let requests = document
            .requests
            .parse()
            .map_err(|_| BundleError::NotADigest {
                text: document.requests.chars().take(80).collect(),
            })?;
        Ok(Self {
            requests,
            signed_at: document.signed_at,
            signed_by: document.signed_by,
            certificates,
        })
    }
}
