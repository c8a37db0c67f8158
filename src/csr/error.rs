//! Why a bundle of requests or of certificates is none, and why a request cannot be made.

use super::LARGEST_BUNDLE;
use crate::digest::Sha256Digest;
use crate::journal::{Defect, SealError};
use crate::pki::{PemError, RequestError};

/// Why bytes are no bundle that can be believed.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Larger than any.
    #[error("it has {bytes} bytes, and a bundle has {LARGEST_BUNDLE} at most")]
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
    },
    /// It is not one line of text with its end.
    #[error("it is not one whole line: it was cut short, or is something else")]
    NotALine,
    /// The line is no envelope of that kind.
    #[error("it is no such bundle")]
    Envelope {
        /// Why.
        source: Defect,
    },
    /// What is in the envelope is not what belongs there.
    #[error("what it holds is not what belongs there")]
    Document {
        /// Why.
        source: serde_json::Error,
    },
    /// A form of another version.
    #[error("its form is `{found}`; this program knows `{known}`")]
    Schema {
        /// The form that it has.
        found: String,
        /// The form that is known.
        known: &'static str,
    },
    /// The seal.
    #[error("its seal is not to be believed")]
    Seal {
        /// Why.
        source: SealError,
    },
    /// Another key sealed it.
    #[error("it was sealed with the key sha256:{found}, and sha256:{expected} was expected")]
    OtherKey {
        /// The fingerprint of the key.
        found: Sha256Digest,
        /// The one that was named.
        expected: Sha256Digest,
    },
    /// A certificate in it.
    #[error("the certificate of {name} in it is none")]
    Certificate {
        /// Of what.
        name: String,
        /// Why.
        source: PemError,
    },
    /// Which of several is meant it does not say, and no form has more than one.
    #[error("of {name} it holds {found} certificates, and not one")]
    NotOneCertificate {
        /// Of what.
        name: String,
        /// How many.
        found: usize,
    },
    /// A request in it.
    #[error("the request for {name} in it is none")]
    Request {
        /// For what.
        name: String,
        /// Why.
        source: RequestError,
    },
    /// What it asks for would be of no use to anybody.
    #[error("the certificates that it asks for would live for no time at all")]
    Lifeless,
    /// It does not say to which requests it is the answer.
    #[error("{text:?} is no fingerprint of requests")]
    NotADigest {
        /// Its first 80 characters.
        text: String,
    },
    /// One name twice, or none at all.
    #[error("it asks for nothing, or for {name} twice")]
    Names {
        /// The name.
        name: String,
    },
}

/// Why no request could be made.
#[derive(Debug, thiserror::Error)]
#[error("no request could be made for {name}")]
pub struct CsrError {
    /// For what.
    pub name: String,
    /// Why.
    pub source: RequestError,
}
