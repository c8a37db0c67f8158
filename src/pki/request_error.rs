//! What can be wrong with a certificate request, and with making one.

use super::{KeyError, PemError};

/// Why there is no certificate request that can be worked with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RequestError {
    /// More than any request of a kubeadm cluster has by far.
    #[error("the file has {bytes} bytes; a certificate request may have at most {limit}")]
    TooLarge {
        /// How many it has.
        bytes: usize,
        /// How many it may have.
        limit: usize,
    },
    /// The file does not hold PEM.
    #[error(transparent)]
    Pem {
        /// What is wrong with the text.
        source: PemError,
    },
    /// Whole blocks, but not a certificate request alone.
    #[error("the file does not hold one certificate request alone, but: {found}")]
    NotAlone {
        /// The labels of the blocks that are there.
        found: String,
    },
    /// The bytes are not DER of the form of RFC 2986 section 4, or one of its fields is not.
    #[error("not a well-formed certificate request: its {part} cannot be read")]
    Malformed {
        /// The part, in RFC 2986's words.
        part: &'static str,
    },
    /// Each extension may be asked for once.
    #[error("the certificate request asks for the extension {oid} twice")]
    DuplicateExtension {
        /// Dotted.
        oid: String,
    },
    /// An extension that this program must understand is not what its RFC says.
    #[error("the extension {oid} that the certificate request asks for cannot be read")]
    MalformedExtension {
        /// Dotted.
        oid: String,
    },
    /// Whoever made the request did not have the private key, or the request was changed afterwards.
    #[error("the certificate request of {subject} is not signed with its own key ({algorithm})")]
    NotSignedByItsKey {
        /// Whose request it is.
        subject: String,
        /// The key's algorithm and size.
        algorithm: String,
    },
    /// Whether it was signed with its own key cannot be told here.
    #[error("the signature of the certificate request ({algorithm}) cannot be checked")]
    Unverifiable {
        /// What the verifier does not know.
        algorithm: String,
    },
    /// The key does not sign.
    #[error("the certificate request of {subject} cannot be signed")]
    Signing {
        /// Whose request it is.
        subject: String,
        /// The reason.
        #[source]
        source: KeyError,
    },
}
