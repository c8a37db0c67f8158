//! Why a recovery ended without all of its work done.

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
    #[error("{step} failed, and {} could not be brought back", stuck.display())]
    HalfWay {
        /// The step.
        step: String,
        /// The first file that could not be restored.
        stuck: PathBuf,
        /// The folder with the files as they were before, as outside the root.
        backup: PathBuf,
        /// Why the step failed.
        source: Box<Failure>,
    },
    /// Every certificate is renewed, but the journal could not be brought to its end.
    #[error("all is renewed, but the journal {} could not be closed", journal.display())]
    Unrecorded {
        /// The journal, as outside the root.
        journal: PathBuf,
        /// Why.
        source: Box<Failure>,
    },
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
