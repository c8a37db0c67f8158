//! The signed part of a certificate, field by field, each as the bytes that it is: what splicing works on.

use super::der::{self, Element, Malformed};
use super::{KeyError, PrivateKey};

/// The fields of a `TBSCertificate` (RFC 5280 section 4.1), every one a whole DER element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ToBeSigned<'a> {
    /// Absent in version 1.
    pub(super) version: Option<&'a [u8]>,
    pub(super) serial: &'a [u8],
    pub(super) signature_algorithm: &'a [u8],
    pub(super) issuer: &'a [u8],
    pub(super) validity: &'a [u8],
    pub(super) subject: &'a [u8],
    pub(super) public_key: &'a [u8],
    pub(super) issuer_unique_id: Option<&'a [u8]>,
    pub(super) subject_unique_id: Option<&'a [u8]>,
    /// Absent where the certificate has no extensions.
    pub(super) extensions: Option<Vec<&'a [u8]>>,
}

impl<'a> ToBeSigned<'a> {
    /// The signed part of a whole certificate. Its signature must be there, but is not looked at.
    pub(super) fn of_certificate(certificate: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Element::sole(certificate, der::SEQUENCE)?.reader();
        let fields = Self::read(reader.expect(der::SEQUENCE)?)?;
        let algorithm = reader.expect(der::SEQUENCE)?;
        reader.expect(der::BIT_STRING)?.whole_bits()?;
        reader.finish()?;
        // RFC 5280 section 4.1.1.2: the same algorithm twice.
        if algorithm.encoding == fields.signature_algorithm {
            Ok(fields)
        } else {
            Err(Malformed)
        }
    }

    fn read(element: Element<'a>) -> Result<Self, Malformed> {
        let mut reader = element.reader();
        let version = reader.optional(der::context(0))?;
        let serial = reader.expect(der::INTEGER)?;
        let signature_algorithm = reader.expect(der::SEQUENCE)?;
        let issuer = reader.expect(der::SEQUENCE)?;
        let validity = reader.expect(der::SEQUENCE)?;
        let subject = reader.expect(der::SEQUENCE)?;
        let public_key = reader.expect(der::SEQUENCE)?;
        let issuer_unique_id = reader.optional(der::context_primitive(1))?;
        let subject_unique_id = reader.optional(der::context_primitive(2))?;
        let extensions = reader.optional(der::context(3))?;
        reader.finish()?;
        Ok(Self {
            version: version.map(|element| element.encoding),
            serial: serial.encoding,
            signature_algorithm: signature_algorithm.encoding,
            issuer: issuer.encoding,
            validity: validity.encoding,
            subject: subject.encoding,
            public_key: public_key.encoding,
            issuer_unique_id: issuer_unique_id.map(|element| element.encoding),
            subject_unique_id: subject_unique_id.map(|element| element.encoding),
            extensions: extensions.map(read_extensions).transpose()?,
        })
    }

    /// Signs the fields as they are now and returns the DER of the certificate.
    pub(super) fn sign(&self, key: &PrivateKey) -> Result<Vec<u8>, KeyError> {
        key.signed_der(&self.encode(), self.signature_algorithm)
    }

    fn encode(&self) -> Vec<u8> {
        let extensions = self.extensions.as_ref().map(|extensions| {
            der::encode(der::context(3), &[&der::encode(der::SEQUENCE, extensions)])
        });
        der::encode(
            der::SEQUENCE,
            &[
                self.version.unwrap_or_default(),
                self.serial,
                self.signature_algorithm,
                self.issuer,
                self.validity,
                self.subject,
                self.public_key,
                self.issuer_unique_id.unwrap_or_default(),
                self.subject_unique_id.unwrap_or_default(),
                extensions.as_deref().unwrap_or_default(),
            ],
        )
    }
}

fn read_extensions(element: Element<'_>) -> Result<Vec<&[u8]>, Malformed> {
    Element::sole(element.contents, der::SEQUENCE)?.sequences()
}
