//! The requests of one node.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{BundleError, LARGEST_BUNDLE};
use crate::digest::Sha256Digest;
use crate::journal::{BareSeal, Sealed, SealingError};
use crate::pki::{Certificate, CertificateRequest, encode_certificate, read_certificates};

/// The type of an envelope with requests (DSSE v1.0.2, `payloadType`).
pub const REQUESTS_TYPE: &str = "application/vnd.rekindle.certificate-requests+json";
/// The first version of the form.
const SCHEMA: &str = "rekindle.certificate-requests/v1";

/// What a node asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestBundle {
    /// When, in whole seconds.
    pub created_at: OffsetDateTime,
    /// The name of its host.
    pub created_by: String,
    /// How long the certificates are to live, in seconds.
    pub validity_seconds: u64,
    /// The requests, each for another certificate.
    pub requests: Vec<RequestedCertificate>,
}

/// One certificate that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedCertificate {
    /// kubeadm's name.
    pub name: String,
    /// kubeadm's name of the authority.
    pub authority: String,
    /// The certificate that is to be had again.
    pub certificate: Certificate,
    /// The proof that its key is there; the form in which any other authority takes a request.
    pub request: CertificateRequest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Document {
    schema: String,
    /// SPKI DER of the key of the seal, base64.
    key: String,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    created_by: String,
    validity_seconds: u64,
    requests: Vec<RequestDocument>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RequestDocument {
    name: String,
    authority: String,
    certificate: String,
    request: String,
}

impl RequestBundle {
    /// The file, sealed by a key of its own, and the fingerprint of that key: to be compared where it is signed.
    pub fn seal(&self) -> Result<(Vec<u8>, Sha256Digest), SealingError> {
        let seal = BareSeal::new()?;
        let fingerprint = Sha256Digest::of(seal.spki());
        let document = Document {
            schema: SCHEMA.to_owned(),
            key: STANDARD.encode(seal.spki()),
            created_at: self.created_at,
            created_by: self.created_by.clone(),
            validity_seconds: self.validity_seconds,
            requests: self
                .requests
                .iter()
                .map(|one| RequestDocument {
                    name: one.name.clone(),
                    authority: one.authority.clone(),
                    certificate: encode_certificate(&one.certificate),
                    request: one.request.pem(),
                })
                .collect(),
        };
        let json =
            serde_json::to_vec(&document).map_err(|source| SealingError::Encode { source })?;
        let line = seal.close(REQUESTS_TYPE, &json, LARGEST_BUNDLE)?;
        Ok((line.to_vec(), fingerprint))
    }

    /// Reads a file, and gives back the fingerprint of the key that sealed it. That the key is the node's own nobody can tell
    /// but who compares it: `expected` is what was printed there.
    pub fn open(
        bytes: &[u8],
        expected: Option<Sha256Digest>,
    ) -> Result<(Self, Sha256Digest), BundleError> {
        let sealed = sealed(REQUESTS_TYPE, bytes)?;
        let document: Document = serde_json::from_slice(sealed.document())
            .map_err(|source| BundleError::Document { source })?;
        check_schema(&document.schema, SCHEMA)?;
        let spki = STANDARD.decode(&document.key).unwrap_or_default();
        let fingerprint = sealed
            .verify_bare(&spki)
            .map_err(|source| BundleError::Seal { source })?;
        if let Some(expected) = expected
            && expected != fingerprint
        {
            return Err(BundleError::OtherKey {
                found: fingerprint,
                expected,
            });
        }
        let requests: Vec<RequestedCertificate> = document
            .requests
            .into_iter()
            .map(RequestDocument::read)
            .collect::<Result<_, _>>()?;
        check_names(requests.iter().map(|one| one.name.as_str()))?;
        if document.validity_seconds == 0 {
            return Err(BundleError::Lifeless);
        }
        let bundle = Self {
            created_at: document.created_at,
            created_by: document.created_by,
            validity_seconds: document.validity_seconds,
            requests,
        };
        Ok((bundle, fingerprint))
    }
}

impl RequestDocument {
    fn read(self) -> Result<RequestedCertificate, BundleError> {
        let certificate = read_certificate(&self.name, &self.certificate)?;
        let request = CertificateRequest::parse(self.request.as_bytes()).map_err(|source| {
            BundleError::Request {
                name: self.name.clone(),
                source,
            }
        })?;
        Ok(RequestedCertificate {
            name: self.name,
            authority: self.authority,
            certificate,
            request,
        })
    }
}

/// The envelope of a file, of which nothing is believed yet.
pub(super) fn sealed(payload_type: &'static str, bytes: &[u8]) -> Result<Sealed, BundleError> {
    if bytes.len() > LARGEST_BUNDLE {
        return Err(BundleError::TooLarge { bytes: bytes.len() });
    }
    let line = bytes.strip_suffix(b"\n").ok_or(BundleError::NotALine)?;
    Sealed::parse(payload_type, line).map_err(|source| BundleError::Envelope { source })
}

pub(super) fn check_schema(found: &str, known: &'static str) -> Result<(), BundleError> {
    if found == known {
        return Ok(());
    }
    Err(BundleError::Schema {
        found: found.chars().take(80).collect(),
        known,
    })
}

pub(super) fn read_certificate(name: &str, pem: &str) -> Result<Certificate, BundleError> {
    let read = read_certificates(pem.as_bytes()).map_err(|source| BundleError::Certificate {
        name: name.to_owned(),
        source,
    })?;
    <[Certificate; 1]>::try_from(read)
        .map(|[one]| one)
        .map_err(|several| BundleError::NotOneCertificate {
            name: name.to_owned(),
            found: several.len(),
        })
}

pub(super) fn check_names<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), BundleError> {
    let mut known = Vec::new();
    for name in names {
        if known.contains(&name) {
            return Err(BundleError::Names {
                name: name.to_owned(),
            });
        }
        known.push(name);
    }
    if known.is_empty() {
        return Err(BundleError::Names {
            name: "something".to_owned(),
        });
    }
    Ok(())
}
