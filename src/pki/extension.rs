//! Certificate extensions: each as it stands, and the meaning of the few that this program asks about.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use x509_parser::extensions::{
    AuthorityKeyIdentifier, BasicConstraints, GeneralName, KeyIdentifier, KeyUsage,
    SubjectAlternativeName,
};
use x509_parser::prelude::FromDer;

use super::der::{self, Element, Malformed};
use super::name::{Name, printable};

pub(super) const SUBJECT_KEY_IDENTIFIER: &str = "2.5.29.14";
pub(super) const KEY_USAGE: &str = "2.5.29.15";
pub(super) const SUBJECT_ALTERNATIVE_NAME: &str = "2.5.29.17";
pub(super) const BASIC_CONSTRAINTS: &str = "2.5.29.19";
pub(super) const AUTHORITY_KEY_IDENTIFIER: &str = "2.5.29.35";
pub(super) const EXTENDED_KEY_USAGE: &str = "2.5.29.37";

/// An extension (RFC 5280 section 4.2) as it stands in a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// The object identifier, dotted: `2.5.29.17`.
    pub oid: String,
    /// Whoever does not know the extension must refuse the certificate.
    pub critical: bool,
    /// The contents of the OCTET STRING: usually DER.
    pub value: Vec<u8>,
}

/// Why extensions cannot be read.
pub(super) enum ExtensionsError {
    Malformed,
    /// Section 4.2 of RFC 5280: each but once.
    Twice {
        /// The object identifier.
        oid: String,
    },
}

impl Extension {
    pub(super) fn read_all(encodings: &[&[u8]]) -> Result<Vec<Self>, ExtensionsError> {
        let mut extensions: Vec<Self> = Vec::with_capacity(encodings.len());
        let mut seen = BTreeSet::new();
        for encoding in encodings {
            let extension = Self::read(encoding).map_err(|Malformed| ExtensionsError::Malformed)?;
            if !seen.insert(extension.oid.clone()) {
                return Err(ExtensionsError::Twice { oid: extension.oid });
            }
            extensions.push(extension);
        }
        Ok(extensions)
    }

    fn read(encoding: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Element::sole(encoding, der::SEQUENCE)?.reader();
        let oid = der::dotted(reader.expect(der::OBJECT_IDENTIFIER)?.contents)?;
        let critical = match reader
            .optional(der::BOOLEAN)?
            .map(|element| element.contents)
        {
            // FALSE is the default and DER leaves it out, but some software writes it.
            None | Some([0]) => false,
            Some([0xff]) => true,
            Some(_) => return Err(Malformed),
        };
        let value = reader.expect(der::OCTET_STRING)?.contents.to_vec();
        reader.finish()?;
        Ok(Self {
            oid,
            critical,
            value,
        })
    }

    /// Section 4.2.1.9: `CA:TRUE`.
    pub(super) fn is_authority(&self) -> Result<bool, Malformed> {
        complete(BasicConstraints::from_der(&self.value)).map(|constraints| constraints.ca)
    }

    /// Section 4.2.1.9: `pathLenConstraint`.
    pub(super) fn longest_path(&self) -> Result<Option<usize>, Malformed> {
        let constraints = complete(BasicConstraints::from_der(&self.value))?;
        let longest = constraints.path_len_constraint.map(usize::try_from);
        longest.transpose().map_err(|_| Malformed)
    }

    /// Section 4.2.1.3: its bits, digitalSignature the lowest.
    pub(super) fn key_usages(&self) -> Result<u16, Malformed> {
        complete(KeyUsage::from_der(&self.value)).map(|usage| usage.flags)
    }

    /// Section 4.2.1.2.
    pub(super) fn subject_key_identifier(&self) -> Result<Vec<u8>, Malformed> {
        complete(KeyIdentifier::from_der(&self.value)).map(|identifier| identifier.0.to_vec())
    }

    /// Section 4.2.1.1.
    pub(super) fn authority_key_identifier(&self) -> Result<AuthorityKeyIdentifier<'_>, Malformed> {
        complete(AuthorityKeyIdentifier::from_der(&self.value))
    }

    /// Section 4.2.1.12, each purpose by its name in the RFC, or dotted.
    pub(super) fn extended_key_usages(&self) -> Result<Vec<String>, Malformed> {
        let mut reader = Element::sole(&self.value, der::SEQUENCE)?.reader();
        let mut usages = Vec::new();
        while !reader.is_empty() {
            let oid = der::dotted(reader.expect(der::OBJECT_IDENTIFIER)?.contents)?;
            usages.push(purpose_name(&oid).map_or(oid, str::to_owned));
        }
        Ok(usages)
    }

    /// Section 4.2.1.6, each name with its kind before it.
    pub(super) fn subject_alternative_names(&self) -> Result<Vec<String>, Malformed> {
        let names = complete(SubjectAlternativeName::from_der(&self.value))?;
        names.general_names.iter().map(name_text).collect()
    }
}

/// A value with bytes behind it is not well-formed.
fn complete<T, E>(parsed: Result<(&[u8], T), E>) -> Result<T, Malformed> {
    match parsed {
        Ok(([], value)) => Ok(value),
        _ => Err(Malformed),
    }
}

fn purpose_name(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "2.5.29.37.0" => "any",
        "1.3.6.1.5.5.7.3.1" => "serverAuth",
        "1.3.6.1.5.5.7.3.2" => "clientAuth",
        "1.3.6.1.5.5.7.3.3" => "codeSigning",
        "1.3.6.1.5.5.7.3.4" => "emailProtection",
        "1.3.6.1.5.5.7.3.8" => "timeStamping",
        "1.3.6.1.5.5.7.3.9" => "OCSPSigning",
        "1.3.6.1.5.5.7.3.36" => "documentSigning",
        _ => return None,
    })
}

fn name_text(name: &GeneralName<'_>) -> Result<String, Malformed> {
    Ok(match name {
        GeneralName::DNSName(name) => format!("DNS:{}", printable(name)),
        GeneralName::RFC822Name(name) => format!("email:{}", printable(name)),
        GeneralName::URI(name) => format!("URI:{}", printable(name)),
        GeneralName::IPAddress(octets) => format!("IP:{}", address_text(octets)?),
        GeneralName::DirectoryName(name) => {
            format!("dirName:{}", Name::read(name)?.to_text())
        }
        GeneralName::RegisteredID(oid) => {
            format!("registeredID:{}", der::dotted(oid.as_bytes())?)
        }
        GeneralName::OtherName(oid, _) => format!("other:{}", der::dotted(oid.as_bytes())?),
        GeneralName::X400Address(_) => "x400Address".to_owned(),
        GeneralName::EDIPartyName(_) => "ediPartyName".to_owned(),
        GeneralName::Invalid(..) => return Err(Malformed),
    })
}

fn address_text(octets: &[u8]) -> Result<String, Malformed> {
    if let Ok(octets) = <[u8; 4]>::try_from(octets) {
        Ok(Ipv4Addr::from(octets).to_string())
    } else if let Ok(octets) = <[u8; 16]>::try_from(octets) {
        Ok(Ipv6Addr::from(octets).to_string())
    } else {
        Err(Malformed)
    }
}
