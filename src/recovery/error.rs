//! Why a run ended without all of its work done, and in which state the node is.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::evidence::with_causes;
use crate::journal::{Direction, JournalError};
use crate::node::{FileError, UnconfinedError};
use crate::pki::NoRandomness;

/// A run that did not reach its end.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// Nothing was changed: the journal could not be opened, or that of a run which had not committed not be taken up.
    #[error("nothing was changed")]
    Untouched {
        /// Why.
        source: Box<Failure>,
    },
    /// Everything is as it was before.
    #[error("{what}; everything is as it was before")]
    RolledBack {
        /// What happened.
        what: String,
        /// What else could not be done: staged files that are still there, the copy of the checkpoint.
        warnings: Vec<String>,
        /// Why.
        source: Box<Failure>,
    },
    /// The run is unfinished: it can be resumed or rolled back.
    #[error("{what}; the run {} is unfinished, with {made} of {all} files {}", named(run, reverses.as_deref()), replaced(reverses.is_some(), !open_directions.contains(&Direction::Forward)))]
    Stopped {
        /// What happened.
        what: String,
        /// The run.
        run: String,
        /// The run that it takes back, where it is such a rollback.
        reverses: Option<String>,
        /// How many files are the new ones.
        made: usize,
        /// How many are to be replaced.
        all: usize,
        /// Where it can be taken from there.
        open_directions: &'static [Direction],
        /// Why.
        source: Box<Failure>,
    },
    /// Something is undone and something is not: the run can be rolled back.
    #[error("{what}, and this could not be brought back: {}", list(stuck))]
    Stuck {
        /// What happened.
        what: String,
        /// The files that could not be restored.
        stuck: Vec<Stuck>,
        /// The folder with the files as they were before, as outside the root.
        backup: PathBuf,
        /// Why the run went back.
        source: Box<Failure>,
    },
}

fn named(run: &str, reverses: Option<&str>) -> String {
    match reverses {
        Some(other) => format!("{run}, the rollback of {other},"),
        None => run.to_owned(),
    }
}

/// What became of the files that a run counts as replaced. The new files of a rollback are the old ones of another run.
pub fn replaced(is_reversal: bool, is_undoing: bool) -> &'static str {
    match (is_reversal, is_undoing) {
        (false, false) => "replaced",
        (false, true) => "still replaced",
        (true, false) => "brought back",
        (true, true) => "still brought back",
    }
}

/// Before anything was done.
impl From<Failure> for RecoveryError {
    fn from(failure: Failure) -> Self {
        Self::Untouched {
            source: Box::new(failure),
        }
    }
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
        let path = self.path.display().to_string();
        if self.error.contains(&path) {
            return formatter.write_str(&self.error);
        }
        write!(formatter, "{path}: {}", self.error)
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
    /// The random source.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// A file could not be brought back.
    #[error("{error}")]
    Undo {
        /// Why.
        error: String,
    },
    /// Something could not be stopped, started, ended or proven.
    #[error("{error}")]
    Live {
        /// Why.
        error: String,
    },
    /// Somebody asked the run to stop.
    #[error("{signal} arrived")]
    Interrupted {
        /// The signal's name.
        signal: &'static str,
    },
}

impl Failure {
    /// Whether a file is still there that was handed out, and should not have been.
    pub(super) fn leaves_file(&self) -> bool {
        self.remaining().is_some()
    }

    /// That file.
    pub fn remaining(&self) -> Option<&Path> {
        match self {
            Self::File(FileError::Remains { path, .. }) => Some(path),
            _ => None,
        }
    }
}

impl From<UnconfinedError> for Failure {
    fn from(error: UnconfinedError) -> Self {
        Self::Live {
            error: with_causes(&error),
        }
    }
}
