//! A document that is no journal, sealed as one: in the same envelope, by a key of its own that the cluster's authority certifies
//! with a journal's profile. Its type keeps it from being taken for a record, and a record from being taken for it. Pure but for
//! randomness.

use time::OffsetDateTime;
use zeroize::{Zeroize, Zeroizing};

use super::anchor::is_signed;
use super::certificate::{self, ProfileError, check_profile};
use super::defect::Defect;
use super::envelope::Envelope;
use super::error::JournalError;
use super::signature::{JournalKey, VerifyingKey};
use crate::digest::Sha256Digest;
use crate::pki::{Authority, Certificate, KeyError, Validity};

/// What seals one document: a key that exists in memory only, and the certificate that vouches for it.
pub struct Seal {
    key: JournalKey,
    certificate: Certificate,
}

/// What seals a document where nobody is there who could vouch for it: a key that exists in memory only, and whose public half
/// belongs into the document. It shows that nothing was changed to whoever compares its fingerprint.
pub struct BareSeal(JournalKey);

/// A sealed document, read and not believed yet. What it says is wiped when it is dropped.
pub struct Sealed(Envelope);

/// Why a document could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    /// There is no seal.
    #[error("there is no seal for it")]
    Seal {
        /// Why.
        source: JournalError,
    },
    /// There is no key for the seal, or it does not sign.
    #[error("it cannot be sealed")]
    Key {
        /// Why.
        source: KeyError,
    },
    /// It cannot be written as JSON.
    #[error("it cannot be written as JSON")]
    Encode {
        /// Why.
        source: serde_json::Error,
    },
    /// It would be larger than what is read.
    #[error("it would have {bytes} bytes, and a bundle has {largest} at most")]
    TooLarge {
        /// How many.
        bytes: usize,
        /// How many it may have.
        largest: usize,
    },
}

/// Why a seal is not to be believed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Another authority certified the key, or none.
    #[error(
        "the certificate of its seal, issued by `{issuer}`, is not signed by the trusted authority"
    )]
    OtherAuthority {
        /// The issuer that the certificate names.
        issuer: String,
    },
    /// The authority signed it for something else.
    #[error("the certificate of its seal is none of a seal")]
    Profile {
        /// What is different.
        #[source]
        source: ProfileError,
    },
    /// It was sealed when the certificate was not valid.
    #[error(
        "it was sealed at {at}, and the certificate of its seal is valid from {not_before} to {not_after}"
    )]
    OutsideValidity {
        /// When it says that it was sealed.
        at: OffsetDateTime,
        /// The certificate's first second.
        not_before: OffsetDateTime,
        /// The certificate's last second.
        not_after: OffsetDateTime,
    },
    /// The certificate is not one of an Ed25519 key.
    #[error("the key of its seal is of another kind than seals have")]
    Key,
    /// It says something else than what was sealed.
    #[error("its seal is broken")]
    Broken {
        /// What does not fit.
        #[source]
        source: Defect,
    },
}

impl Seal {
    /// A new key, certified by `authority` for a day.
    pub fn new(authority: &Authority, now: OffsetDateTime) -> Result<Self, SealingError> {
        let key = JournalKey::generate().map_err(|source| JournalError::Key { source });
        let certified = key.and_then(|key| {
            let certificate = certificate::issue(key.public(), authority, now)?;
            Ok(Self { key, certificate })
        });
        certified.map_err(|source| SealingError::Seal { source })
    }

    /// Who vouches for it: belongs into the document.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The document under its seal: one line with its newline, of `largest` bytes at most. The key is wiped.
    pub fn close(
        self,
        payload_type: &'static str,
        document: &[u8],
        largest: usize,
    ) -> Result<Zeroizing<Vec<u8>>, SealingError> {
        close(&self.key, payload_type, document, largest)
    }
}

impl BareSeal {
    /// A new key.
    pub fn new() -> Result<Self, SealingError> {
        let key = JournalKey::generate();
        key.map(Self).map_err(|source| SealingError::Key { source })
    }

    /// The public half, SPKI DER.
    pub fn spki(&self) -> &[u8] {
        self.0.public().spki()
    }

    /// The document under its seal: one line with its newline, of `largest` bytes at most. The key is wiped.
    pub fn close(
        self,
        payload_type: &'static str,
        document: &[u8],
        largest: usize,
    ) -> Result<Zeroizing<Vec<u8>>, SealingError> {
        close(&self.0, payload_type, document, largest)
    }
}

fn close(
    key: &JournalKey,
    payload_type: &'static str,
    document: &[u8],
    largest: usize,
) -> Result<Zeroizing<Vec<u8>>, SealingError> {
    let envelope = Envelope::sign_as(payload_type, document.to_vec(), key);
    let sealed = Sealed(envelope.map_err(|source| SealingError::Key { source })?);
    let line = Zeroizing::new(sealed.0.to_line());
    // The size is known beforehand, so that no copy of a secret is left behind by growing.
    let bytes = line.len() + 1;
    let mut whole = Zeroizing::new(Vec::with_capacity(bytes));
    whole.extend_from_slice(&line);
    whole.push(b'\n');
    if bytes > largest {
        return Err(SealingError::TooLarge { bytes, largest });
    }
    Ok(whole)
}

