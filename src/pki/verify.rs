//! Did we get what we asked for: the new certificate held against its model, its authority and its dates.

use time::OffsetDateTime;

use super::verify_revised::{verify_extensions, verify_fields};
use super::{Certificate, Revision, SerialNumber, SignatureCheck, Validity};
use crate::evidence::moment;

/// In what a new certificate is not what was asked for. Each of these is a defect of this program, found in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// A field that must stay byte for byte has changed.
    #[error("the {field} changed, which must stay byte for byte")]
    Changed {
        /// The field, in RFC 5280's words.
        field: &'static str,
    },
    /// A field of a fresh certificate, or one that a revision changes, is not what was asked for.
    #[error("the {field} is not what was asked for")]
    NotAsked {
        /// The field, in RFC 5280's words.
        field: &'static str,
    },
    /// An extension is not what it was, or has lost its place.
    #[error("the extension {oid} changed, which must stay byte for byte")]
    ExtensionChanged {
        /// Dotted.
        oid: String,
    },
    /// The names are not the model's with those that were asked for behind them. If none is missing and none too many,
    /// their order or number is another.
    #[error(
        "the subject alternative names are not those asked for (missing: {missing}; too many: {surplus})"
    )]
    AlternativeNames {
        /// What is not there, each with its kind; `none` if nothing.
        missing: String,
        /// What nobody asked for, likewise.
        surplus: String,
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
    #[error(
        "the {field} is {}, and {} was asked for",
        moment(*found),
        moment(*expected)
    )]
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

/// Checks that `new` is `model` but for serial number, dates, signature and what the `revision` asks for, which it must
/// have, and that `authority` signed it.
///
/// For a certificate that signed itself, `authority` is `new`.
pub fn verify_reissued(
    new: &Certificate,
    model: &Certificate,
    authority: &Certificate,
    validity: &Validity,
    revision: &Revision<'_>,
) -> Result<(), VerifyError> {
    verify_fields(new, model, revision)?;
    verify_extensions(new, model, authority, revision)?;
    if new.serial() == model.serial() {
        return Err(VerifyError::Serial {
            serial: new.serial().clone(),
        });
    }
    verify_signed(new, authority, validity)
}

