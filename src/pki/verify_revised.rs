//! What a certificate that was issued again must have kept, and what its revision asked for: looked up in what the parser
//! makes of the new certificate, which shares nothing with the code that wrote it.

use super::authority_key_identifier::AuthorityIdentity;
use super::der::{self, Element, Malformed};
use super::extension::{
    AUTHORITY_KEY_IDENTIFIER, Extension, SUBJECT_ALTERNATIVE_NAME, SUBJECT_KEY_IDENTIFIER,
};
use super::to_be_signed::ToBeSigned;
use super::{Certificate, Revision, VerifyError};
use crate::digest::Sha256Digest;

/// Every field but the extensions.
pub(super) fn verify_fields(
    new: &Certificate,
    model: &Certificate,
    revision: &Revision<'_>,
) -> Result<(), VerifyError> {
    let changed = |field| VerifyError::Changed { field };
    if new.subject_der() != model.subject_der() {
        return Err(changed("subject"));
    }
    match revision.public_key {
        Some(asked) if new.public_key_der() != asked => {
            let field = "subjectPublicKeyInfo";
            return Err(VerifyError::NotAsked { field });
        }
        None if new.public_key_der() != model.public_key_der() => {
            return Err(changed("subjectPublicKeyInfo"));
        }
        _ => {}
    }
    let gains_names = !revision.new_names(model).is_empty();
    let (new, model) = (fields(new)?, fields(model)?);
    let version = if gains_names {
        Some(VERSION_3)
    } else {
        model.version
    };
    if new.version != version {
        return Err(changed("version"));
    }
    if (new.issuer_unique_id, new.subject_unique_id)
        != (model.issuer_unique_id, model.subject_unique_id)
    {
        return Err(changed("unique identifiers"));
    }
    Ok(())
}

/// `[0] EXPLICIT INTEGER 2`.
const VERSION_3: &[u8] = &[0xa0, 3, der::INTEGER, 1, 2];

/// All extensions the same and in their places, but for: an authority key identifier that was not true of this authority,
/// the subject key identifier of a key that was exchanged, and the names that were added.
pub(super) fn verify_extensions(
    new: &Certificate,
    model: &Certificate,
    authority: &Certificate,
    revision: &Revision<'_>,
) -> Result<(), VerifyError> {
    verify_names(new, model, revision)?;
    let identity = AuthorityIdentity::of(authority);
    let key_identifier = asked_key_identifier(new, model)?;
    let gains_names = !revision.new_names(model).is_empty();
    let mut remaining = encodings(new)?.into_iter().zip(new.extensions()).peekable();
    for (expected, extension) in encodings(model)?.into_iter().zip(model.extensions()) {
        let oid = extension.oid.as_str();
        let found = remaining.next_if(|(_, found)| found.oid == oid);
        if oid == AUTHORITY_KEY_IDENTIFIER && !identity.is_named_by(extension) {
            let is_right = match found {
                Some((_, rebuilt)) => {
                    identity.is_named_by(rebuilt) && new.authority_key_identifier().is_some()
                }
                None => identity.key_identifier.is_none(),
            };
            if !is_right {
                return Err(VerifyError::AuthorityKeyIdentifier {
                    authority: authority.subject(),
                });
            }
            continue;
        }
        let is_right = found.is_some_and(|(encoding, found)| match (oid, &key_identifier) {
            (SUBJECT_KEY_IDENTIFIER, Some(identifier)) => {
                before_value(encoding) == before_value(expected)
                    && found.value == der::encode(der::OCTET_STRING, &[identifier])
            }
            (SUBJECT_ALTERNATIVE_NAME, _) if gains_names => {
                before_value(encoding) == before_value(expected) && continues(found, extension)
            }
            _ => encoding == expected,
        });
        if !is_right {
            return Err(VerifyError::ExtensionChanged {
                oid: oid.to_owned(),
            });
        }
    }
    let had_names = model
        .extensions()
        .iter()
        .any(|one| one.oid == SUBJECT_ALTERNATIVE_NAME);
    if gains_names && !had_names {
        // Critical if the subject is the empty SEQUENCE (RFC 5280 section 4.2.1.6).
        let is_critical = model.subject_der() == [der::SEQUENCE, 0];
        remaining.next_if(|(_, added)| {
            added.oid == SUBJECT_ALTERNATIVE_NAME && added.critical == is_critical
        });
    }
    match remaining.next() {
        None => Ok(()),
        Some((_, surplus)) => Err(VerifyError::ExtensionChanged {
            oid: surplus.oid.clone(),
        }),
    }
}

/// The names of the model and behind them those that were asked for, as the parser shows them.
fn verify_names(
    new: &Certificate,
    model: &Certificate,
    revision: &Revision<'_>,
) -> Result<(), VerifyError> {
    let mut expected = model.subject_alternative_names().to_vec();
    expected.extend(revision.new_names(model).iter().map(ToString::to_string));
    let found = new.subject_alternative_names();
    if found == expected {
        return Ok(());
    }
    Err(VerifyError::AlternativeNames {
        missing: without(&expected, found),
        surplus: without(found, &expected),
    })
}

