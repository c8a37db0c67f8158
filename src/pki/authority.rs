//! Who may sign: a CA certificate and its key, proven to belong together and to be of use at this moment.

use std::fmt;

use time::OffsetDateTime;

use super::{Certificate, PrivateKey};
use crate::digest::Sha256Digest;

/// A certificate authority that can sign now.
pub struct Authority {
    certificate: Certificate,
    key: PrivateKey,
}

/// Why a certificate and a key are not an authority.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// The key is not that of any certificate in the file.
    #[error(
        "the private key (public half sha256:{key}) is not that of {}",
        list(authorities)
    )]
    KeyMismatch {
        /// Subject of each certificate in the file, and SHA-256 of its `SubjectPublicKeyInfo`.
        authorities: Vec<(String, Sha256Digest)>,
        /// SHA-256 of the key's own `SubjectPublicKeyInfo`.
        key: Sha256Digest,
    },
    /// What it signs now nobody would trust.
    #[error("the authority {subject} expired at {not_after}, and it is {now}")]
    Expired {
        /// Whose certificate it is.
        subject: String,
        /// Its last second.
        not_after: OffsetDateTime,
        /// The moment of asking.
        now: OffsetDateTime,
    },
    /// Usually a clock that is wrong.
    #[error("the authority {subject} is valid from {not_before} on, and it is {now}")]
    NotYetValid {
        /// Whose certificate it is.
        subject: String,
        /// Its first second.
        not_before: OffsetDateTime,
        /// The moment of asking.
        now: OffsetDateTime,
    },
    /// RFC 5280 section 4.2.1.9: no basic constraints with `CA:TRUE`.
    #[error("the certificate of {subject} is not that of an authority (no CA:TRUE)")]
    NotAnAuthority {
        /// Whose certificate it is.
        subject: String,
    },
    /// RFC 5280 section 4.2.1.3: a key usage without keyCertSign.
    #[error("the authority {subject} may not sign certificates (its key usage has no keyCertSign)")]
    MayNotSign {
        /// Whose certificate it is.
        subject: String,
    },
}

impl Authority {
    /// Of the certificates in a CA file, the first that belongs to the key and may sign at `now`.
    ///
    /// Where none may, the error is that of the first which belongs to the key.
    pub fn new(
        bundle: &[Certificate],
        key: PrivateKey,
        now: OffsetDateTime,
    ) -> Result<Self, AuthorityError> {
        let mut reason = None;
        for certificate in bundle.iter().filter(|certificate| key.fits(certificate)) {
            match judge(certificate, now) {
                Ok(()) => {
                    let certificate = certificate.clone();
                    return Ok(Self { certificate, key });
                }
                Err(error) => reason = reason.or(Some(error)),
            }
        }
        Err(reason.unwrap_or_else(|| AuthorityError::KeyMismatch {
            authorities: bundle
                .iter()
                .map(|one| (one.subject(), Sha256Digest::of(one.public_key_der())))
                .collect(),
            key: Sha256Digest::of(key.public_key_der()),
        }))
    }

    /// The authority's own certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    pub(super) fn key(&self) -> &PrivateKey {
        &self.key
    }
}

fn judge(certificate: &Certificate, now: OffsetDateTime) -> Result<(), AuthorityError> {
    let subject = certificate.subject();
    if !certificate.is_authority() {
        return Err(AuthorityError::NotAnAuthority { subject });
    }
    if !certificate.may_sign_certificates() {
        return Err(AuthorityError::MayNotSign { subject });
    }
    let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
    if now < not_before {
        return Err(AuthorityError::NotYetValid {
            subject,
            not_before,
            now,
        });
    }
    if now > not_after {
        return Err(AuthorityError::Expired {
            subject,
            not_after,
            now,
        });
    }
    Ok(())
}

fn list(authorities: &[(String, Sha256Digest)]) -> String {
    let texts: Vec<String> = authorities
        .iter()
        .map(|(subject, digest)| format!("{subject} (sha256:{digest})"))
        .collect();
    texts.join(", ")
}

impl fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            certificate,
            key: _,
        } = self;
        formatter
            .debug_struct("Authority")
            .field("certificate", certificate)
            .finish_non_exhaustive()
    }
}