/// What is checked of every new certificate.
pub(super) fn verify_signed(
    new: &Certificate,
    authority: &Certificate,
    validity: &Validity,
) -> Result<(), VerifyError> {
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
    if !positive {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::pki::openssl::OpenSsl;
    use crate::pki::{Authority, reissue};

    const EXTENSIONS: &str = "subjectAltName=DNS:a\nauthorityKeyIdentifier=keyid";

    /// Everything that is compared.
    struct Case {
        openssl: OpenSsl,
        new: Certificate,
        model: Certificate,
        authority: Certificate,
        validity: Validity,
    }

    impl Case {
        fn new(extensions: &str) -> Self {
            let openssl = OpenSsl::new();
            let authority = openssl.authority("ca", "/CN=ca");
            let model = openssl.leaf("ca", extensions);
            let (new, validity) = again(&model, &authority);
            let authority = authority.certificate().clone();
            Self {
                openssl,
                new,
                model,
                authority,
                validity,
            }
        }

        fn verify(&self) -> Result<(), VerifyError> {
            verify_reissued(
                &self.new,
                &self.model,
                &self.authority,
                &self.validity,
                &Revision::default(),
            )
        }

        fn with_model(&self, model: &Certificate) -> VerifyError {
            verify_reissued(
                &self.new,
                model,
                &self.authority,
                &self.validity,
                &Revision::default(),
            )
            .unwrap_err()
        }

        fn with_authority(&self, authority: &Certificate) -> VerifyError {
            verify_reissued(
                &self.new,
                &self.model,
                authority,
                &self.validity,
                &Revision::default(),
            )
            .unwrap_err()
        }
    }

    fn again(model: &Certificate, authority: &Authority) -> (Certificate, Validity) {
        let start = authority.certificate().not_before();
        let validity = Validity::starting_at(
            start,
            Duration::from_hours(24),
            Some(authority.certificate()),
        );
        let serial = SerialNumber::random().unwrap();
        (
            reissue(model, authority, &validity, &serial, &Revision::default()).unwrap(),
            validity,
        )
    }

    #[test]
    fn an_extension_that_differs_in_anything_is_found() {
        let case = Case::new(EXTENSIONS);
        assert_eq!(case.verify(), Ok(()));
        for (extensions, oid) in [
            (
                "subjectAltName=critical,DNS:a\nauthorityKeyIdentifier=keyid",
                "2.5.29.17",
            ),
            (
                "authorityKeyIdentifier=keyid\nsubjectAltName=DNS:a",
                "2.5.29.35",
            ),
            ("subjectAltName=DNS:a", "2.5.29.35"),
            (
                "subjectAltName=DNS:a\nauthorityKeyIdentifier=keyid\nkeyUsage=digitalSignature",
                "2.5.29.15",
            ),
        ] {
            let other = case.openssl.sign_leaf("ca", extensions, "");
            let oid = oid.to_owned();
            assert_eq!(
                case.with_model(&other),
                VerifyError::ExtensionChanged { oid }
            );
        }
    }

    #[test]
    fn another_name_is_found() {
        let case = Case::new(EXTENSIONS);
        let extensions = "subjectAltName=DNS:b\nauthorityKeyIdentifier=keyid";
        let error = case.with_model(&case.openssl.sign_leaf("ca", extensions, ""));
        let (missing, surplus) = ("DNS:b".to_owned(), "DNS:a".to_owned());
        assert_eq!(error, VerifyError::AlternativeNames { missing, surplus });
    }

    #[test]
    fn another_subject_key_or_version_is_found() {
        let case = Case::new(EXTENSIONS);
        case.openssl.run("pkey -in ca.key -pubout -out ca.pub");
        for (extensions, options, field) in [
            (EXTENSIONS, " -subj /O=b+O=a/O=c/CN=leaf", "subject"),
            (EXTENSIONS, " -force_pubkey ca.pub", "subjectPublicKeyInfo"),
            ("", "", "version"),
        ] {
            let other = case.openssl.sign_leaf("ca", extensions, options);
            assert_eq!(case.with_model(&other), VerifyError::Changed { field });
        }
    }

    #[test]
    fn another_authority_is_found() {
        let case = Case::new(EXTENSIONS);
        let same_name = case.openssl.authority("same-name", "/CN=ca");
        let stranger = case.openssl.authority("stranger", "/CN=stranger");
        for authority in [&same_name, &stranger] {
            let error = case.with_authority(authority.certificate());
            assert!(
                matches!(error, VerifyError::AuthorityKeyIdentifier { .. }),
                "{error}"
            );
        }
        let case = Case::new("subjectAltName=DNS:a");
        let error = case.with_authority(stranger.certificate());
        assert!(matches!(error, VerifyError::Issuer { .. }), "{error}");
        let error = case.with_authority(same_name.certificate());
        assert!(matches!(error, VerifyError::Signature { .. }), "{error}");
    }

    #[test]
    fn a_key_identifier_may_be_dropped_only_if_the_authority_has_none() {
        let mut case = Case::new(EXTENSIONS);
        let other = case.openssl.authority("other", "/CN=ca");
        case.new = again(
            &case.openssl.sign_leaf("ca", "subjectAltName=DNS:a", ""),
            &other,
        )
        .0;
        let error = case.with_authority(other.certificate());
        assert!(
            matches!(error, VerifyError::AuthorityKeyIdentifier { .. }),
            "{error}"
        );
    }

    #[test]
    fn a_second_too_much_or_an_old_serial_number_is_found() {
        let mut case = Case::new(EXTENSIONS);
        assert!(matches!(
            case.with_model(&case.new),
            VerifyError::Serial { .. }
        ));
        case.validity.not_after += Duration::from_secs(1);
        assert!(matches!(
            case.verify(),
            Err(VerifyError::Date {
                field: "notAfter",
                ..
            })
        ));
        case.validity.not_before -= Duration::from_secs(1);
        assert!(matches!(
            case.verify(),
            Err(VerifyError::Date {
                field: "notBefore",
                ..
            })
        ));
    }
}
