//! The same certificate again, with new dates, serial number and signature: every other byte is kept, unless a revision
//! asks for another key or more names.
//!
//! What is new is written by rcgen; what is kept is spliced in as the bytes it was. Names cannot go through rcgen: its
//! names hold each attribute once, so a second O (a Kubernetes group) would vanish without an error.

use rcgen::CertificateParams;

use super::authority_key_identifier::AuthorityIdentity;
use super::der::Malformed;
use super::draft::draft;
use super::revised_extensions::ExtensionChanges;
use super::to_be_signed::ToBeSigned;
use super::{
    AlternativeName, Authority, Certificate, CertificateError, DraftError, InvalidAlternativeName,
    KeyError, PrivateKey, Revision, SerialNumber, Validity,
};

/// Why a certificate could not be issued again.
#[derive(Debug, thiserror::Error)]
pub enum ReissueError {
    /// A self-signed certificate is signed with its own key, and this is another.
    #[error("the private key is not that of the certificate of {subject}")]
    KeyMismatch {
        /// Whose certificate it is.
        subject: String,
    },
    /// What was given as a new public key is not a `SubjectPublicKeyInfo`.
    #[error("the new public key of the certificate of {subject} cannot be read")]
    PublicKey {
        /// Whose certificate it is.
        subject: String,
    },
    /// What was given as another name is not one.
    #[error("the certificate of {subject} cannot have another name")]
    Name {
        /// Whose certificate it is.
        subject: String,
        /// The reason.
        #[source]
        source: InvalidAlternativeName,
    },
    /// The new fields cannot be written.
    #[error("the certificate of {subject} cannot be drafted")]
    Draft {
        /// Whose certificate it is.
        subject: String,
        /// The reason.
        #[source]
        source: DraftError,
    },
    /// The key does not sign.
    #[error("the certificate of {subject} cannot be signed")]
    Signing {
        /// Whose certificate it is.
        subject: String,
        /// The reason.
        #[source]
        source: KeyError,
    },
    /// What came out is not a certificate: a defect, found before anything is written.
    #[error("the new certificate of {subject} cannot be read back")]
    Unreadable {
        /// Whose certificate it is.
        subject: String,
        /// The reason.
        #[source]
        source: CertificateError,
    },
}

/// The `model` again, signed by `authority`.
///
/// Version, subject, public key, unique identifiers and extensions stay byte for byte, but for what the `revision` asks
/// for. Only an authority key identifier that does not name this authority changes: it is rebuilt in its place from the
/// authority's subject key identifier, or left out if the authority has none. The signature algorithm is that of the
/// authority's key.
pub fn reissue(
    model: &Certificate,
    authority: &Authority,
    validity: &Validity,
    serial: &SerialNumber,
    revision: &Revision<'_>,
) -> Result<Certificate, ReissueError> {
    let certificate = authority.certificate();
    let signer = Signer {
        subject: certificate.subject_der(),
        identity: AuthorityIdentity::of(certificate),
        key: authority.key(),
    };
    splice(model, &signer, validity, serial, revision)
}

/// The `model` again, signed with its own key: its issuer becomes its subject. For the kubelet's serving pair, and for
/// authorities.
///
/// The `key` is that of the model, or the one whose public half the `revision` has.
pub fn reissue_self_signed(
    model: &Certificate,
    key: &PrivateKey,
    validity: &Validity,
    serial: &SerialNumber,
    revision: &Revision<'_>,
) -> Result<Certificate, ReissueError> {
    if !key.has_public_key(revision.public_key_of(model)) {
        return Err(ReissueError::KeyMismatch {
            subject: model.subject(),
        });
    }
    let key_identifier = new_key_identifier(model, revision)?;
    let own = model.subject_key_identifier();
    let signer = Signer {
        subject: model.subject_der(),
        identity: AuthorityIdentity {
            // A new key gives no identifier to a model that has none.
            key_identifier: own.map(|own| key_identifier.as_deref().unwrap_or(own)),
            issuer: model.subject_der(),
            serial,
        },
        key,
    };
    splice(model, &signer, validity, serial, revision)
}

