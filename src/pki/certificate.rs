//! A certificate: its DER, which is the truth, and an owned view of what it says.

use std::fmt;

use time::{OffsetDateTime, UtcOffset};
use x509_parser::certificate::{X509Certificate, X509CertificateParser};
use x509_parser::error::X509Error;
use x509_parser::nom::Parser;

use super::der::{self, Malformed, Reader};
use super::extension::{self, Extension};
use super::name::Name;
use super::public_key::PublicKey;
use super::to_be_signed::ToBeSigned;
use super::{SerialNumber, SignatureCheck, signature};
use crate::digest::Sha256Digest;

const COMMON_NAME: &str = "2.5.4.3";
const ORGANIZATION: &str = "2.5.4.10";

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
    organizations: Vec<String>,
    serial: SerialNumber,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    algorithm: String,
    extensions: Vec<Extension>,
    known: KnownExtensions,
}

/// What the extensions that this program knows say.
#[derive(Clone, Default)]
struct KnownExtensions {
    subject_alternative_names: Vec<String>,
    extended_key_usages: Vec<String>,
    is_authority: bool,
    may_sign_certificates: Option<bool>,
    subject_key_identifier: Option<Vec<u8>>,
    authority_key_identifier: Option<Vec<u8>>,
}

/// Why bytes are not a certificate that can be worked with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CertificateError {
    /// The bytes are not DER of the form of RFC 5280 section 4.1, or one of its fields is not.
    #[error("not a well-formed X.509 certificate: its {part} cannot be read")]
    Malformed {
        /// The part, in RFC 5280's words.
        part: &'static str,
    },
    /// The structure is a certificate's, but the X.509 parser refuses a value in it.
    #[error("not a well-formed X.509 certificate")]
    Rejected {
        /// The parser's reason.
        #[source]
        source: X509Error,
    },
    /// A whole certificate with something behind it.
    #[error("{count} bytes follow the certificate")]
    TrailingBytes {
        /// How many.
        count: usize,
    },
    /// RFC 5280 section 4.2 allows each extension once; Go, and so Kubernetes, refuses the certificate.
    #[error("the certificate has the extension {oid} twice")]
    DuplicateExtension {
        /// Dotted.
        oid: String,
    },
    /// An extension that this program must understand is not what its RFC says.
    #[error("the certificate's extension {oid} cannot be read")]
    MalformedExtension {
        /// Dotted.
        oid: String,
    },
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
        let extensions = read_extensions(fields.extensions.as_deref().unwrap_or_default())?;
        Ok(Self {
            der: der.to_vec(),
            subject_der: parsed.subject.as_raw().to_vec(),
            issuer_der: parsed.issuer.as_raw().to_vec(),
            public_key_der: parsed.public_key().raw.to_vec(),
            // Where a name is given several times, Go (and so Kubernetes) takes the last.
            common_name: subject.values(COMMON_NAME).next_back().map(str::to_owned),
            organizations: subject.values(ORGANIZATION).map(str::to_owned).collect(),
            subject: subject.to_text(),
            issuer: issuer.to_text(),
            serial: SerialNumber::from_contents(parsed.raw_serial()),
            not_before: utc(parsed.validity.not_before.to_datetime())?,
            not_after: utc(parsed.validity.not_after.to_datetime())?,
            algorithm: public_key.name(),
            known: KnownExtensions::read(&extensions)?,
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

    /// Every O of the subject, in order: for Kubernetes, the groups.
    pub fn organizations(&self) -> &[String] {
        &self.organizations
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

    /// The extended key usages: `serverAuth`, `clientAuth`, `documentSigning`, `any` …, others dotted.
    pub fn extended_key_usages(&self) -> &[String] {
        &self.known.extended_key_usages
    }

    /// Every extension, in order.
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }

    /// Basic constraints with `CA:TRUE`.
    pub fn is_authority(&self) -> bool {
        self.known.is_authority
    }

    /// The key usage has keyCertSign, or there is none, which allows everything.
    pub fn may_sign_certificates(&self) -> bool {
        self.known.may_sign_certificates.unwrap_or(true)
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

fn read_extensions(encodings: &[&[u8]]) -> Result<Vec<Extension>, CertificateError> {
    let mut extensions: Vec<Extension> = Vec::with_capacity(encodings.len());
    for encoding in encodings {
        let extension = Extension::read(encoding).map_err(malformed("extensions"))?;
        if extensions
            .iter()
            .any(|earlier| earlier.oid == extension.oid)
        {
            return Err(CertificateError::DuplicateExtension { oid: extension.oid });
        }
        extensions.push(extension);
    }
    Ok(extensions)
}

impl KnownExtensions {
    fn read(extensions: &[Extension]) -> Result<Self, CertificateError> {
        let mut known = Self::default();
        for extension in extensions {
            known
                .note(extension)
                .map_err(|Malformed| CertificateError::MalformedExtension {
                    oid: extension.oid.clone(),
                })?;
        }
        Ok(known)
    }

    fn note(&mut self, extension: &Extension) -> Result<(), Malformed> {
        match extension.oid.as_str() {
            extension::SUBJECT_ALTERNATIVE_NAME => {
                self.subject_alternative_names = extension.subject_alternative_names()?;
            }
            extension::EXTENDED_KEY_USAGE => {
                self.extended_key_usages = extension.extended_key_usages()?;
            }
            extension::BASIC_CONSTRAINTS => self.is_authority = extension.is_authority()?,
            extension::KEY_USAGE => {
                self.may_sign_certificates = Some(extension.may_sign_certificates()?);
            }
            extension::SUBJECT_KEY_IDENTIFIER => {
                self.subject_key_identifier = Some(extension.subject_key_identifier()?);
            }
            extension::AUTHORITY_KEY_IDENTIFIER => {
                self.authority_key_identifier = extension
                    .authority_key_identifier()?
                    .key_identifier
                    .map(|identifier| identifier.0.to_vec());
            }
            _ => {}
        }
        Ok(())
    }
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
