//! With which word a server ends a handshake.

use std::fmt;

use rustls::AlertDescription;

/// A fatal TLS alert (RFC 8446 section 6.2): the server turns us away, and this is all that it says. Most of them are about
/// the certificate that we showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alert {
    /// It wants a client certificate, and got none (TLS 1.3).
    CertificateRequired,
    /// The client certificate has expired.
    CertificateExpired,
    /// It does not know who signed the client certificate.
    UnknownAuthority,
    /// The client certificate is not accepted; Go says so where it has no better word.
    BadCertificate,
    /// The client certificate is of an unknown kind.
    UnsupportedCertificate,
    /// The client certificate was revoked.
    CertificateRevoked,
    /// The client certificate is not accepted for another reason.
    CertificateUnknown,
    /// The client certificate is valid, and not let in.
    AccessDenied,
    /// No agreement; in TLS 1.2 also the word for a client certificate that is missing.
    HandshakeFailure,
    /// It speaks neither TLS 1.2 nor 1.3.
    ProtocolVersion,
    /// It serves no certificate for the name that was asked for.
    UnrecognizedName,
    /// It does not speak HTTP/1.1.
    NoApplicationProtocol,
    /// It is at fault itself; Go says so where it cannot load its certificate.
    InternalError,
    /// Any other, by its number.
    Other(u8),
}

impl Alert {
    pub(super) fn from_tls(description: AlertDescription) -> Self {
        match description {
            AlertDescription::CertificateRequired => Self::CertificateRequired,
            AlertDescription::CertificateExpired => Self::CertificateExpired,
            AlertDescription::UnknownCA => Self::UnknownAuthority,
            AlertDescription::BadCertificate => Self::BadCertificate,
            AlertDescription::UnsupportedCertificate => Self::UnsupportedCertificate,
            AlertDescription::CertificateRevoked => Self::CertificateRevoked,
            AlertDescription::CertificateUnknown => Self::CertificateUnknown,
            AlertDescription::AccessDenied => Self::AccessDenied,
            AlertDescription::HandshakeFailure => Self::HandshakeFailure,
            AlertDescription::ProtocolVersion => Self::ProtocolVersion,
            AlertDescription::UnrecognisedName => Self::UnrecognizedName,
            AlertDescription::NoApplicationProtocol => Self::NoApplicationProtocol,
            AlertDescription::InternalError => Self::InternalError,
            other => Self::Other(other.into()),
        }
    }
}

/// What it means, and the name by which a search finds it.
impl fmt::Display for Alert {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::CertificateRequired => {
                "it wants a client certificate, and got none (certificate_required)"
            }
            Self::CertificateExpired => {
                "it says that our client certificate has expired (certificate_expired)"
            }
            Self::UnknownAuthority => {
                "it does not know the authority of our client certificate (unknown_ca)"
            }
            Self::BadCertificate => "it does not accept our client certificate (bad_certificate)",
            Self::UnsupportedCertificate => {
                "it does not accept the kind of our client certificate (unsupported_certificate)"
            }
            Self::CertificateRevoked => {
                "it says that our client certificate was revoked (certificate_revoked)"
            }
            Self::CertificateUnknown => {
                "it does not accept our client certificate (certificate_unknown)"
            }
            Self::AccessDenied => "it does not let our client certificate in (access_denied)",
            Self::HandshakeFailure => {
                "no agreement, or a client certificate is missing (handshake_failure)"
            }
            Self::ProtocolVersion => "it speaks neither TLS 1.2 nor 1.3 (protocol_version)",
            Self::UnrecognizedName => "it has no certificate for this name (unrecognized_name)",
            Self::NoApplicationProtocol => "it does not speak HTTP/1.1 (no_application_protocol)",
            Self::InternalError => "it has a fault of its own (internal_error)",
            Self::Other(number) => {
                let name = AlertDescription::from(*number);
                return write!(formatter, "TLS alert {number}, {name:?}");
            }
        })
    }
}
