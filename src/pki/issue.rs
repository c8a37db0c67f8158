//! A fresh certificate from a specification: for drills, and for the journal's key.
//!
//! rcgen writes the extensions; the names and the public key are spliced in (see `reissue.rs` for why).

use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, IsCa, KeyIdMethod,
    SanType,
};

use super::der::Malformed;
use super::draft::draft;
use super::public_key::PublicKey;
use super::to_be_signed::ToBeSigned;
use super::{
    Authority, Certificate, CertificateError, DraftError, KeyError, PrivateKey, SerialNumber,
    Specification, Validity, der,
};

/// Why no certificate could be issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// DNS names are ASCII; others are written in Punycode.
    #[error("`{name}` is not a DNS name")]
    DnsName {
        /// The name asked for.
        name: String,
    },
    /// The public key is not a `SubjectPublicKeyInfo`.
    #[error("the public key cannot be read")]
    PublicKey,
    /// The fields cannot be written.
    #[error("the certificate cannot be drafted")]
    Draft {
        /// The reason.
        #[source]
        source: DraftError,
    },
    /// The key does not sign.
    #[error("the certificate cannot be signed")]
    Signing {
        /// The reason.
        #[source]
        source: KeyError,
    },
    /// What came out is not a certificate: a defect, found before anything is written.
    #[error("the new certificate cannot be read back")]
    Unreadable {
        /// The reason.
        #[source]
        source: CertificateError,
    },
}

/// A leaf certificate (critical `CA:FALSE`) for `public_key_der`, a `SubjectPublicKeyInfo`, signed by `authority`.
pub fn issue(
    specification: &Specification,
    public_key_der: &[u8],
    authority: &Authority,
    validity: &Validity,
    serial: &SerialNumber,
) -> Result<Certificate, IssueError> {
    PublicKey::read(public_key_der).map_err(|Malformed| IssueError::PublicKey)?;
    let mut parameters = parameters(specification)?;
    let mut constraints =
        CustomExtension::from_oid_content(&[2, 5, 29, 19], der::encode(der::SEQUENCE, &[]));
    constraints.set_criticality(true);
    parameters.custom_extensions.push(constraints);
    let certificate = authority.certificate();
    let draft = draft(
        parameters,
        certificate.subject_key_identifier(),
        authority.key(),
        validity,
        serial,
    )
    .map_err(|source| IssueError::Draft { source })?;
    splice(
        &draft,
        &specification.subject_der(),
        certificate.subject_der(),
        public_key_der,
        authority.key(),
    )
}

/// A self-signed authority like kubeadm's: `CA:TRUE` and a subject key identifier beside what is specified.
pub fn issue_authority(
    specification: &Specification,
    key: &PrivateKey,
    validity: &Validity,
    serial: &SerialNumber,
) -> Result<Certificate, IssueError> {
    let mut parameters = parameters(specification)?;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let public_key =
        PublicKey::read(key.public_key_der()).map_err(|Malformed| IssueError::PublicKey)?;
    parameters.key_identifier_method = KeyIdMethod::PreSpecified(public_key.identifier());
    let draft = draft(parameters, None, key, validity, serial)
        .map_err(|source| IssueError::Draft { source })?;
    let subject = specification.subject_der();
    splice(&draft, &subject, &subject, key.public_key_der(), key)
}

fn parameters(specification: &Specification) -> Result<CertificateParams, IssueError> {
    let mut parameters = CertificateParams::default();
    if specification.subject.is_empty() {
        // Then the alternative names are critical (RFC 5280 section 4.2.1.6).
        parameters.distinguished_name = DistinguishedName::new();
    }
    parameters.key_usages = specification
        .key_usages
        .iter()
        .map(|usage| usage.purpose())
        .collect();
    for name in &specification.dns_names {
        let ascii = Ia5String::try_from(name.as_str())
            .map_err(|_| IssueError::DnsName { name: name.clone() })?;
        parameters.subject_alt_names.push(SanType::DnsName(ascii));
    }
    parameters.subject_alt_names.extend(
        specification
            .ip_addresses
            .iter()
            .copied()
            .map(SanType::IpAddress),
    );
    if !specification.extended_key_usages.is_empty() {
        // rcgen's own never are critical.
        let mut usages = CustomExtension::from_oid_content(
            &[2, 5, 29, 37],
            specification.extended_key_usages_der(),
        );
        usages.set_criticality(specification.extended_key_usages_critical);
        parameters.custom_extensions.push(usages);
    }
    Ok(parameters)
}

