//! What a fresh certificate shall say.

use std::net::IpAddr;

use super::der;

/// The wishes for a fresh certificate; dates, serial number and public key are said apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Specification {
    /// The subject, in order. Neighbours of the same kind become one set, as Go writes several organisations. May be
    /// empty.
    pub subject: Vec<(Attribute, String)>,
    /// Subject alternative names: DNS, ASCII.
    pub dns_names: Vec<String>,
    /// Subject alternative names: IP addresses.
    pub ip_addresses: Vec<IpAddr>,
    /// What the key may do; always critical. Empty: the extension is left out.
    pub key_usages: Vec<KeyUsage>,
    /// What the certificate is for. Empty: the extension is left out, and it is good for everything.
    pub extended_key_usages: Vec<ExtendedKeyUsage>,
    /// Whoever does not know one of the extended key usages must refuse the certificate.
    pub extended_key_usages_critical: bool,
}

/// The subject attributes that kubeadm uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribute {
    /// CN: for Kubernetes, the user.
    CommonName,
    /// O: for Kubernetes, a group.
    Organization,
}

/// The key usages (RFC 5280 section 4.2.1.3) that kubeadm uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUsage {
    /// Signing other things than certificates.
    DigitalSignature,
    /// Enciphering keys.
    KeyEncipherment,
    /// Signing certificates.
    CertificateSign,
}

/// The extended key usages (RFC 5280 section 4.2.1.12, RFC 9336) that this program gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExtendedKeyUsage {
    /// TLS server.
    ServerAuth,
    /// TLS client.
    ClientAuth,
    /// Signing documents: opens no door in Kubernetes.
    DocumentSigning,
}

impl Specification {
    /// The subject as a DER `Name` (RFC 5280 section 4.1.2.4), in the strings that Go chooses.
    pub(super) fn subject_der(&self) -> Vec<u8> {
        let sets: Vec<Vec<u8>> = self
            .subject
            .chunk_by(|(one, _), (next, _)| one == next)
            .map(|attributes| {
                let mut encodings: Vec<Vec<u8>> = attributes
                    .iter()
                    .map(|(attribute, value)| attribute.encode(value))
                    .collect();
                // X.690 section 11.6: the members of a SET OF in ascending order.
                encodings.sort();
                let members: Vec<&[u8]> = encodings.iter().map(Vec::as_slice).collect();
                der::encode(der::SET, &members)
            })
            .collect();
        let sets: Vec<&[u8]> = sets.iter().map(Vec::as_slice).collect();
        der::encode(der::SEQUENCE, &sets)
    }

    /// The extended key usage's value as DER.
    pub(super) fn extended_key_usages_der(&self) -> Vec<u8> {
        let purposes: Vec<&[u8]> = self
            .extended_key_usages
            .iter()
            .map(|usage| usage.oid())
            .collect();
        der::encode(der::SEQUENCE, &purposes)
    }
}

impl Attribute {
    fn encode(self, value: &str) -> Vec<u8> {
        let oid: &[u8] = match self {
            Self::CommonName => &[0x06, 0x03, 0x55, 0x04, 0x03],
            Self::Organization => &[0x06, 0x03, 0x55, 0x04, 0x0a],
        };
        let string = if value.bytes().all(is_printable) {
            der::PRINTABLE_STRING
        } else {
            der::UTF8_STRING
        };
        der::encode(
            der::SEQUENCE,
            &[oid, &der::encode(string, &[value.as_bytes()])],
        )
    }
}

/// The alphabet of `PrintableString` (X.680 section 41.4).
fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte)
}

impl KeyUsage {
    pub(super) fn purpose(self) -> rcgen::KeyUsagePurpose {
        match self {
            Self::DigitalSignature => rcgen::KeyUsagePurpose::DigitalSignature,
            Self::KeyEncipherment => rcgen::KeyUsagePurpose::KeyEncipherment,
            Self::CertificateSign => rcgen::KeyUsagePurpose::KeyCertSign,
        }
    }
}

impl ExtendedKeyUsage {
    /// The OBJECT IDENTIFIER as a DER element.
    fn oid(self) -> &'static [u8] {
        match self {
            Self::ServerAuth => &[0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01],
            Self::ClientAuth => &[0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02],
            Self::DocumentSigning => &[0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x24],
        }
    }
}
