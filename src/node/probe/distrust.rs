//! Why a server is not trusted.

use std::net::IpAddr;

use rustls::CertificateError;
use rustls::pki_types::UnixTime;
use time::OffsetDateTime;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

use crate::evidence;

/// The first reason that was found why a served certificate is not what was expected: dates come before the issuer, and the
/// issuer before the name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// Its validity is over, or that of a certificate between it and the authority.
    #[error("the served certificate expired at {}", evidence::moment(*not_after))]
    Expired {
        /// Its last second.
        not_after: OffsetDateTime,
    },
    /// Its validity has not begun, or that of a certificate between it and the authority.
    #[error("the served certificate is not valid before {}", evidence::moment(*not_before))]
    NotYetValid {
        /// Its first second.
        not_before: OffsetDateTime,
    },
    /// None of the authorities signed it; one of the same name and with another key did not either.
    #[error("the served certificate was signed by none of the expected authorities")]
    UnknownIssuer,
    /// It is for other names.
    #[error(
        "the served certificate is not for {expected} but for {}",
        listed(presented)
    )]
    WrongName {
        /// The name or address that was asked for.
        expected: String,
        /// Those in the certificate: `DNS:cp-1`, `IP:192.0.2.10`.
        presented: Vec<String>,
    },
    /// One certificate was expected, byte for byte, and this is another.
    #[error("the served certificate is not the expected one")]
    AnotherCertificate,
    /// Anything else, such as a certificate for clients, or one that cannot be read.
    #[error("the served certificate is not accepted: {reason}")]
    Other {
        /// The verifier's words.
        reason: String,
    },
}

impl Distrust {
    /// What the verifier said of the certificate `leaf`, DER.
    pub(super) fn from_tls(error: rustls::Error, leaf: &[u8]) -> Self {
        let rustls::Error::InvalidCertificate(error) = error else {
            return Self::Other {
                reason: error.to_string(),
            };
        };
        match error {
            CertificateError::ExpiredContext { not_after, .. } => Self::Expired {
                not_after: moment(not_after),
            },
            CertificateError::NotValidYetContext { not_before, .. } => Self::NotYetValid {
                not_before: moment(not_before),
            },
            // The second: an authority of that name is known, and its key did not make the signature. kubeadm gives each
            // cluster's authority the same name.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UnknownIssuer,
            CertificateError::NotValidForNameContext { expected, .. } => Self::WrongName {
                expected: expected.to_str().into_owned(),
                presented: names(leaf),
            },
            other => Self::Other {
                reason: other.to_string(),
            },
        }
    }
}

/// The DNS names and IP addresses that a certificate is for. Not the verifier's own list, which is for debugging.
fn names(certificate: &[u8]) -> Vec<String> {
    let Ok((_, certificate)) = parse_x509_certificate(certificate) else {
        return Vec::new();
    };
    let Ok(Some(extension)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let names = extension.value.general_names.iter();
    names
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(format!("DNS:{name}")),
            GeneralName::IPAddress(bytes) => {
                let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
                let ip = v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from));
                ip.ok().map(|ip| format!("IP:{ip}"))
            }
            _ => None,
        })
        .collect()
}

/// Dates past the year 9999, which a certificate cannot hold, are its end.
fn moment(time: UnixTime) -> OffsetDateTime {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    OffsetDateTime::from_unix_timestamp(seconds)
        .unwrap_or(time::PrimitiveDateTime::MAX.assume_utc())
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        "no name at all".to_owned()
    } else {
        names.join(", ")
    }
}