fn without(names: &[String], others: &[String]) -> String {
    let rest: Vec<&str> = names
        .iter()
        .filter(|name| !others.contains(name))
        .map(String::as_str)
        .collect();
    if rest.is_empty() {
        "none".to_owned()
    } else {
        rest.join(", ")
    }
}

/// What the new certificate's key asks for if it is another than the model's, from RFC 7093 again: section 2, method 1.
fn asked_key_identifier(
    new: &Certificate,
    model: &Certificate,
) -> Result<Option<Vec<u8>>, VerifyError> {
    let (own, old) = (key_bits(new)?, key_bits(model)?);
    Ok((own != old).then(|| {
        Sha256Digest::of(own)
            .as_bytes()
            .iter()
            .copied()
            .take(20)
            .collect()
    }))
}

/// Algorithm identifiers are of no account: a key that stays the same may be written with or without RSA's NULL.
fn key_bits(certificate: &Certificate) -> Result<&[u8], VerifyError> {
    let read = || {
        let mut reader = Element::sole(certificate.public_key_der(), der::SEQUENCE)?.reader();
        reader.expect(der::SEQUENCE)?;
        reader.expect(der::BIT_STRING)?.whole_bits()
    };
    read().map_err(|Malformed| VerifyError::Changed {
        field: "subjectPublicKeyInfo",
    })
}

/// Object identifier and criticality as they are written.
fn before_value(encoding: &[u8]) -> Option<(&[u8], Option<Element<'_>>)> {
    let mut reader = Element::sole(encoding, der::SEQUENCE).ok()?.reader();
    let oid = reader.expect(der::OBJECT_IDENTIFIER).ok()?.encoding;
    Some((oid, reader.optional(der::BOOLEAN).ok()?))
}

/// Whether the names begin with the other's, byte for byte.
fn continues(new: &Extension, model: &Extension) -> bool {
    match (
        Element::sole(&new.value, der::SEQUENCE),
        Element::sole(&model.value, der::SEQUENCE),
    ) {
        (Ok(new), Ok(model)) => new.contents.starts_with(model.contents),
        _ => false,
    }
}

fn encodings(certificate: &Certificate) -> Result<Vec<&[u8]>, VerifyError> {
    fields(certificate).map(|fields| fields.extensions.unwrap_or_default())
}

