//! What could not be looked at.

use std::fmt;

/// Something in which there may be a token without an end that was not found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unseen {
    /// Objects in a database of etcd that only an API server with the key can read.
    Encrypted {
        /// What they are, in the plural.
        kind: &'static str,
        /// How many.
        count: usize,
        /// The provider of the `EncryptionConfiguration`: `aescbc`, `kms v2`.
        provider: String,
    },
    /// Objects in a database of etcd that are none of what Kubernetes writes, or longer than what is looked into.
    Unreadable {
        /// What they are, in the plural.
        kind: &'static str,
        /// How many.
        count: usize,
    },
    /// What the API server did not tell.
    Untold {
        /// What it was asked for.
        subject: String,
        /// What it said, or that it said nothing.
        why: String,
    },
}

impl fmt::Display for Unseen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encrypted {
                kind,
                count,
                provider,
            } => write!(formatter, "{kind}: {count} encrypted with {provider}"),
            Self::Unreadable { kind, count } => {
                write!(formatter, "{kind}: {count} that cannot be read")
            }
            Self::Untold { subject, why } => write!(formatter, "{subject}: {why}"),
        }
    }
}
