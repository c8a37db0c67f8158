//! A certificate: its DER, which is the truth, and an owned view of what it says.

use std::fmt;

use time::{OffsetDateTime, UtcOffset};
use x509_parser::certificate::{X509Certificate, X509CertificateParser};
use x509_parser::error::X509Error;
use x509_parser::nom::Parser;
use x509_parser::prelude::FromDer;
use x509_parser::x509::{X509Name, X509Version};

use super::der::{self, Malformed, Reader};
use super::extension::{self, Extension, ExtensionsError};
use super::known_extensions::KnownExtensions;
use super::name::{self, Name};
use super::public_key::PublicKey;
use super::to_be_signed::ToBeSigned;
use super::{
    AlternativeName, CertificateError, KeyAlgorithm, SerialNumber, SignatureCheck, signature,
};
use crate::digest::Sha256Digest;

const COMMON_NAME: &str = "2.5.4.3";
/// keyCertSign, as digitalSignature is the lowest bit (RFC 5280 section 4.2.1.3).
const KEY_CERT_SIGN: u16 = 1 << 5;
/// All nine of that section.
const EVERY_KEY_USAGE: u16 = (1 << 9) - 1;

/// An X.509 certificate (RFC 5280), parsed. Equal when the DER is equal.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    subject_der: Vec<u8>,
    issuer_der: Vec<u8>,
    public_key_der: Vec<u8>,
    subject: String,
    issuer: String,
    common_name: Option<String>,
    serial: SerialNumber,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    algorithm: String,
    extensions: Vec<Extension>,
    known: KnownExtensions,
}

