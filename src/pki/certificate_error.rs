//! What can be wrong with a certificate's bytes.

use x509_parser::error::X509Error;

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
