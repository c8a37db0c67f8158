//! Why a bundle is not one to install.

use time::OffsetDateTime;

use crate::journal::{Defect, SealError};
use crate::pki::{PemError, VerifyError};

/// Why a bundle is not opened. No error shows anything that was in it before its seal was believed, but types and names.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Larger than any.
    #[error(
        "it has {bytes} bytes, and a bundle has {} at most",
        super::LARGEST_BUNDLE
    )]
    TooLarge {
        /// How many.
        bytes: usize,
    },
    /// It is to be one line with its newline.
    #[error("it is not one line")]
    NotALine,
    /// The line is no envelope of a bundle.
    #[error("it is no bundle")]
    Envelope {
        /// What is wrong with it.
        source: Defect,
    },
    /// What is sealed is not the JSON of a bundle.
    #[error("what is in it is no credential of a node")]
    Json {
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// What is sealed is written in another way than bundles are.
    #[error("what is in it is not written as bundles are")]
    NotCanonical,
    /// A field holds what it cannot.
    #[error("its field {field} is not what it should be")]
    Field {
        /// Which one.
        field: &'static str,
    },
    /// A certificate in it cannot be read.
    #[error("the {which} in it cannot be read")]
    Certificate {
        /// Which one.
        which: &'static str,
        /// What is wrong with it.
        source: PemError,
    },
    /// The key in it is not that of the certificate.
    #[error("the key in it does not belong to the certificate in it")]
    KeyMismatch,
    /// Its seal is not to be believed.
    #[error(transparent)]
    Seal {
        /// Why not.
        source: SealError,
    },
    /// The certificate is not one that the trusted authority gives the kubelet of that node.
    #[error("its certificate is not one that this cluster's CA gives the kubelet of {node}")]
    NotANodes {
        /// The node that the bundle names.
        node: String,
        /// What differs.
        source: VerifyError,
    },
    /// It has ended, or has not begun.
    #[error("it has ended, or has not begun")]
    OutsideValidity {
        /// The certificate's first second.
        not_before: OffsetDateTime,
        /// Its last second.
        not_after: OffsetDateTime,
        /// The clock.
        now: OffsetDateTime,
    },
}

impl BundleError {
    /// Whether it may be a whole bundle, and one that nobody vouches for.
    pub fn is_distrust(&self) -> bool {
        match self {
            Self::Seal { source } => !matches!(source, SealError::Broken { .. }),
            Self::NotANodes { .. } => true,
            _ => false,
        }
    }
}