impl Sealed {
    /// Reads a line, without its newline, that has a document of that type: the one line that [`Seal::close`] makes of it.
    pub fn parse(payload_type: &'static str, line: &[u8]) -> Result<Self, Defect> {
        Envelope::parse_as(payload_type, line).map(Self)
    }

    /// What it says, believed or not.
    pub fn document(&self) -> &[u8] {
        &self.0.payload
    }

    /// Checks that the key with this SPKI sealed the document, and gives back its fingerprint. Whose key it is, nobody says.
    pub fn verify_bare(&self, spki: &[u8]) -> Result<Sha256Digest, SealError> {
        let key = VerifyingKey::from_spki(spki).ok_or(SealError::Key)?;
        self.0
            .verify(&key)
            .map_err(|source| SealError::Broken { source })?;
        Ok(key.fingerprint())
    }

    /// Checks that one of `authorities` certified the key of `certificate` for a seal, at the time `at` of the sealing, and that
    /// this key sealed the document.
    pub fn verify(
        &self,
        certificate: &Certificate,
        authorities: &[Certificate],
        at: OffsetDateTime,
    ) -> Result<(), SealError> {
        if !is_signed(certificate, authorities) {
            return Err(SealError::OtherAuthority {
                issuer: certificate.issuer(),
            });
        }
        check_profile(certificate).map_err(|source| SealError::Profile { source })?;
        self.verify_bare(certificate.public_key_der())?;
        let validity = Validity::of(certificate);
        if !validity.contains(at) {
            return Err(SealError::OutsideValidity {
                at,
                not_before: validity.not_before,
                not_after: validity.not_after,
            });
        }
        Ok(())
    }
}

impl Drop for Sealed {
    fn drop(&mut self) {
        self.0.payload.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::pki::{
        Attribute, ExtendedKeyUsage, KeyAlgorithm, KeyUsage, SerialNumber, Specification, Validity,
        generate, issue, issue_authority,
    };

    const TYPE: &str = "application/vnd.rekindle.test+json";
    const OTHER: &str = "application/vnd.rekindle.other+json";

    fn authority() -> (Authority, OffsetDateTime) {
        let now = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
        let key = generate(KeyAlgorithm::EcdsaP256).unwrap().private_key;
        let wish = Specification {
            subject: vec![(Attribute::CommonName, "kubernetes".to_owned())],
            key_usages: vec![KeyUsage::CertificateSign],
            ..Specification::default()
        };
        let validity = Validity::starting_at(now, Duration::from_hours(100), None);
        let serial = SerialNumber::random().unwrap();
        let certificate = issue_authority(&wish, &key, &validity, &serial).unwrap();
        (Authority::new(&[certificate], key, now).unwrap(), now)
    }

    #[test]
    fn a_document_is_believed_under_its_own_seal_type_and_authority_only() {
        let (authority, now) = authority();
        let seal = Seal::new(&authority, now).unwrap();
        let certificate = seal.certificate().clone();
        let line = seal.close(TYPE, b"{}", 4096).unwrap();
        let line = line.strip_suffix(b"\n").unwrap();
        let sealed = Sealed::parse(TYPE, line).unwrap();
        assert_eq!(sealed.document(), b"{}");
        let authorities = [authority.certificate().clone()];
        sealed.verify(&certificate, &authorities, now).unwrap();
        assert!(matches!(
            Sealed::parse(OTHER, line),
            Err(Defect::PayloadType { .. })
        ));
        assert!(matches!(
            Envelope::parse(line),
            Err(Defect::PayloadType { .. })
        ));
        let (stranger, _) = self::authority();
        let strangers = [stranger.certificate().clone()];
        assert!(matches!(
            sealed.verify(&certificate, &strangers, now),
            Err(SealError::OtherAuthority { .. })
        ));
        let later = now + time::Duration::hours(25);
        assert!(matches!(
            sealed.verify(&certificate, &authorities, later),
            Err(SealError::OutsideValidity { .. })
        ));
        // Another seal of the same authority did not seal this.
        let other = Seal::new(&authority, now).unwrap();
        assert!(matches!(
            sealed.verify(other.certificate(), &authorities, now),
            Err(SealError::Broken { .. })
        ));
    }

    /// Whoever has a client's certificate of the cluster has no seal.
    #[test]
    fn a_working_client_certificate_of_the_authority_seals_nothing() {
        let (authority, now) = authority();
        let key = JournalKey::generate().unwrap();
        let client = Specification {
            subject: vec![(Attribute::CommonName, "system:node:w-1".to_owned())],
            key_usages: vec![KeyUsage::DigitalSignature],
            extended_key_usages: vec![ExtendedKeyUsage::ClientAuth],
            ..Specification::default()
        };
        let validity = Validity::starting_at(now, Duration::from_hours(1), None);
        let serial = SerialNumber::random().unwrap();
        let spki = key.public().spki();
        let certificate = issue(&client, spki, &authority, &validity, &serial).unwrap();
        let line = Envelope::sign_as(TYPE, b"{}".to_vec(), &key)
            .unwrap()
            .to_line();
        let verdict = Sealed::parse(TYPE, &line).unwrap().verify(
            &certificate,
            &[authority.certificate().clone()],
            now,
        );
        assert!(matches!(verdict, Err(SealError::Profile { .. })));
    }
}
