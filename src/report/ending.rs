//! How a run ended, by its journal.

use super::model::Run;
use crate::journal::RunOutcome;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// There is no first record, or what would say it stands behind a broken line.
    Unknown,
    Completed,
    RolledBack,
    /// Settled, though somebody else's files were left as they are.
    SettledInPart,
    /// Not ended, behind the commit.
    Unfinished,
    /// Not ended, before the commit.
    Unchanged,
}

impl Ending {
    /// That of a run; `is_cut` says whether lines are left out because one before them is broken.
    pub(super) fn of(run: Option<&Run>, is_cut: bool) -> Self {
        let Some(run) = run else {
            return Self::Unknown;
        };
        match (run.outcome, run.committed) {
            (Some(RunOutcome::Completed), _) => Self::Completed,
            (Some(RunOutcome::RolledBack), _) => Self::RolledBack,
            (Some(RunOutcome::HalfWay), _) => Self::SettledInPart,
            (None, _) if is_cut => Self::Unknown,
            (None, true) => Self::Unfinished,
            (None, false) => Self::Unchanged,
        }
    }

    /// As a fact.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Completed => "completed",
            Self::RolledBack => "rolled back",
            Self::SettledInPart => "settled, some files left alone",
            Self::Unfinished => "unfinished: files may have been changed",
            Self::Unchanged => "ended before it changed anything",
        }
    }

    /// What the run did, within a sentence.
    pub(super) fn predicate(self) -> &'static str {
        match self {
            Self::Unknown | Self::Unfinished => "did not come to its end",
            Self::Completed => "came to its end",
            Self::RolledBack => "was rolled back",
            Self::SettledInPart => "was settled with some files left alone",
            Self::Unchanged => "ended before it changed any file",
        }
    }
}
