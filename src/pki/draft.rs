//! Lets rcgen write what is new in a certificate: serial number, algorithm, dates, extensions. It never signs.

use rcgen::{CertificateParams, Issuer, KeyIdMethod, PublicKeyData, SigningKey};
use time::UtcOffset;

use super::{PrivateKey, SerialNumber, Validity};
use crate::evidence::moment;

/// Why no certificate could be drafted.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// Years that a certificate cannot hold (RFC 5280 section 4.1.2.5), or an end before the beginning.
    #[error("no certificate can be valid from {} to {}", moment(validity.not_before), moment(validity.not_after))]
    Dates {
        /// The dates asked for.
        validity: Validity,
    },
    /// The serialiser refuses a value.
    #[error("the certificate cannot be encoded")]
    Encoding {
        /// Its reason.
        #[source]
        source: rcgen::Error,
    },
}

/// The DER of a certificate with an empty signature: no signature over bytes that nobody wants ever exists.
///
/// With `authority_key_identifier` it gets that extension, ahead of what the `parameters` ask for.
pub(super) fn draft(
    mut parameters: CertificateParams,
    authority_key_identifier: Option<&[u8]>,
    key: &PrivateKey,
    validity: &Validity,
    serial: &SerialNumber,
) -> Result<Vec<u8>, DraftError> {
    let (not_before, not_after) = encodable(validity)?;
    parameters.not_before = not_before;
    parameters.not_after = not_after;
    parameters.serial_number = Some(rcgen::SerialNumber::from_slice(serial.contents()));
    parameters.use_authority_key_identifier_extension = authority_key_identifier.is_some();
    let mut issuer = CertificateParams::default();
    issuer.key_identifier_method =
        KeyIdMethod::PreSpecified(authority_key_identifier.unwrap_or_default().to_vec());
    let unsigned = Unsigned(key);
    parameters
        .signed_by(&unsigned, &Issuer::new(issuer, Unsigned(key)))
        .map(|draft| draft.der().to_vec())
        .map_err(|source| DraftError::Encoding { source })
}

/// Dates that the serialiser can write without a panic, in UTC.
fn encodable(
    validity: &Validity,
) -> Result<(time::OffsetDateTime, time::OffsetDateTime), DraftError> {
    let utc = |date: time::OffsetDateTime| {
        date.checked_to_offset(UtcOffset::UTC)
            .filter(|date| (1950..=9999).contains(&date.year()))
    };
    match (utc(validity.not_before), utc(validity.not_after)) {
        (Some(not_before), Some(not_after)) if not_before <= not_after => {
            Ok((not_before, not_after))
        }
        _ => Err(DraftError::Dates {
            validity: *validity,
        }),
    }
}

/// Tells rcgen which algorithm to write and gives it an empty signature.
struct Unsigned<'a>(&'a PrivateKey);

impl PublicKeyData for Unsigned<'_> {
    fn der_bytes(&self) -> &[u8] {
        &[]
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.0.signature_algorithm()
    }
}

impl SigningKey for Unsigned<'_> {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(Vec::new())
    }
}
