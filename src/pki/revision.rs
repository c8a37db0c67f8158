//! What a certificate that is issued again may change besides its dates, serial number and signature.

use super::der::Malformed;
use super::public_key::PublicKey;
use super::{AlternativeName, Certificate};

/// The changes wished for; by default none.
///
/// What follows from them changes too: with another key, a subject key identifier is that of the new key; with names, a
/// certificate is one of version 3, for only those have extensions (RFC 5280 section 4.1.2.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Revision<'a> {
    /// Another key: its public half, a `SubjectPublicKeyInfo` as DER.
    pub public_key: Option<&'a [u8]>,
    /// Names to have besides those of the model. What the model names already is not added again.
    pub additional_names: &'a [AlternativeName],
}

impl<'a> Revision<'a> {
    /// The public key that the new certificate is for.
    pub(super) fn public_key_of(&self, model: &'a Certificate) -> &'a [u8] {
        self.public_key.unwrap_or(model.public_key_der())
    }

    /// The identifier of the new key; `None` if the key stays the same, however the parameters beside it are written.
    pub(super) fn new_key_identifier(
        &self,
        model: &Certificate,
    ) -> Result<Option<Vec<u8>>, Malformed> {
        let Some(public_key) = self.public_key else {
            return Ok(None);
        };
        let (new, old) = (
            PublicKey::read(public_key)?,
            PublicKey::read(model.public_key_der())?,
        );
        Ok((!new.is_same_key(&old)).then(|| new.identifier()))
    }

    /// The names that the model does not list, each once, in the order in which they were asked for. DNS names are compared without
    /// regard to case (RFC 5280 section 7.2), addresses by value.
    pub fn new_names(&self, model: &Certificate) -> Vec<&'a AlternativeName> {
        let mut names: Vec<&AlternativeName> = Vec::new();
        for name in self.additional_names {
            let is_listed = model
                .subject_alternative_names()
                .iter()
                .any(|entry| name.is_entry(entry));
            if !is_listed
                && !names
                    .iter()
                    .any(|earlier| name.is_entry(&earlier.to_string()))
            {
                names.push(name);
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::pki::openssl::OpenSsl;
    use crate::pki::{
        Authority, InvalidAlternativeName, KeyAlgorithm, PrivateKey, ReissueError, SerialNumber,
        Validity, encode_certificate, generate, reissue, reissue_self_signed, verify_reissued,
    };

    fn names(texts: &[&str]) -> Vec<AlternativeName> {
        let parsed: Result<_, InvalidAlternativeName> =
            texts.iter().map(|text| text.parse()).collect();
        parsed.unwrap()
    }

    fn with_names(additional_names: &[AlternativeName]) -> Revision<'_> {
        Revision {
            public_key: None,
            additional_names,
        }
    }

    fn validity(authority: &Certificate) -> Validity {
        let start = authority.not_before();
        Validity::starting_at(start, Duration::from_hours(24), Some(authority))
    }

    fn again(model: &Certificate, authority: &Authority, revision: &Revision<'_>) -> Certificate {
        let certificate = authority.certificate();
        let (validity, serial) = (validity(certificate), SerialNumber::random().unwrap());
        let new = reissue(model, authority, &validity, &serial, revision).unwrap();
        assert_eq!(
            verify_reissued(&new, model, certificate, &validity, revision),
            Ok(())
        );
        new
    }

    fn self_signed(model: &Certificate, key: &PrivateKey, revision: &Revision<'_>) -> Certificate {
        let (validity, serial) = (validity(model), SerialNumber::random().unwrap());
        let new = reissue_self_signed(model, key, &validity, &serial, revision).unwrap();
        assert_eq!(
            verify_reissued(&new, model, &new, &validity, revision),
            Ok(())
        );
        new
    }

    fn oids(certificate: &Certificate) -> Vec<&str> {
        let extensions = certificate.extensions().iter();
        extensions.map(|one| one.oid.as_str()).collect()
    }

    /// The extension as openssl shows it, criticality and all.
    fn shown(openssl: &OpenSsl, certificate: &Certificate, extension: &str) -> String {
        openssl.write("shown.crt", encode_certificate(certificate));
        openssl.run(&format!("x509 -in shown.crt -noout -ext {extension}"))
    }

    #[test]
    fn names_are_appended_and_what_was_there_stays_byte_for_byte() {
        let openssl = OpenSsl::new();
        let authority = openssl.authority("ca", "/CN=ca");
        for critical in ["", "critical,"] {
            let model = openssl.leaf("ca", &format!("keyUsage=critical,digitalSignature\nsubjectAltName={critical}DNS:CP-1,URI:spiffe://a,IP:192.0.2.1\nextendedKeyUsage=serverAuth"));
            let wished = names(&["cp-1", "IP:192.0.2.1", "cp-2", "2001:db8::1", "DNS:cp-2"]);
            let new = again(&model, &authority, &with_names(&wished));
            assert_eq!(
                new.subject_alternative_names(),
                [
                    "DNS:CP-1",
                    "URI:spiffe://a",
                    "IP:192.0.2.1",
                    "DNS:cp-2",
                    "IP:2001:db8::1"
                ]
            );
            assert_eq!(oids(&new), oids(&model));
            assert_eq!(new.extensions()[0], model.extensions()[0]);
            assert_eq!(new.extensions()[2], model.extensions()[2]);
            let (old, revised) = (&model.extensions()[1], &new.extensions()[1]);
            assert_eq!(revised.critical, !critical.is_empty());
            // Both are shorter than 128 bytes: tag and length are two.
            assert!(revised.value[2..].starts_with(&old.value[2..]));
            let text = shown(&openssl, &new, "subjectAltName");
            assert_eq!(text.contains("critical"), !critical.is_empty());
            assert!(text.contains("DNS:CP-1, URI:spiffe://a, IP Address:192.0.2.1, DNS:cp-2, IP Address:2001:DB8:0:0:0:0:0:1"), "{text}");
            openssl.run("verify -CAfile ca.crt -verify_hostname cp-2 shown.crt");
            let once_more = again(&new, &authority, &with_names(&wished));
            assert_eq!(once_more.extensions(), new.extensions());
        }
    }

    #[test]
    fn a_certificate_without_names_gets_them_at_its_end() {
        let openssl = OpenSsl::new();
        let authority = openssl.authority("ca", "/CN=ca");
        let wished = names(&["cp-1"]);
        let version_1 = openssl.leaf("ca", "");
        let with_usage = openssl.sign_leaf("ca", "keyUsage=digitalSignature", "");
        let nameless = openssl.sign_leaf("ca", "keyUsage=digitalSignature", " -subj /");
        assert_eq!(nameless.subject(), "");
        for (model, critical) in [(&version_1, false), (&with_usage, false), (&nameless, true)] {
            let new = again(model, &authority, &with_names(&wished));
            let kept = model.extensions().len();
            assert_eq!(&new.extensions()[..kept], model.extensions());
            assert_eq!(oids(&new)[kept..], ["2.5.29.17"]);
            let text = shown(&openssl, &new, "subjectAltName");
            assert_eq!(text.contains("critical"), critical, "{text}");
            openssl.run("verify -CAfile ca.crt -verify_hostname cp-1 shown.crt");
            let text = openssl.run("x509 -in shown.crt -noout -text");
            assert!(text.contains("Version: 3"), "{text}");
        }
    }

    /// As Go has it since 1.25; openssl's own are of SHA-1.
    fn identifier_by_openssl(openssl: &OpenSsl, certificate: &Certificate) -> Vec<u8> {
        // An uncompressed point of P-256 is the end of a SubjectPublicKeyInfo.
        let public_key = certificate.public_key_der();
        openssl.write("point", &public_key[public_key.len() - 65..]);
        openssl.run("dgst -sha256 -binary -out digest point");
        openssl.read("digest")[..20].to_vec()
    }

    #[test]
    fn another_key_brings_its_identifier_to_the_old_ones_place() {
        let openssl = OpenSsl::new();
        let authority = openssl.authority("ca", "/CN=ca");
        let key = generate(KeyAlgorithm::EcdsaP256).unwrap().private_key;
        let revision = Revision {
            public_key: Some(key.public_key_der()),
            ..Revision::default()
        };
        openssl.run("req -newkey rsa:2048 -nodes -subj /CN=leaf -keyout leaf.key -out leaf.csr");
        openssl.write("extensions", "keyUsage=digitalSignature\nsubjectKeyIdentifier=critical,hash\nsubjectAltName=DNS:a\nauthorityKeyIdentifier=keyid\n");
        openssl.run("x509 -req -in leaf.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile extensions -out leaf.crt");
        let model = openssl.certificate("leaf.crt");
        let new = again(&model, &authority, &revision);
        assert!(key.fits(&new));
        assert_eq!(oids(&new), oids(&model));
        for (place, extension) in new.extensions().iter().enumerate() {
            let is_kept = *extension == model.extensions()[place];
            assert_eq!(is_kept, extension.oid != "2.5.29.14");
        }
        assert!(new.extensions()[1].critical);
        assert_eq!(
            new.subject_key_identifier(),
            Some(identifier_by_openssl(&openssl, &new).as_slice())
        );
        openssl.write("new.crt", encode_certificate(&new));
        openssl.run("verify -ignore_critical -CAfile ca.crt new.crt");
        // None is invented, and none changes with the key that is there.
        let bare = openssl.sign_leaf("ca", "subjectAltName=DNS:a", "");
        let new = again(&bare, &authority, &revision);
        assert_eq!(new.extensions(), bare.extensions());
        let same = Revision {
            public_key: Some(model.public_key_der()),
            ..Revision::default()
        };
        assert_eq!(
            again(&model, &authority, &same).extensions(),
            model.extensions()
        );
    }

    #[test]
    fn a_self_signed_certificate_with_another_key_names_it_as_its_authority() {
        let openssl = OpenSsl::new();
        openssl.run("req -x509 -newkey rsa:2048 -nodes -subj /CN=cp-1@1700000000 -addext subjectAltName=DNS:cp-1 -keyout a.key -out a.crt");
        let model = openssl.certificate("a.crt");
        assert!(model.authority_key_identifier().is_some());
        let key = generate(KeyAlgorithm::EcdsaP256).unwrap().private_key;
        let wished = names(&["cp-2"]);
        let revision = Revision {
            public_key: Some(key.public_key_der()),
            additional_names: &wished,
        };
        let new = self_signed(&model, &key, &revision);
        assert_eq!(oids(&new), oids(&model));
        let identifier = identifier_by_openssl(&openssl, &new);
        assert_eq!(new.subject_key_identifier(), Some(identifier.as_slice()));
        assert_eq!(new.authority_key_identifier(), Some(identifier.as_slice()));
        openssl.write("new.crt", encode_certificate(&new));
        openssl
            .run("verify -x509_strict -check_ss_sig -CAfile new.crt -verify_hostname cp-2 new.crt");
        let old = PrivateKey::from_pem(&openssl.read("a.key"), None).unwrap();
        let serial = SerialNumber::random().unwrap();
        for (key, revision) in [(&old, &revision), (&key, &Revision::default())] {
            let refused = reissue_self_signed(&model, key, &validity(&model), &serial, revision);
            assert!(matches!(refused, Err(ReissueError::KeyMismatch { .. })));
        }
    }

    #[test]
    fn an_authority_again_with_its_key_is_still_the_issuer_of_its_leaves() {
        let openssl = OpenSsl::new();
        for key_identifiers in [
            // openssl's own way; kubeadm's and cert-manager's; Go's when asked for neither; the whole of what there is.
            "subjectKeyIdentifier=hash -addext authorityKeyIdentifier=keyid:always",
            "subjectKeyIdentifier=hash -addext authorityKeyIdentifier=none",
            "subjectKeyIdentifier=none -addext authorityKeyIdentifier=none",
            "subjectKeyIdentifier=hash -addext authorityKeyIdentifier=keyid:always,issuer:always",
        ] {
            openssl.run(&format!("req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=kubernetes -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,digitalSignature,keyEncipherment,keyCertSign -addext subjectAltName=DNS:kubernetes -addext {key_identifiers} -keyout ca.key -out ca.crt"));
            let model = openssl.certificate("ca.crt");
            let identifier = match model.subject_key_identifier() {
                Some(_) => "authorityKeyIdentifier=keyid",
                None => "keyUsage=digitalSignature",
            };
            openssl.leaf("ca", identifier);
            let key = PrivateKey::from_pem(&openssl.read("ca.key"), None).unwrap();
            let new = self_signed(&model, &key, &Revision::default());
            assert!(new.is_authority() && new.may_sign_certificates());
            assert_eq!(new.subject_key_identifier(), model.subject_key_identifier());
            assert_eq!(oids(&new), oids(&model));
            for (place, extension) in new.extensions().iter().enumerate() {
                assert!(
                    *extension == model.extensions()[place] || extension.oid == "2.5.29.35",
                    "{extension:?}"
                );
            }
            openssl.write("new.crt", encode_certificate(&new));
            openssl.run("verify -check_ss_sig -CAfile new.crt leaf.crt");
            let now = new.not_before();
            assert!(Authority::new(&[new], key, now).is_ok());
        }
    }

    #[test]
    fn what_is_no_key_or_no_name_is_refused() {
        let openssl = OpenSsl::new();
        let authority = openssl.authority("ca", "/CN=ca");
        let model = openssl.leaf("ca", "subjectAltName=DNS:a");
        let (validity, serial) = (
            validity(authority.certificate()),
            SerialNumber::random().unwrap(),
        );
        let refusal = |revision: &Revision<'_>| {
            reissue(&model, &authority, &validity, &serial, revision).unwrap_err()
        };
        let no_key = Revision {
            public_key: Some(&[0x30, 0x00]),
            ..Revision::default()
        };
        assert!(matches!(refusal(&no_key), ReissueError::PublicKey { .. }));
        let unparsed = [AlternativeName::Dns("a b".to_owned())];
        assert!(matches!(
            refusal(&with_names(&unparsed)),
            ReissueError::Name { .. }
        ));
    }
}
