//! Whether a journal's key is one to believe. Pure.

use time::OffsetDateTime;

use super::certificate::{ProfileError, check_profile};
use super::genesis::Genesis;
use super::signature::VerifyingKey;
use crate::digest::Sha256Digest;
use crate::pki::{Certificate, PemError, SignatureCheck, read_certificates};

/// Whom the verifier believes.
#[derive(Debug, Clone, Copy)]
pub enum Trust<'trust> {
    /// The cluster's authorities: one of them must have signed the journal's certificate.
    Authorities(&'trust [Certificate]),
    /// SHA-256 of the journal key's SPKI, as printed by the run: for a journal without a certificate.
    Key(Sha256Digest),
}

/// Why a journal's key is not believed.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// The run printed another key.
    #[error("the journal's key is {found}, and the one to believe is {expected}")]
    OtherKey {
        /// The journal's.
        found: Sha256Digest,
        /// The trusted one.
        expected: Sha256Digest,
    },
    /// There was no authority's key on the node.
    #[error(
        "no certificate vouches for the journal's key {key}; compare it with the one that the run printed"
    )]
    NoCertificate {
        /// The journal's key.
        key: Sha256Digest,
    },
    /// The certificate is not PEM, or not an X.509 certificate.
    #[error("the journal's certificate cannot be read")]
    Unreadable {
        /// What is wrong with it.
        source: PemError,
    },
    /// It is about another key, or there are several.
    #[error("the journal's certificate is not one of its key {key}")]
    OtherCertificate {
        /// The journal's key.
        key: Sha256Digest,
    },
    /// Another authority signed it, or none.
    #[error(
        "the journal's certificate, issued by `{issuer}`, is not signed by the given authority"
    )]
    OtherAuthority {
        /// The issuer that the certificate names.
        issuer: String,
    },
    /// The authority signed it, but for something else.
    #[error("the certificate that signed the journal is not a journal's certificate")]
    Profile {
        /// What is different.
        source: ProfileError,
    },
    /// A record was written when the certificate was not valid.
    #[error(
        "a record was written at {at}, and the journal's certificate is valid from {not_before} to {not_after}"
    )]
    OutsideValidity {
        /// When the record says that it was written.
        at: OffsetDateTime,
        /// The certificate's first second.
        not_before: OffsetDateTime,
        /// The certificate's last second.
        not_after: OffsetDateTime,
    },
}

impl Trust<'_> {
    /// Checks the journal's key; `written` is when the earliest and the latest record were.
    pub(super) fn check(
        &self,
        key: &VerifyingKey,
        genesis: &Genesis,
        written: (OffsetDateTime, OffsetDateTime),
    ) -> Result<(), AnchorError> {
        let found = key.fingerprint();
        match *self {
            Self::Key(expected) if expected == found => Ok(()),
            Self::Key(expected) => Err(AnchorError::OtherKey { found, expected }),
            Self::Authorities(authorities) => {
                let certificate = certificate(key, genesis)?;
                check_signed(&certificate, authorities)?;
                check_profile(&certificate).map_err(|source| AnchorError::Profile { source })?;
                check_validity(&certificate, written)
            }
        }
    }
}

fn certificate(key: &VerifyingKey, genesis: &Genesis) -> Result<Certificate, AnchorError> {
    let key_digest = key.fingerprint();
    let pem = genesis.key.certificate.as_ref();
    let pem = pem.ok_or(AnchorError::NoCertificate { key: key_digest })?;
    let certificates =
        read_certificates(pem.as_bytes()).map_err(|source| AnchorError::Unreadable { source })?;
    match <[Certificate; 1]>::try_from(certificates) {
        Ok([certificate]) if certificate.public_key_der() == key.spki() => Ok(certificate),
        _ => Err(AnchorError::OtherCertificate { key: key_digest }),
    }
}

fn check_signed(certificate: &Certificate, authorities: &[Certificate]) -> Result<(), AnchorError> {
    let signed = authorities.iter().any(|authority| {
        authority.is_authority()
            && authority.may_sign_certificates()
            && matches!(
                certificate.check_signature(authority),
                SignatureCheck::Valid
            )
    });
    if signed {
        return Ok(());
    }
    Err(AnchorError::OtherAuthority {
        issuer: certificate.issuer(),
    })
}

fn check_validity(
    certificate: &Certificate,
    (first, last): (OffsetDateTime, OffsetDateTime),
) -> Result<(), AnchorError> {
    let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
    // Dates in certificates have whole seconds, and the last one counts to its end.
    let outside = |at: &OffsetDateTime| {
        at.unix_timestamp() < not_before.unix_timestamp()
            || at.unix_timestamp() > not_after.unix_timestamp()
    };
    match [first, last].into_iter().find(outside) {
        None => Ok(()),
        Some(at) => Err(AnchorError::OutsideValidity {
            at,
            not_before,
            not_after,
        }),
    }
}
