//! Did we get what we asked for: the new certificate held against its model, its authority and its dates.

use time::OffsetDateTime;

use super::authority_key_identifier::AuthorityIdentity;
use super::der::Malformed;
use super::extension::AUTHORITY_KEY_IDENTIFIER;
use super::to_be_signed::ToBeSigned;
use super::{Certificate, SerialNumber, SignatureCheck, Validity};

/// In what a new certificate is not what was asked for. Each of these is a defect of this program, found in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// A field that must stay byte for byte has changed.
    #[error("the {field} changed, which must stay byte for byte")]
    Changed {
        /// The field, in RFC 5280's words.
        field: &'static str,
    },
    /// An extension is not what it was, or has lost its place.
    #[error("the extension {oid} changed, which must stay byte for byte")]
    ExtensionChanged {
        /// Dotted.
        oid: String,
    },
    /// It points to another authority than the one that signed.
    #[error("the authority key identifier does not name the authority {authority}")]
    AuthorityKeyIdentifier {
        /// The authority's subject.
        authority: String,
    },
    /// The issuer's bytes are not the authority's subject.
    #[error("the issuer is {found}, and the authority is {expected}")]
    Issuer {
        /// The authority's subject.
        expected: String,
        /// What the certificate says.
        found: String,
    },
    /// A date is not what was asked for.
    #[error("the {field} is {found}, and {expected} was asked for")]
    Date {
        /// `notBefore` or `notAfter`.
        field: &'static str,
        /// The date asked for.
        expected: OffsetDateTime,
        /// What the certificate says.
        found: OffsetDateTime,
    },
    /// The model's serial number again, or one that is not positive.
    #[error("the serial number {serial} is not new and positive")]
    Serial {
        /// What the certificate says.
        serial: SerialNumber,
    },
    /// The signature is not the authority's.
    #[error("the signature is not that of the authority {authority}")]
    Signature {
        /// The authority's subject.
        authority: String,
    },
    /// The signature cannot be checked here, so nothing may be built on it.
    #[error("the signature ({algorithm}) cannot be checked")]
    Unverifiable {
        /// What the verifier does not know.
        algorithm: String,
    },
}

/// Checks that `new` is `model` but for serial number, dates and signature, and that `authority` signed it.
///
/// For a certificate that signed itself, `authority` is `new`.
pub fn verify_reissued(
    new: &Certificate,
    model: &Certificate,
    authority: &Certificate,
    validity: &Validity,
) -> Result<(), VerifyError> {
    verify_kept(new, model)?;
    verify_extensions(new, model, authority)?;
    if new.issuer_der() != authority.subject_der() {
        return Err(VerifyError::Issuer {
            expected: authority.subject(),
            found: new.issuer(),
        });
    }
    verify_date("notBefore", validity.not_before, new.not_before())?;
    verify_date("notAfter", validity.not_after, new.not_after())?;
    let positive = new
        .serial()
        .contents()
        .first()
        .is_some_and(|first| *first < 0x80)
        && new.serial().contents().iter().any(|octet| *octet != 0);
    if !positive || new.serial() == model.serial() {
        return Err(VerifyError::Serial {
            serial: new.serial().clone(),
        });
    }
    match new.check_signature(authority) {
        SignatureCheck::Valid => Ok(()),
        SignatureCheck::Invalid => Err(VerifyError::Signature {
            authority: authority.subject(),
        }),
        SignatureCheck::Unsupported { algorithm } => Err(VerifyError::Unverifiable { algorithm }),
    }
}

fn verify_kept(new: &Certificate, model: &Certificate) -> Result<(), VerifyError> {
    let changed = |field| VerifyError::Changed { field };
    if new.subject_der() != model.subject_der() {
        return Err(changed("subject"));
    }
    if new.public_key_der() != model.public_key_der() {
        return Err(changed("subjectPublicKeyInfo"));
    }
    let read = |certificate| {
        ToBeSigned::of_certificate(certificate).map_err(|Malformed| changed("structure"))
    };
    let (new, model) = (read(new.der())?, read(model.der())?);
    if new.version != model.version {
        return Err(changed("version"));
    }
    if (new.issuer_unique_id, new.subject_unique_id)
        != (model.issuer_unique_id, model.subject_unique_id)
    {
        return Err(changed("unique identifiers"));
    }
    Ok(())
}

/// All extensions the same, but for an authority key identifier that was not true of this authority.
fn verify_extensions(
    new: &Certificate,
    model: &Certificate,
    authority: &Certificate,
) -> Result<(), VerifyError> {
    let identity = AuthorityIdentity::of(authority);
    let mut remaining = new.extensions().iter().peekable();
    for expected in model.extensions() {
        let may_change =
            expected.oid == AUTHORITY_KEY_IDENTIFIER && !identity.is_named_by(expected);
        let found = remaining.next_if(|found| found.oid == expected.oid);
        let is_right = match found {
            Some(found) if may_change => {
                identity.key_identifier.is_some() && identity.is_named_by(found)
            }
            None if may_change => identity.key_identifier.is_none(),
            found => found == Some(expected),
        };
        if !is_right {
            return Err(if may_change {
                VerifyError::AuthorityKeyIdentifier {
                    authority: authority.subject(),
                }
            } else {
                VerifyError::ExtensionChanged {
                    oid: expected.oid.clone(),
                }
            });
        }
    }
    match remaining.next() {
        None => Ok(()),
        Some(surplus) => Err(VerifyError::ExtensionChanged {
            oid: surplus.oid.clone(),
        }),
    }
}

fn verify_date(
    field: &'static str,
    expected: OffsetDateTime,
    found: OffsetDateTime,
) -> Result<(), VerifyError> {
    if expected.unix_timestamp() == found.unix_timestamp() {
        Ok(())
    } else {
        Err(VerifyError::Date {
            field,
            expected,
            found,
        })
    }
}