fn fields(certificate: &Certificate) -> Result<ToBeSigned<'_>, VerifyError> {
    ToBeSigned::of_certificate(certificate.der())
        .map_err(|Malformed| VerifyError::Changed { field: "structure" })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::pki::openssl::OpenSsl;
    use crate::pki::{
        AlternativeName, Authority, KeyAlgorithm, PrivateKey, SerialNumber, Validity, generate,
        reissue, verify_reissued,
    };

    /// An authority, its key once more to forge with, and dates for everything.
    struct Case {
        openssl: OpenSsl,
        authority: Authority,
        key: PrivateKey,
        validity: Validity,
    }

    impl Case {
        fn new() -> Self {
            let openssl = OpenSsl::new();
            let authority = openssl.authority("ca", "/CN=ca");
            let key = PrivateKey::from_pem(&openssl.read("ca.key"), None).unwrap();
            let certificate = authority.certificate();
            let start = certificate.not_before();
            let validity =
                Validity::starting_at(start, Duration::from_hours(24), Some(certificate));
            Self {
                openssl,
                authority,
                key,
                validity,
            }
        }

        fn made(&self, model: &Certificate, revision: &Revision<'_>) -> Certificate {
            let serial = SerialNumber::random().unwrap();
            reissue(model, &self.authority, &self.validity, &serial, revision).unwrap()
        }

        /// The certificate with other fields, properly signed.
        fn forged<'a>(
            &self,
            certificate: &'a Certificate,
            change: impl FnOnce(&mut ToBeSigned<'a>),
        ) -> Certificate {
            let mut fields = ToBeSigned::of_certificate(certificate.der()).unwrap();
            change(&mut fields);
            Certificate::from_der(&fields.sign(&self.key).unwrap()).unwrap()
        }

        fn verify(
            &self,
            new: &Certificate,
            model: &Certificate,
            revision: &Revision<'_>,
        ) -> Result<(), VerifyError> {
            let authority = self.authority.certificate();
            verify_reissued(new, model, authority, &self.validity, revision)
        }
    }

    fn extension_changed(oid: &str) -> Result<(), VerifyError> {
        Err(VerifyError::ExtensionChanged {
            oid: oid.to_owned(),
        })
    }

    fn wrong_names(missing: &str, surplus: &str) -> Result<(), VerifyError> {
        Err(VerifyError::AlternativeNames {
            missing: missing.to_owned(),
            surplus: surplus.to_owned(),
        })
    }

    #[test]
    fn a_name_too_few_too_many_or_in_another_place_is_found() {
        let case = Case::new();
        let names: Vec<AlternativeName> = ["a", "b", "192.0.2.1"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        let backwards: Vec<AlternativeName> = names.iter().rev().cloned().collect();
        let asked = |additional_names| Revision {
            public_key: None,
            additional_names,
        };
        for extensions in ["subjectAltName=DNS:a", "keyUsage=digitalSignature", ""] {
            let model = case.openssl.leaf("ca", extensions);
            let all = case.made(&model, &asked(&names));
            assert_eq!(case.verify(&all, &model, &asked(&names)), Ok(()));
            assert_eq!(
                case.verify(&all, &model, &asked(&names[..2])),
                wrong_names("none", "IP:192.0.2.1")
            );
            let few = case.made(&model, &asked(&names[..2]));
            assert_eq!(
                case.verify(&few, &model, &asked(&names)),
                wrong_names("IP:192.0.2.1", "none")
            );
            assert_eq!(
                case.verify(&all, &model, &asked(&backwards)),
                wrong_names("none", "none")
            );
            let unasked = case.verify(&all, &model, &asked(&[]));
            assert!(unasked.is_err(), "{unasked:?}");
        }
    }

    #[test]
    fn another_criticality_version_or_order_beside_new_names_is_found() {
        let case = Case::new();
        let names = ["b".parse().unwrap()];
        let revision = Revision {
            public_key: None,
            additional_names: &names,
        };
        let model = case
            .openssl
            .leaf("ca", "subjectAltName=DNS:a\nkeyUsage=digitalSignature");
        let critical = case.openssl.sign_leaf(
            "ca",
            "subjectAltName=critical,DNS:a\nkeyUsage=digitalSignature",
            "",
        );
        let other =
            case.openssl
                .sign_leaf("ca", "subjectAltName=DNS:a\nkeyUsage=keyEncipherment", "");
        for (made_of, oid) in [(&critical, "2.5.29.17"), (&other, "2.5.29.15")] {
            let new = case.made(made_of, &revision);
            assert_eq!(case.verify(&new, &model, &revision), extension_changed(oid));
        }
        let bare = case
            .openssl
            .sign_leaf("ca", "keyUsage=digitalSignature", "");
        let new = case.made(&bare, &revision);
        let first = case.forged(&new, |fields| {
            fields.extensions.as_mut().unwrap().reverse();
        });
        assert_eq!(
            case.verify(&first, &bare, &revision),
            extension_changed("2.5.29.15")
        );
        let nameless = case
            .openssl
            .sign_leaf("ca", "keyUsage=digitalSignature", " -subj /");
        let uncritical = case.forged(&new, |fields| fields.subject = &[der::SEQUENCE, 0]);
        assert_eq!(
            case.verify(&uncritical, &nameless, &revision),
            extension_changed("2.5.29.17")
        );
        let version_1 = case.openssl.sign_leaf("ca", "", "");
        let new = case.made(&version_1, &revision);
        let still_1 = case.forged(&new, |fields| fields.version = None);
        let field = "version";
        assert_eq!(
            case.verify(&still_1, &version_1, &revision),
            Err(VerifyError::Changed { field })
        );
    }

    #[test]
    fn another_key_than_the_one_asked_for_or_the_old_ones_identifier_is_found() {
        let case = Case::new();
        let model = case.openssl.leaf("ca", "subjectAltName=DNS:a");
        case.openssl.write(
            "extensions",
            "subjectKeyIdentifier=hash\nsubjectAltName=DNS:a\n",
        );
        case.openssl.run("x509 -req -in leaf.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile extensions -out identified.crt");
        let identified = case.openssl.certificate("identified.crt");
        let [one, two] = [(), ()].map(|()| generate(KeyAlgorithm::EcdsaP256).unwrap().private_key);
        let [one, two] = [&one, &two].map(|key| Revision {
            public_key: Some(key.public_key_der()),
            ..Revision::default()
        });
        for model in [&model, &identified] {
            let new = case.made(model, &one);
            assert_eq!(case.verify(&new, model, &one), Ok(()));
            let field = "subjectPublicKeyInfo";
            assert_eq!(
                case.verify(&new, model, &two),
                Err(VerifyError::NotAsked { field })
            );
            assert_eq!(
                case.verify(&new, model, &Revision::default()),
                Err(VerifyError::Changed { field })
            );
            let unchanged = case.made(model, &Revision::default());
            assert_eq!(
                case.verify(&unchanged, model, &one),
                Err(VerifyError::NotAsked { field })
            );
        }
        let new = case.made(&identified, &one);
        let stale = case.forged(&new, |fields| {
            let old = ToBeSigned::of_certificate(identified.der()).unwrap();
            fields.extensions = old.extensions;
        });
        assert_eq!(
            case.verify(&stale, &identified, &one),
            extension_changed("2.5.29.14")
        );
    }
}