impl Certificate {
    /// Reads one DER certificate.
    ///
    /// Stricter than its parser where splicing needs it: no bytes may be left over anywhere in the outer structure.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let mut reader = Reader::new(der);
        if reader.expect(der::SEQUENCE).is_ok() && !reader.is_empty() {
            return Err(CertificateError::TrailingBytes {
                count: reader.rest().len(),
            });
        }
        let fields = ToBeSigned::of_certificate(der).map_err(malformed("structure"))?;
        let parsed = parse(der)?;
        let subject = Name::read(&parsed.subject).map_err(malformed("subject"))?;
        let issuer = Name::read(&parsed.issuer).map_err(malformed("issuer"))?;
        let public_key =
            PublicKey::read(fields.public_key).map_err(malformed("subjectPublicKeyInfo"))?;
        let extensions = Extension::read_all(fields.extensions.as_deref().unwrap_or_default())
            .map_err(|error| match error {
                ExtensionsError::Malformed => CertificateError::Malformed { part: "extensions" },
                ExtensionsError::Twice { oid } => CertificateError::DuplicateExtension { oid },
            })?;
        Ok(Self {
            der: der.to_vec(),
            subject_der: parsed.subject.as_raw().to_vec(),
            issuer_der: parsed.issuer.as_raw().to_vec(),
            public_key_der: parsed.public_key().raw.to_vec(),
            // Where a name is given several times, Go (and so Kubernetes) takes the last.
            common_name: subject.values(COMMON_NAME).next_back().map(str::to_owned),
            subject: subject.to_text(),
            issuer: issuer.to_text(),
            serial: SerialNumber::from_contents(parsed.raw_serial()),
            not_before: utc(parsed.validity.not_before.to_datetime())?,
            not_after: utc(parsed.validity.not_after.to_datetime())?,
            algorithm: public_key.name(),
            known: KnownExtensions::read(&extensions)
                .map_err(|oid| CertificateError::MalformedExtension { oid })?,
            extensions,
        })
    }

    /// The whole certificate, as it was read.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 of the DER.
    pub fn fingerprint(&self) -> Sha256Digest {
        Sha256Digest::of(&self.der)
    }

    /// The subject as DER: what Go compares, byte by byte.
    pub fn subject_der(&self) -> &[u8] {
        &self.subject_der
    }

    /// The issuer as DER.
    pub fn issuer_der(&self) -> &[u8] {
        &self.issuer_der
    }

    /// The `SubjectPublicKeyInfo` as DER.
    pub fn public_key_der(&self) -> &[u8] {
        &self.public_key_der
    }

    /// The subject in one line, after RFC 4514, with every attribute: `CN=a,O=b+O=c`. Empty when it has none.
    pub fn subject(&self) -> String {
        self.subject.clone()
    }

    /// The issuer in one line, like [`Certificate::subject`].
    pub fn issuer(&self) -> String {
        self.issuer.clone()
    }

    /// The subject's CN: for Kubernetes, the user. Of several the last, as Go takes it.
    pub fn common_name(&self) -> Option<&str> {
        self.common_name.as_deref()
    }

    /// The serial number.
    pub fn serial(&self) -> &SerialNumber {
        &self.serial
    }

    /// The first second of the validity, UTC.
    pub fn not_before(&self) -> OffsetDateTime {
        self.not_before
    }

    /// The last second of the validity, UTC.
    pub fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    /// The names that the certificate is for, with their kind: `DNS:cp-1`, `IP:192.0.2.10`, `URI:…`, `email:…`,
    /// `dirName:…`, `registeredID:OID`, `other:OID`.
    pub fn subject_alternative_names(&self) -> &[String] {
        &self.known.subject_alternative_names
    }

    /// Whether the certificate is good for this name, as Go judges it: listed, or covered by a wildcard for one label. The
    /// subject's CN does not count.
    pub fn has_alternative_name(&self, name: &AlternativeName) -> bool {
        self.subject_alternative_names()
            .iter()
            .any(|entry| name.is_covered_by(entry))
    }

    /// The extended key usages: `serverAuth`, `clientAuth`, `documentSigning`, `any` …, others dotted.
    pub fn extended_key_usages(&self) -> &[String] {
        &self.known.extended_key_usages
    }

    /// Every extension, in order.
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }

    /// The extension of that object identifier, dotted.
    pub fn extension(&self, oid: &str) -> Option<&Extension> {
        self.extensions
            .iter()
            .find(|extension| extension.oid == oid)
    }

    /// The values of an attribute of the subject, dotted, that are text, in order: Kubernetes' groups are those of O (`2.5.4.10`).
    pub fn subject_values(&self, oid: &str) -> Vec<String> {
        let name = X509Name::from_der(&self.subject_der).ok();
        let name = name.and_then(|(_, name)| Name::read(&name).ok());
        name.map_or_else(Vec::new, |name| {
            name.values(oid).map(str::to_owned).collect()
        })
    }

    /// Whether it is of version 3 (RFC 5280 section 4.1.2.1), which alone has extensions.
    pub fn is_version_3(&self) -> bool {
        parse(&self.der).is_ok_and(|parsed| parsed.version() == X509Version::V3)
    }

    /// How many authorities may stand between this one and a leaf (`pathLenConstraint`, RFC 5280 section 4.2.1.9); `None` where
    /// any number may.
    pub fn longest_path(&self) -> Option<usize> {
        let constraints = self.extension(extension::BASIC_CONSTRAINTS)?;
        constraints.longest_path().ok()?
    }

    /// The digest that its signature is made with, where that is one which Go takes no more: MD5 or SHA-1.
    pub fn insecure_signature(&self) -> Option<&'static str> {
        signature::insecure(self)
    }

    /// Why Go does not read this certificate (`crypto/x509` and its parser), where it is one of the reasons that are met: a handshake
    /// with it fails, and no server starts with it. `None` where it does, as far as is known here.
    pub fn unreadable_for_go(&self) -> Option<&'static str> {
        if self.serial.is_negative() {
            return Some("its serial number is negative");
        }
        let names = [&self.subject_der, &self.issuer_der];
        let printable = names.into_iter().all(|name| name::is_printable(name));
        (!printable).then_some(
            "a PrintableString of a name has a letter that may not be in one, such as @ or _",
        )
    }

    /// Basic constraints with `CA:TRUE`.
    pub fn is_authority(&self) -> bool {
        self.known.is_authority
    }

    /// The key usage has keyCertSign, or there is none, which allows everything.
    pub fn may_sign_certificates(&self) -> bool {
        self.key_usages() & KEY_CERT_SIGN != 0
    }

    /// Whether its key may do all that the key of `other` may; more is no harm.
    pub fn has_key_usages_of(&self, other: &Certificate) -> bool {
        other.key_usages() & !self.key_usages() == 0
    }

    fn key_usages(&self) -> u16 {
        self.known.key_usages.unwrap_or(EVERY_KEY_USAGE)
    }

    /// The subject key identifier's bytes.
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        self.known.subject_key_identifier.as_deref()
    }

    /// The authority key identifier's keyid bytes; `None` also where it has only issuer and serial number.
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        self.known.authority_key_identifier.as_deref()
    }

    /// The public key's algorithm and size: `RSA-2048`, `ECDSA-P256`, `Ed25519`, as kubeadm spells its five.
    pub fn algorithm(&self) -> String {
        self.algorithm.clone()
    }

    /// Which of kubeadm's five algorithms makes keys of the public key's type and size; `None` if none does.
    pub fn key_algorithm(&self) -> Option<KeyAlgorithm> {
        self.algorithm.parse().ok()
    }

    /// Whether `issuer` issued this certificate: its name and its signature. Dates and purposes are not looked at.
    pub fn check_signature(&self, issuer: &Certificate) -> SignatureCheck {
        signature::check(self, issuer)
    }
}

