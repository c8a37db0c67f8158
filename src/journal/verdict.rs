//! What the verifier says about a journal. Plain data.

use time::OffsetDateTime;

use super::anchor::AnchorError;
use super::attempt::Direction;
use super::checkpoint::Checkpoint;
use super::defect::Defect;
use super::event::RunOutcome;
use super::genesis::Genesis;
use super::statement::Counts;
use crate::digest::Sha256Digest;

/// The verdict on a journal.
#[derive(Debug)]
pub enum Verdict {
    /// Every line is as it was written, the keys are vouched for, and the run ended.
    Complete {
        /// What the journal says.
        summary: Summary,
    },
    /// Every whole line is as it was written and the keys are vouched for, but the run did not end, or lines
    /// are missing at the end: the journal cannot tell which.
    Incomplete {
        /// What the journal says; none if not even the first line is whole.
        summary: Option<Summary>,
        /// Whether files may have been changed without the run having ended, so that it is to be resumed or
        /// rolled back.
        resumable: bool,
        /// Whether the last line was cut short.
        torn_tail: bool,
    },
    /// A line is not as it was written, or not in its place.
    Tampered {
        /// The number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        defect: Defect,
    },
    /// The lines fit each other, but they are not those of the checkpoint that was kept elsewhere, or nobody who is
    /// trusted vouches for a key that signed them: anybody may have written them.
    NotAnchored {
        /// What the journal claims; none if not even the first line is whole.
        summary: Option<Summary>,
        /// Why it is not believed.
        reason: AnchorError,
    },
}

impl Verdict {
    /// The verdict in one word or two, as every verb says it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Complete { .. } => "COMPLETE",
            Self::Incomplete { .. } => "INCOMPLETE",
            Self::Tampered { .. } => "TAMPERED",
            Self::NotAnchored { .. } => "NOT ANCHORED",
        }
    }

    /// What the journal says or claims.
    pub fn summary(&self) -> Option<&Summary> {
        match self {
            Self::Complete { summary } => Some(summary),
            Self::Incomplete { summary, .. } | Self::NotAnchored { summary, .. } => {
                summary.as_ref()
            }
            Self::Tampered { .. } => None,
        }
    }

    /// The same for the file of that run: the good journal of another one would be believed in its place.
    #[must_use]
    pub fn of_file(self, run: &str) -> Self {
        let reason = match self.summary() {
            Some(summary) if summary.genesis.check_run(run).is_err() => AnchorError::OtherRun {
                file: run.to_owned(),
                found: summary.genesis.circumstances.run.id.clone(),
            },
            _ => return self,
        };
        let summary = self.summary().cloned();
        Self::NotAnchored { summary, reason }
    }
}

/// What a journal says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its first record.
    pub genesis: Genesis,
    /// How many records it has.
    pub records: u64,
    /// When the earliest and the latest of them were written.
    pub written: (OffsetDateTime, OffsetDateTime),
    /// How many attempts were made, the first included.
    pub attempts: u64,
    /// SHA-256 of each attempt's key.
    pub keys: Vec<Sha256Digest>,
    /// How many changes were committed to; none before the commit.
    pub committed: Option<usize>,
    /// What was done.
    pub counts: Counts,
    /// Where a further attempt may lead, if there may be one.
    pub open_directions: &'static [Direction],
    /// How the run ended, if it did.
    pub outcome: Option<RunOutcome>,
    /// The last checkpoint.
    pub checkpoint: Option<Checkpoint>,
}
