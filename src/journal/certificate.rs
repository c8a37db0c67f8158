//! The certificate that binds a journal's key to the cluster's authority, and that opens no door. Pure but
//! for randomness.
//!
//! Its profile: empty subject and no alternative name, so that it names no user and no server; one extended
//! key usage, critical, documentSigning (RFC 9336), since Kubernetes takes a certificate without any for a
//! client's; digitalSignature only; not an authority; valid for a day. A journal is not believed with any
//! other certificate of the same authority.

use std::time::Duration;

use time::OffsetDateTime;

use super::error::JournalError;
use super::signature::VerifyingKey;
use crate::pki::{
    self, Authority, Certificate, ExtendedKeyUsage, KeyUsage, SerialNumber, Specification, Validity,
};

/// How long a journal's certificate is valid.
const LIFETIME: Duration = Duration::from_hours(24);

/// The certificate of a journal's key, valid from a little before `now`.
pub(super) fn issue(
    key: &VerifyingKey,
    authority: &Authority,
    now: OffsetDateTime,
) -> Result<Certificate, JournalError> {
    let specification = Specification {
        key_usages: vec![KeyUsage::DigitalSignature],
        extended_key_usages: vec![ExtendedKeyUsage::DocumentSigning],
        extended_key_usages_critical: true,
        ..Specification::default()
    };
    let validity = Validity::starting_at(now, LIFETIME, Some(authority.certificate()));
    let serial = SerialNumber::random().map_err(|source| JournalError::Serial { source })?;
    pki::issue(&specification, key.spki(), authority, &validity, &serial)
        .map_err(|source| JournalError::Certificate { source })
}

/// Why a certificate is not a journal's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// It names somebody.
    #[error("its subject is `{subject}`, and should be empty")]
    Subject {
        /// The name.
        subject: String,
    },
    /// An extension that a journal's certificate does not have, or has with another value.
    #[error("its extension {oid} is not allowed, or not with this value")]
    Extension {
        /// The object identifier.
        oid: String,
    },
    /// An extension is missing.
    #[error("its extension {oid} is missing")]
    MissingExtension {
        /// The object identifier.
        oid: String,
    },
    /// It is valid for longer than a day.
    #[error("it is valid from {not_before} to {not_after}, for longer than a day")]
    Lifetime {
        /// The first second.
        not_before: OffsetDateTime,
        /// The last second.
        not_after: OffsetDateTime,
    },
}

/// The extensions that must be there, critical, each with exactly this value.
const REQUIRED: [(&str, &[u8]); 3] = [
    // Key usage (RFC 5280, section 4.2.1.3): digitalSignature.
    ("2.5.29.15", &[0x03, 0x02, 0x07, 0x80]),
    // Basic constraints (section 4.2.1.9): the default, which is not an authority.
    ("2.5.29.19", &[0x30, 0x00]),
    // Extended key usage (section 4.2.1.12): id-kp-documentSigning, 1.3.6.1.5.5.7.3.36 (RFC 9336).
    (
        "2.5.29.37",
        &[
            0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x24,
        ],
    ),
];

/// The extensions that may be there, not critical: the identifiers of the subject's and of the authority's
/// key.
const IDENTIFIERS: [&str; 2] = ["2.5.29.14", "2.5.29.35"];

/// Checks that a certificate has the profile of [`issue`]. Who signed it, and for which key, is for the
/// caller to check.
pub(super) fn check_profile(certificate: &Certificate) -> Result<(), ProfileError> {
    const EMPTY_NAME: [u8; 2] = [0x30, 0x00];
    if certificate.subject_der() != EMPTY_NAME {
        return Err(ProfileError::Subject {
            subject: certificate.subject(),
        });
    }
    for extension in certificate.extensions() {
        let oid = extension.oid.as_str();
        let required = REQUIRED.iter().find(|(required, _)| *required == oid);
        let fits = match required {
            Some((_, value)) => extension.critical && extension.value == *value,
            None => !extension.critical && IDENTIFIERS.contains(&oid),
        };
        if !fits {
            return Err(ProfileError::Extension {
                oid: oid.to_owned(),
            });
        }
    }
    for (required, _) in REQUIRED {
        if certificate
            .extensions()
            .iter()
            .all(|extension| extension.oid != required)
        {
            return Err(ProfileError::MissingExtension {
                oid: required.to_owned(),
            });
        }
    }
    let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
    if not_after - not_before > LIFETIME + Validity::BACKDATING {
        return Err(ProfileError::Lifetime {
            not_before,
            not_after,
        });
    }
    Ok(())
}