/// Extensions stay unparsed here: a foreign one that is odd must not make the certificate unreadable.
pub(super) fn parse(der: &[u8]) -> Result<X509Certificate<'_>, CertificateError> {
    X509CertificateParser::new()
        .with_deep_parse_extensions(false)
        .parse(der)
        .map(|(_, certificate)| certificate)
        .map_err(|error| CertificateError::Rejected {
            source: match error {
                x509_parser::nom::Err::Error(source) | x509_parser::nom::Err::Failure(source) => {
                    source
                }
                x509_parser::nom::Err::Incomplete(_) => X509Error::InvalidCertificate,
            },
        })
}

fn malformed(part: &'static str) -> impl Fn(Malformed) -> CertificateError {
    move |Malformed| CertificateError::Malformed { part }
}

fn utc(date: OffsetDateTime) -> Result<OffsetDateTime, CertificateError> {
    date.checked_to_offset(UtcOffset::UTC)
        .ok_or(CertificateError::Malformed { part: "validity" })
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Certificate")
            .field("subject", &self.subject)
            .field("serial", &self.serial)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::PrivateKey;
    use crate::pki::openssl::OpenSsl;

    const EXTENSIONS: &str = "\
basicConstraints=critical,CA:TRUE,pathlen:0
keyUsage=critical,keyCertSign
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid:always
extendedKeyUsage=serverAuth,anyExtendedKeyUsage,1.3.6.1.5.5.7.3.36,1.2.3.4
nameConstraints=permitted;DNS:example.test
certificatePolicies=1.2.3.4
2.999.1=DER:0500
subjectAltName=@names
[names]
DNS=cp-1
IP.1=192.0.2.10
IP.2=2001:db8::1
URI=spiffe://cluster/ns
email=root@example.test
RID=1.2.3.4
otherName=1.2.3.5;UTF8:other
dirName=directory
[directory]
CN=inside
";

    fn certificate(openssl: &OpenSsl) -> Certificate {
        openssl.authority("ca", "/DC=test/DC=example/O=a+O=b/CN=first/CN=last");
        openssl.write("extensions", EXTENSIONS);
        openssl.run("x509 -in ca.crt -signkey ca.key -set_serial 0x00fe -extfile extensions -clrext -out odd.crt");
        openssl.certificate("odd.crt")
    }

    #[test]
    fn it_says_what_openssl_says() {
        let openssl = OpenSsl::new();
        let read = certificate(&openssl);
        let subject = openssl.run("x509 -in odd.crt -noout -subject -nameopt RFC2253");
        // openssl turns round the attributes of a set too; RFC 4514 turns round the sets only.
        let subject = subject.trim().replace("O=b+O=a", "O=a+O=b");
        assert_eq!(subject, format!("subject={}", read.subject()));
        assert_eq!(read.issuer(), read.subject());
        assert_eq!(read.common_name(), Some("last"));
        assert_eq!(read.serial().to_string(), "fe");
        assert_eq!(read.algorithm(), "ECDSA-P256");
        assert!(read.is_authority() && read.may_sign_certificates());
        assert_eq!(
            read.subject_key_identifier(),
            read.authority_key_identifier()
        );
        assert_eq!(
            read.extended_key_usages(),
            ["serverAuth", "any", "documentSigning", "1.2.3.4"]
        );
        let mut names = read.subject_alternative_names().to_vec();
        names.sort();
        assert_eq!(
            names,
            [
                "DNS:cp-1",
                "IP:192.0.2.10",
                "IP:2001:db8::1",
                "URI:spiffe://cluster/ns",
                "dirName:CN=inside",
                "email:root@example.test",
                "other:1.2.3.5",
                "registeredID:1.2.3.4"
            ]
        );
        assert!(read.extensions().iter().any(|one| one.oid == "2.999.1"));
        let fingerprint = openssl.run("x509 -in odd.crt -noout -fingerprint -sha256");
        let digits = fingerprint.trim().replace(':', "").to_lowercase();
        assert!(digits.ends_with(&read.fingerprint().to_string()));
    }

    #[test]
    fn the_public_keys_algorithm_is_named() {
        let openssl = OpenSsl::new();
        for (key, name) in [
            ("rsa:2048", "RSA-2048"),
            ("rsa:1024", "RSA-1024"),
            ("ec -pkeyopt ec_paramgen_curve:P-384", "ECDSA-P384"),
            ("ec -pkeyopt ec_paramgen_curve:P-521", "ECDSA-P521"),
            ("ed25519", "Ed25519"),
            ("ed448", "Ed448"),
            ("rsa-pss", "RSA-PSS"),
            ("rsa:2560", "RSA-2560"),
        ] {
            openssl.run(&format!(
                "req -x509 -newkey {key} -nodes -subj /CN=a -keyout a.key -out a.crt"
            ));
            let certificate = openssl.certificate("a.crt");
            assert_eq!(certificate.algorithm(), name);
            let kubeadms = match name {
                "RSA-2048" => Some(KeyAlgorithm::Rsa2048),
                "ECDSA-P384" => Some(KeyAlgorithm::EcdsaP384),
                _ => None,
            };
            assert_eq!(certificate.key_algorithm(), kubeadms);
            if let Ok(key) = PrivateKey::from_pem(&openssl.read("a.key"), None) {
                assert_eq!(key.algorithm().parse().ok(), kubeadms);
            }
        }
    }

    #[test]
    fn damaged_certificates_are_errors_and_never_panics() {
        let openssl = OpenSsl::new();
        let authority = openssl.authority("signer", "/CN=signer");
        let read = certificate(&openssl);
        for length in 0..read.der().len() {
            assert!(
                Certificate::from_der(&read.der()[..length]).is_err(),
                "at {length}"
            );
        }
        let longer = [read.der(), &[0, 0]].concat();
        assert_eq!(
            Certificate::from_der(&longer),
            Err(CertificateError::TrailingBytes { count: 2 })
        );
        // What is still read after a bit has flipped must survive everything that is done with it.
        let serial = SerialNumber::random().unwrap();
        let validity = super::super::Validity {
            not_before: read.not_before(),
            not_after: read.not_after(),
        };
        let revision = super::super::Revision::default();
        let mut survivors = 0;
        for position in 0..read.der().len() {
            for bit in [0, 4, 7] {
                let mut flipped = read.der().to_vec();
                flipped[position] ^= 1 << bit;
                let Ok(odd) = Certificate::from_der(&flipped) else {
                    continue;
                };
                survivors += 1;
                assert_ne!(
                    odd.check_signature(&read),
                    SignatureCheck::Valid,
                    "{position}.{bit}"
                );
                let _ = (odd.subject(), read.check_signature(&odd));
                let again =
                    super::super::reissue(&odd, &authority, &validity, &serial, &revision).unwrap();
                assert_eq!(again.subject_der(), odd.subject_der());
            }
        }
        assert!(
            survivors > 500,
            "only {survivors} were read: the test has lost its point"
        );
    }

    #[test]
    fn the_same_extension_twice_is_refused() {
        let openssl = OpenSsl::new();
        let read = certificate(&openssl);
        let fields = ToBeSigned::of_certificate(read.der()).unwrap();
        let extensions = fields.extensions.clone().map(|mut all| {
            all.push(all[0]);
            all
        });
        let key = PrivateKey::from_pem(&openssl.read("ca.key"), None).unwrap();
        let twice = ToBeSigned {
            extensions,
            ..fields
        }
        .sign(&key)
        .unwrap();
        assert!(matches!(
            Certificate::from_der(&twice),
            Err(CertificateError::DuplicateExtension { .. })
        ));
    }
}
