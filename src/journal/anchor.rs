//! Whether a journal's key is one to believe. Pure.

use time::OffsetDateTime;

use super::certificate::{ProfileError, check_profile};
use super::chain::Chain;
use super::checkpoint::{Checkpoint, CheckpointError};
use super::segment::Segment;
use crate::digest::Sha256Digest;
use crate::pki::{Certificate, PemError, SignatureCheck, read_certificates};

/// Whom the verifier believes. Each attempt's key needs one who vouches for it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Trust<'trust> {
    /// The cluster's authorities: what they certified for a journal is believed.
    pub authorities: &'trust [Certificate],
    /// SHA-256 of keys' SPKI, as printed by the run: for attempts without a certificate.
    pub keys: &'trust [Sha256Digest],
    /// Checkpoints that were kept elsewhere: the journal must begin with the lines that they cover. Where there are any,
    /// one at least must be about this journal.
    pub expected: &'trust [Checkpoint],
}

/// An attempt whose key is not one to believe.
#[derive(Debug)]
pub struct Doubt {
    /// SHA-256 of the key's SPKI.
    pub key: Sha256Digest,
    /// Why not.
    pub reason: AnchorError,
}

/// Why a journal is not believed.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// The journal is not the one of which the checkpoint was made, or lines of that one are missing.
    #[error("the journal is not the one that the expected checkpoint covers")]
    Expected {
        /// What differs.
        source: CheckpointError,
    },
    /// The journal of one run lies where that of another one should.
    #[error("the file of the run {file} holds the journal of the run {found}")]
    OtherRun {
        /// The run by the file's name.
        file: String,
        /// The run by its first record.
        found: String,
    },
    /// The run printed another key.
    #[error("the journal's key is {found}, and {expected} is to be believed")]
    OtherKey {
        /// The journal's.
        found: Sha256Digest,
        /// The trusted ones.
        expected: String,
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
    /// The attempts for whose keys nobody who is trusted vouches.
    pub fn doubts(&self, chain: &Chain) -> Vec<Doubt> {
        let doubt = |segment: &Segment| {
            let reason = self.check(segment).err()?;
            let key = segment.facts.sha256;
            Some(Doubt { key, reason })
        };
        chain.segments().iter().filter_map(doubt).collect()
    }

    /// Checks the key of one attempt.
    pub(super) fn check(&self, segment: &Segment) -> Result<(), AnchorError> {
        let found = segment.key.fingerprint();
        if self.keys.contains(&found) {
            return Ok(());
        }
        if self.authorities.is_empty() && !self.keys.is_empty() {
            let keys: Vec<String> = self.keys.iter().map(ToString::to_string).collect();
            let expected = keys.join(" or ");
            return Err(AnchorError::OtherKey { found, expected });
        }
        let certificate = certificate(segment)?;
        check_signed(&certificate, self.authorities)?;
        check_profile(&certificate).map_err(|source| AnchorError::Profile { source })?;
        check_validity(&certificate, segment.written)
    }
}

fn certificate(segment: &Segment) -> Result<Certificate, AnchorError> {
    let key = &segment.key;
    let key_digest = key.fingerprint();
    let pem = segment.facts.certificate.as_ref();
    let pem = pem.ok_or(AnchorError::NoCertificate { key: key_digest })?;
    let certificates =
        read_certificates(pem.as_bytes()).map_err(|source| AnchorError::Unreadable { source })?;
    match <[Certificate; 1]>::try_from(certificates) {
        Ok([certificate]) if certificate.public_key_der() == key.spki() => Ok(certificate),
        _ => Err(AnchorError::OtherCertificate { key: key_digest }),
    }
}

/// Whether one of the authorities, which is one, signed the certificate.
pub(super) fn is_signed(certificate: &Certificate, authorities: &[Certificate]) -> bool {
    authorities.iter().any(|authority| {
        authority.is_authority()
            && authority.may_sign_certificates()
            && matches!(
                certificate.check_signature(authority),
                SignatureCheck::Valid
            )
    })
}

fn check_signed(certificate: &Certificate, authorities: &[Certificate]) -> Result<(), AnchorError> {
    if is_signed(certificate, authorities) {
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
