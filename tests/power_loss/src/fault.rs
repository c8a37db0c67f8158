//! What can be wrong after a crash.

use std::fmt;

/// A fault, and what shows it.
#[derive(Debug, Clone)]
pub struct Fault {
    /// Of which kind it is.
    pub kind: Kind,
    /// What exactly.
    pub evidence: String,
}

/// The kinds of faults, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The file system cannot be mounted: no program can be blamed for that.
    NoFileSystem,
    /// A file is neither the old nor the new one: empty, half-written, missing, of another mode, of another name.
    NeitherOldNorNew,
    /// The program had said that it is done, and it is not.
    Lost,
    /// A certificate does not fit its key, or cannot be read.
    DoesNotFit,
    /// The journal verifies neither as COMPLETE nor as INCOMPLETE.
    Tampered,
    /// The journal does not announce what was done, or says done what was not.
    FalseJournal,
    /// A file was replaced, and what was there before is not in the backup.
    NoBackup,
    /// `resume` does not lead to the end, or `rollback` not to the beginning.
    NoWayOut,
}

impl Fault {
    /// A fault of that kind.
    pub fn new(kind: Kind, evidence: impl Into<String>) -> Self {
        let evidence = evidence.into();
        Self { kind, evidence }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoFileSystem => "no file system",
            Self::NeitherOldNorNew => "neither old nor new",
            Self::Lost => "said done, and lost",
            Self::DoesNotFit => "certificate and key do not fit",
            Self::Tampered => "journal tampered",
            Self::FalseJournal => "journal false",
            Self::NoBackup => "no backup",
            Self::NoWayOut => "no way out",
        })
    }
}