/// Who signs, and what an authority key identifier may say of it.
struct Signer<'a> {
    subject: &'a [u8],
    identity: AuthorityIdentity<'a>,
    key: &'a PrivateKey,
}

fn new_key_identifier(
    model: &Certificate,
    revision: &Revision<'_>,
) -> Result<Option<Vec<u8>>, ReissueError> {
    let identifier = revision.new_key_identifier(model);
    identifier.map_err(|Malformed| ReissueError::PublicKey {
        subject: model.subject(),
    })
}

fn splice(
    model: &Certificate,
    signer: &Signer<'_>,
    validity: &Validity,
    serial: &SerialNumber,
    revision: &Revision<'_>,
) -> Result<Certificate, ReissueError> {
    let subject = || model.subject();
    let unreadable = |source| ReissueError::Unreadable {
        subject: subject(),
        source,
    };
    let structure = |Malformed| unreadable(CertificateError::Malformed { part: "structure" });
    let key_identifier = new_key_identifier(model, revision)?;
    let names = revision.new_names(model);
    for name in &names {
        // Whoever made it may not have parsed it.
        name.to_string()
            .parse::<AlternativeName>()
            .map_err(|source| ReissueError::Name {
                subject: subject(),
                source,
            })?;
    }
    let draft = draft(
        CertificateParams::default(),
        signer.identity.key_identifier,
        signer.key,
        validity,
        serial,
    )
    .map_err(|source| ReissueError::Draft {
        subject: subject(),
        source,
    })?;
    let new = ToBeSigned::of_certificate(&draft).map_err(structure)?;
    let kept = ToBeSigned::of_certificate(model.der()).map_err(structure)?;
    let changes = ExtensionChanges {
        authority: &signer.identity,
        // The draft's one extension, if the authority has a key identifier to give.
        authority_key_identifier: new
            .extensions
            .and_then(|extensions| extensions.first().copied()),
        key_identifier: key_identifier.as_deref(),
        names: &names,
    };
    let extensions = changes
        .apply(model, kept.extensions.as_deref())
        .map_err(|Malformed| unreadable(CertificateError::Malformed { part: "extensions" }))?;
    let der = ToBeSigned {
        // The draft's version is 3.
        version: if names.is_empty() {
            kept.version
        } else {
            new.version
        },
        serial: new.serial,
        signature_algorithm: new.signature_algorithm,
        issuer: signer.subject,
        validity: new.validity,
        public_key: revision.public_key_of(model),
        extensions: extensions
            .as_ref()
            .map(|extensions| extensions.iter().map(AsRef::as_ref).collect()),
        ..kept
    }
    .sign(signer.key)
    .map_err(|source| ReissueError::Signing {
        subject: subject(),
        source,
    })?;
    Certificate::from_der(&der).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use time::macros::datetime;

    use super::*;
    use crate::pki::openssl::OpenSsl;
    use crate::pki::{SignatureCheck, encode_certificate, verify_reissued};

    const UNCHANGED: Revision<'static> = Revision {
        public_key: None,
        additional_names: &[],
    };

    fn again(openssl: &OpenSsl, model: &Certificate, authority: &Authority) -> Certificate {
        let certificate = authority.certificate();
        let now = certificate.not_before();
        let validity = Validity::starting_at(now, Duration::from_hours(24), Some(certificate));
        let serial = SerialNumber::random().unwrap();
        let new = reissue(model, authority, &validity, &serial, &UNCHANGED).unwrap();
        verify_reissued(&new, model, certificate, &validity, &UNCHANGED).unwrap();
        openssl.write("new.crt", encode_certificate(&new));
        openssl.write("authority.crt", encode_certificate(certificate));
        openssl.run("verify -CAfile authority.crt new.crt");
        new
    }

    fn keyid(certificate: &Certificate) -> &[u8] {
        certificate.subject_key_identifier().unwrap()
    }

    #[test]
    fn a_certificate_without_extensions_stays_one_of_version_1() {
        let openssl = OpenSsl::new();
        let authority = openssl.authority("ca", "/CN=ca");
        let model = openssl.leaf("ca", "");
        assert!(
            openssl
                .run("x509 -in leaf.crt -noout -text")
                .contains("Version: 1")
        );
        let new = again(&openssl, &model, &authority);
        assert!(new.extensions().is_empty());
        assert!(
            openssl
                .run("x509 -in new.crt -noout -text")
                .contains("Version: 1")
        );
    }

    #[test]
    fn dates_past_2049_and_far_away_are_kept_to_the_second() {
        let openssl = OpenSsl::new();
        openssl.run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -days 2000000 -subj /CN=ca -keyout ca.key -out ca.crt");
        let certificate = openssl.certificate("ca.crt");
        let key = PrivateKey::from_pem(&openssl.read("ca.key"), None).unwrap();
        let authority =
            Authority::new(&[certificate], key, datetime!(2030-01-01 00:00 UTC)).unwrap();
        let model = openssl.leaf("ca", "subjectAltName=DNS:cp-1");
        let serial = SerialNumber::random().unwrap();
        for (not_before, not_after, text) in [
            (
                datetime!(2049-12-31 23:59:59 UTC),
                datetime!(2050-01-01 00:00 UTC),
                "notAfter=Jan  1 00:00:00 2050 GMT",
            ),
            (
                datetime!(1950-01-01 00:00 UTC),
                datetime!(9999-12-31 23:59:59 UTC),
                "notAfter=Dec 31 23:59:59 9999 GMT",
            ),
        ] {
            let validity = Validity {
                not_before,
                not_after,
            };
            let new = reissue(&model, &authority, &validity, &serial, &UNCHANGED).unwrap();
            verify_reissued(&new, &model, authority.certificate(), &validity, &UNCHANGED).unwrap();
            openssl.write("new.crt", encode_certificate(&new));
            let dates = openssl.run("x509 -in new.crt -noout -enddate");
            assert_eq!(dates.trim(), text);
        }
    }

    #[test]
    fn a_key_identifier_of_another_authority_is_rebuilt_in_its_place() {
        let openssl = OpenSsl::new();
        let old = openssl.authority("old", "/CN=ca");
        let new_authority = openssl.authority("new", "/CN=ca");
        let model = openssl.leaf("old",
            "subjectAltName=DNS:a\nauthorityKeyIdentifier=keyid,issuer:always\nkeyUsage=digitalSignature",
        );
        assert_eq!(
            again(&openssl, &model, &old).extensions(),
            model.extensions()
        );
        let new = again(&openssl, &model, &new_authority);
        assert_eq!(
            new.authority_key_identifier(),
            Some(keyid(new_authority.certificate()))
        );
        let oids = |certificate: &Certificate| {
            certificate
                .extensions()
                .iter()
                .map(|one| one.oid.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(oids(&new), oids(&model));
        assert_eq!(new.extensions()[0], model.extensions()[0]);
        assert_eq!(new.extensions()[2], model.extensions()[2]);
    }

    #[test]
    fn issuer_and_serial_number_are_kept_only_while_they_are_true() {
        let openssl = OpenSsl::new();
        openssl.run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -subj /CN=ca -addext subjectKeyIdentifier=none -keyout ca.key -out ca.crt");
        let authority = |file: &str| {
            let certificate = openssl.certificate(file);
            let key = PrivateKey::from_pem(&openssl.read("ca.key"), None).unwrap();
            let now = certificate.not_before();
            Authority::new(&[certificate], key, now).unwrap()
        };
        let first = authority("ca.crt");
        assert_eq!(first.certificate().subject_key_identifier(), None);
        let model = openssl.leaf("ca", "authorityKeyIdentifier=issuer\nsubjectAltName=DNS:a");
        assert_eq!(model.authority_key_identifier(), None);
        assert_eq!(
            again(&openssl, &model, &first).extensions(),
            model.extensions()
        );
        // The same key with another certificate, still without a key identifier: nothing true can be said.
        openssl.run("req -x509 -key ca.key -days 9 -subj /CN=ca -addext subjectKeyIdentifier=none -out ca2.crt");
        let new = again(&openssl, &model, &authority("ca2.crt"));
        assert_eq!(new.extensions(), &model.extensions()[1..]);
        let only = openssl.leaf("ca", "authorityKeyIdentifier=issuer");
        assert!(
            again(&openssl, &only, &authority("ca2.crt"))
                .extensions()
                .is_empty()
        );
        // And with a key identifier.
        openssl.run("req -x509 -key ca.key -days 9 -subj /CN=ca -out ca3.crt");
        let third = authority("ca3.crt");
        let new = again(&openssl, &model, &third);
        assert_eq!(
            new.authority_key_identifier(),
            Some(keyid(third.certificate()))
        );
    }

    #[test]
    fn a_self_signed_certificate_signs_itself_again() {
        let openssl = OpenSsl::new();
        for (identifiers, survives) in [
            (
                "subjectKeyIdentifier=hash -addext authorityKeyIdentifier=keyid:always",
                true,
            ),
            (
                "subjectKeyIdentifier=none -addext authorityKeyIdentifier=none",
                false,
            ),
        ] {
            openssl.run(&format!("req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=cp-1@1700000000 -addext subjectAltName=DNS:cp-1 -addext {identifiers} -keyout kubelet.key -out kubelet.crt"));
            let model = openssl.certificate("kubelet.crt");
            let key = PrivateKey::from_pem(&openssl.read("kubelet.key"), None).unwrap();
            let validity =
                Validity::starting_at(model.not_before(), Duration::from_hours(24), None);
            let serial = SerialNumber::random().unwrap();
            let new = reissue_self_signed(&model, &key, &validity, &serial, &UNCHANGED).unwrap();
            verify_reissued(&new, &model, &new, &validity, &UNCHANGED).unwrap();
            assert_eq!(new.extensions(), model.extensions());
            assert_eq!(new.authority_key_identifier().is_some(), survives);
            openssl.write("new.crt", encode_certificate(&new));
            openssl.run("verify -CAfile new.crt new.crt");
        }
        let other = PrivateKey::generate_ed25519().unwrap();
        let model = openssl.certificate("kubelet.crt");
        let validity = Validity::starting_at(model.not_before(), Duration::from_hours(24), None);
        let refused = reissue_self_signed(
            &model,
            &other,
            &validity,
            &SerialNumber::random().unwrap(),
            &UNCHANGED,
        );
        assert!(matches!(refused, Err(ReissueError::KeyMismatch { .. })));
    }

    /// The kubelet makes its serving certificate with a throw-away authority whose identifier it names.
    #[test]
    fn a_serving_certificate_of_a_lost_authority_becomes_its_own_issuer() {
        let openssl = OpenSsl::new();
        openssl.authority("lost", "/CN=cp-1-ca@1700000000");
        let model = openssl.leaf(
            "lost",
            "authorityKeyIdentifier=keyid\nsubjectAltName=DNS:cp-1",
        );
        openssl.run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=cp-1 -keyout leaf.key -out unused.crt");
        openssl.run("req -new -key leaf.key -subj /CN=cp-1 -out leaf.csr");
        openssl.run("x509 -req -in leaf.csr -CA lost.crt -CAkey lost.key -CAcreateserial -days 1 -extfile extensions -out leaf.crt");
        assert!(model.authority_key_identifier().is_some());
        let model = openssl.certificate("leaf.crt");
        let key = PrivateKey::from_pem(&openssl.read("leaf.key"), None).unwrap();
        let validity = Validity::starting_at(model.not_before(), Duration::from_hours(24), None);
        let new = reissue_self_signed(
            &model,
            &key,
            &validity,
            &SerialNumber::random().unwrap(),
            &UNCHANGED,
        )
        .unwrap();
        verify_reissued(&new, &model, &new, &validity, &UNCHANGED).unwrap();
        assert_eq!(new.authority_key_identifier(), None);
        assert_eq!(new.check_signature(&new), SignatureCheck::Valid);
    }
}