fn splice(
    draft: &[u8],
    subject: &[u8],
    issuer: &[u8],
    public_key: &[u8],
    key: &PrivateKey,
) -> Result<Certificate, IssueError> {
    let unreadable = |source| IssueError::Unreadable { source };
    let drafted = ToBeSigned::of_certificate(draft)
        .map_err(|Malformed| unreadable(CertificateError::Malformed { part: "structure" }))?;
    let der = ToBeSigned {
        issuer,
        subject,
        public_key,
        ..drafted
    }
    .sign(key)
    .map_err(|source| IssueError::Signing { source })?;
    Certificate::from_der(&der).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::openssl::OpenSsl;
    use crate::pki::{
        Attribute, ExtendedKeyUsage, KeyAlgorithm, KeyUsage, encode_certificate, generate,
    };
    use std::time::Duration;
    use time::macros::datetime;

    fn kubeadm_authority(openssl: &OpenSsl) -> Authority {
        let now = datetime!(2026-11-24 00:00 UTC);
        let key = generate(KeyAlgorithm::EcdsaP256).unwrap().private_key;
        let specification = Specification {
            subject: vec![(Attribute::CommonName, "kubernetes".to_owned())],
            dns_names: vec!["kubernetes".to_owned()],
            key_usages: vec![
                KeyUsage::DigitalSignature,
                KeyUsage::KeyEncipherment,
                KeyUsage::CertificateSign,
            ],
            ..Specification::default()
        };
        let validity = Validity::starting_at(now, Duration::from_hours(87600), None);
        let serial = SerialNumber::random().unwrap();
        let certificate = issue_authority(&specification, &key, &validity, &serial).unwrap();
        openssl.write("ca.crt", encode_certificate(&certificate));
        Authority::new(&[certificate], key, now).unwrap()
    }

    fn issued(openssl: &OpenSsl, specification: &Specification) -> Certificate {
        let authority = kubeadm_authority(openssl);
        let key = PrivateKey::generate_ed25519().unwrap();
        let now = datetime!(2026-11-24 00:00 UTC);
        let validity = Validity::starting_at(now, Duration::from_hours(24), None);
        let serial = SerialNumber::random().unwrap();
        let leaf = issue(
            specification,
            key.public_key_der(),
            &authority,
            &validity,
            &serial,
        )
        .unwrap();
        openssl.write("leaf.crt", encode_certificate(&leaf));
        // RFC 5280 wants a name in one place or the other; the journal's certificate has none, on purpose.
        let strict = if specification.subject.is_empty() && specification.dns_names.is_empty() {
            ""
        } else {
            " -x509_strict"
        };
        openssl.run(&format!(
            "verify -attime 1795500000{strict} -CAfile ca.crt leaf.crt"
        ));
        leaf
    }

    #[test]
    fn an_authority_is_kubeadms() {
        let openssl = OpenSsl::new();
        let authority = kubeadm_authority(&openssl);
        openssl.run("verify -attime 1795500000 -x509_strict -CAfile ca.crt ca.crt");
        let text =
            openssl.run("x509 -in ca.crt -noout -ext basicConstraints,keyUsage,subjectAltName");
        for expected in [
            "Key Usage: critical\n    Digital Signature, Key Encipherment, Certificate Sign\n",
            "Basic Constraints: critical\n    CA:TRUE\n",
            "DNS:kubernetes\n",
        ] {
            assert!(text.contains(expected), "{text}");
        }
        let certificate = authority.certificate();
        assert_eq!(certificate.subject(), "CN=kubernetes");
        assert_eq!(
            certificate.subject_key_identifier().map(<[u8]>::len),
            Some(20)
        );
        assert_eq!(certificate.authority_key_identifier(), None);
    }

    #[test]
    fn a_leaf_says_what_was_specified() {
        let openssl = OpenSsl::new();
        let leaf = issued(
            &openssl,
            &Specification {
                subject: vec![
                    (Attribute::Organization, "system:masters".to_owned()),
                    (Attribute::Organization, "Ünïcode*".to_owned()),
                    (Attribute::CommonName, "kube-apiserver".to_owned()),
                ],
                dns_names: vec!["cp-1".to_owned(), "kubernetes".to_owned()],
                ip_addresses: vec![
                    "192.0.2.10".parse().unwrap(),
                    "2001:db8::1".parse().unwrap(),
                ],
                key_usages: vec![KeyUsage::DigitalSignature, KeyUsage::KeyEncipherment],
                extended_key_usages: vec![
                    ExtendedKeyUsage::ServerAuth,
                    ExtendedKeyUsage::ClientAuth,
                ],
                extended_key_usages_critical: false,
            },
        );
        assert_eq!(leaf.common_name(), Some("kube-apiserver"));
        let subject = leaf.subject();
        for organization in ["O=system:masters", "O=Ünïcode*"] {
            assert!(
                subject.split([',', '+']).any(|one| one == organization),
                "{subject}"
            );
        }
        assert_eq!(
            leaf.subject_alternative_names(),
            [
                "DNS:cp-1",
                "DNS:kubernetes",
                "IP:192.0.2.10",
                "IP:2001:db8::1"
            ]
        );
        assert_eq!(leaf.extended_key_usages(), ["serverAuth", "clientAuth"]);
        assert!(!leaf.is_authority());
        assert!(!leaf.may_sign_certificates());
        assert_eq!(leaf.subject_key_identifier(), None);
        let types = openssl.run("x509 -in leaf.crt -noout -subject -nameopt multiline,show_type");
        assert!(types.contains("UTF8STRING:\\DCn\\EFcode*"), "{types}");
        assert!(types.contains("PRINTABLESTRING:system:masters"), "{types}");
        openssl.run("verify -attime 1795500000 -purpose sslserver -verify_ip 192.0.2.10 -CAfile ca.crt leaf.crt");
    }

    #[test]
    fn a_journal_certificate_has_no_name_and_one_critical_purpose() {
        let openssl = OpenSsl::new();
        let leaf = issued(
            &openssl,
            &Specification {
                key_usages: vec![KeyUsage::DigitalSignature],
                extended_key_usages: vec![ExtendedKeyUsage::DocumentSigning],
                extended_key_usages_critical: true,
                ..Specification::default()
            },
        );
        assert_eq!(leaf.subject(), "");
        assert_eq!(leaf.extended_key_usages(), ["documentSigning"]);
        let usage = leaf.extensions().iter().find(|one| one.oid == "2.5.29.37");
        assert!(usage.unwrap().critical);
        for purpose in ["sslclient", "sslserver"] {
            let (opens_a_door, answer) = openssl.ask(&format!(
                "verify -attime 1795500000 -purpose {purpose} -CAfile ca.crt leaf.crt"
            ));
            assert!(!opens_a_door, "{answer}");
        }
    }

    #[test]
    fn a_name_without_a_subject_is_critical() {
        let openssl = OpenSsl::new();
        let leaf = issued(
            &openssl,
            &Specification {
                dns_names: vec!["cp-1".to_owned()],
                ..Specification::default()
            },
        );
        let names = leaf.extensions().iter().find(|one| one.oid == "2.5.29.17");
        assert!(names.unwrap().critical);
    }

    #[test]
    fn what_cannot_be_written_is_an_error() {
        let openssl = OpenSsl::new();
        let authority = kubeadm_authority(&openssl);
        let validity = Validity::starting_at(datetime!(2026-11-24 00:00 UTC), Duration::ZERO, None);
        let serial = SerialNumber::random().unwrap();
        let try_issue = |names: &[&str], public_key: &[u8], validity: &Validity| {
            let specification = Specification {
                dns_names: names.iter().map(|name| (*name).to_owned()).collect(),
                ..Specification::default()
            };
            issue(&specification, public_key, &authority, validity, &serial).unwrap_err()
        };
        let key = authority.certificate().public_key_der();
        assert!(matches!(
            try_issue(&["ünï"], key, &validity),
            IssueError::DnsName { .. }
        ));
        assert!(matches!(
            try_issue(&[], &key[1..], &validity),
            IssueError::PublicKey
        ));
        for (not_before, not_after) in [
            (
                datetime!(1949-12-31 23:59:59 UTC),
                datetime!(2026-01-01 00:00 UTC),
            ),
            (
                datetime!(2026-01-02 00:00 UTC),
                datetime!(2026-01-01 00:00 UTC),
            ),
            (
                datetime!(2026-01-01 00:00 UTC),
                datetime!(9999-12-31 23:00 -2),
            ),
        ] {
            let odd = Validity {
                not_before,
                not_after,
            };
            assert!(
                matches!(try_issue(&[], key, &odd), IssueError::Draft { .. }),
                "{odd:?}"
            );
        }
    }
}
