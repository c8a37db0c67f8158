//! Why no node could be laid out.

use std::io;

use crate::node::FileError;
use crate::pki::{AuthorityError, IssueError, KeyError, NoRandomness};

/// A drill that could not be prepared. Its folder is dropped, and with it all that was written.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// The system starts no thread.
    #[error("no thread could be started to generate keys")]
    Thread {
        /// The system's reason.
        source: io::Error,
    },
    /// The threads ended before all keys were there.
    #[error("the threads that generate keys ended too early")]
    KeysMissing,
    /// A key could not be generated.
    #[error("no private key could be generated")]
    Key {
        /// The reason.
        source: KeyError,
    },
    /// No random bytes for a serial number.
    #[error("no serial number could be drawn")]
    Random(#[from] NoRandomness),
    /// A new authority is not one.
    #[error("the authority {name} cannot sign")]
    Authority {
        /// Its common name.
        name: String,
        /// The reason.
        source: AuthorityError,
    },
    /// A certificate could not be issued.
    #[error("the certificate of {name} could not be issued")]
    Issue {
        /// Its common name.
        name: String,
        /// The reason.
        source: IssueError,
    },
    /// A file could not be written.
    #[error(transparent)]
    File(#[from] FileError),
}
