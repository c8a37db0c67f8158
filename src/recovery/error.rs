//! Why a recovery ended without all of its work done.

use std::fmt;
use std::path::PathBuf;

use crate::issuance::IssuanceError;
use crate::journal::JournalError;
use crate::node::FileError;
use crate::pki::NoRandomness;

/// A recovery that did not reach its end, and in which state the node is.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// Nothing was changed: signing failed, or the journal could not be opened.
    #[error("nothing was changed")]
    Untouched {
        /// Why.
        source: Box<Failure>,
    },
    /// A step failed, and everything is as it was before.
    #[error("{step} failed; everything is as it was before")]
    RolledBack {
        /// The step.
        step: String,
        /// Why.
        source: Box<Failure>,
    },
    /// A step failed, and so did undoing.
    #[error("{step} failed, and this could not be brought back: {}", list(stuck))]
    HalfWay {
        /// The step.
        step: String,
        /// The files that could not be restored.
        stuck: Vec<Stuck>,
        /// The folder with the files as they were before, as outside the root.
        backup: PathBuf,
        /// Why the step failed.
        source: Box<Failure>,
    },
}

/// A file that could not be brought back, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    /// The file, as outside the root.
    pub path: PathBuf,
    /// Why.
    pub error: String,
}

impl fmt::Display for Stuck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.path.display(), self.error)
    }
}

fn list(stuck: &[Stuck]) -> String {
    let lines: Vec<String> = stuck.iter().map(ToString::to_string).collect();
    lines.join("; ")
}

/// What failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The disk or the kernel.
    #[error(transparent)]
    File(#[from] FileError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Signing.
    #[error(transparent)]
    Issuance(#[from] IssuanceError),
    /// The random source.
    #[error(transparent)]
    Random(#[from] NoRandomness),
}
