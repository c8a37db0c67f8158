//! Records and the events in them: plain data, and the one way to read and write it as JSON.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::act::Act;
use super::attempt::Attempt;
use super::change::{Change, FileIdentity};
use super::defect::Defect;
use super::genesis::Genesis;
use super::statement::Statement;
use crate::digest::Sha256Digest;

/// One entry of a journal: what the line's signature covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The place in the file, from 0.
    pub seq: u64,
    /// SHA-256 of the previous line's bytes without its newline; none on the first line.
    pub previous: Option<Sha256Digest>,
    /// When it was written, in UTC.
    #[serde(with = "super::moment")]
    pub at: OffsetDateTime,
    /// What happened.
    pub event: Event,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Event {
    /// The run begins.
    Genesis(Box<Genesis>),
    /// The run was interrupted, and is taken up again.
    Attempt(Box<Attempt>),
    /// A new file lies ready beside its target, its content on the disk for certain; its name is by the time of the commit.
    Staged {
        /// The number of the change.
        change: usize,
        /// Where the new file lies.
        temporary: String,
        /// By what it is known again.
        #[serde(flatten)]
        identity: FileIdentity,
    },
    /// A file was copied, its content on the disk for certain; its name is by the time of the commit.
    BackedUp {
        /// The number of the change.
        change: usize,
        /// Where the copy lies.
        path: String,
        /// By what it is known again.
        #[serde(flatten)]
        identity: FileIdentity,
    },
    /// Everything is ready; from here on the run is finished or rolled back.
    Commit {
        /// All that will be changed.
        changes: Vec<Change>,
        /// The files whose modification time will be set afterwards.
        touches: Vec<String>,
    },
    /// A file is about to be replaced.
    Intent {
        /// The number of the change.
        change: usize,
    },
    /// The file was replaced, on the disk for certain.
    Done {
        /// The number of the change.
        change: usize,
    },
    /// The file was found replaced: an earlier attempt had done it, and was interrupted before it could say so.
    Adopted {
        /// The number of the change.
        change: usize,
    },
    /// The run goes back from here: what was staged and is not needed any more is about to be removed.
    TurnedBack,
    /// A file is about to be brought back.
    UndoIntent {
        /// The number of the change.
        change: usize,
    },
    /// The file is as it was before: brought back, or found so; or it never was this run's.
    RolledBack {
        /// The number of the change.
        change: usize,
    },
    /// The file stays as somebody else made it, since the operator said so.
    Skipped {
        /// The number of the change.
        change: usize,
        /// What was found instead.
        found: String,
    },
    /// The modification time of a file is about to be set.
    TouchIntent {
        /// The file.
        path: String,
        /// Its modification time so far.
        #[serde(with = "super::moment")]
        modified_before: OffsetDateTime,
    },
    /// The modification time was set.
    TouchDone {
        /// The file.
        path: String,
        /// Its modification time now.
        #[serde(with = "super::moment")]
        modified_after: OffsetDateTime,
    },
    /// Something is about to be done besides changing files.
    ActIntent {
        /// What.
        act: Act,
    },
    /// It was done.
    ActDone {
        /// What.
        act: Act,
    },
    /// What the proof saw of one condition in the end.
    Proof {
        /// Whom it is about.
        component: String,
        /// What was asked: `process`, `certificate`, `livez`, `readyz`, `lease`, `health`.
        condition: String,
        /// Whether it holds.
        proven: bool,
        /// What was seen.
        evidence: String,
    },
    /// Something was left as it is.
    Left {
        /// What kubeadm calls it.
        name: String,
        /// Why.
        reason: String,
        /// What a person must bring.
        needs: String,
    },
    /// A step failed; if a file was about to be replaced or touched, that.
    Failed {
        /// The step.
        step: String,
        /// The error and its causes.
        error: String,
    },
    /// A signed note over all lines above.
    Checkpoint {
        /// Its text.
        note: String,
    },
    /// The run is over; one last checkpoint follows.
    Close {
        /// How it ended.
        outcome: RunOutcome,
        /// What it changed.
        statement: Statement,
    },
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunOutcome {
    /// Every change was made.
    Completed,
    /// No change remains.
    RolledBack,
    /// Some changes were left as somebody else had made them, since the operator said so.
    HalfWay,
}

impl RunOutcome {
    /// The words of the journal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::RolledBack => "rolled back",
            Self::HalfWay => "half-way",
        }
    }
}

impl Record {
    /// The compact JSON that is signed.
    pub(super) fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Reads that JSON. Writing the record again must give the same bytes, so that no reader can find a
    /// second meaning in repeated or foreign fields.
    pub(super) fn parse(json: &[u8]) -> Result<Self, Defect> {
        let record: Self =
            serde_json::from_slice(json).map_err(|source| Defect::Record { source })?;
        let mut written = Vec::with_capacity(json.len());
        match serde_json::to_writer(&mut written, &record) {
            Ok(()) if written == json => Ok(record),
            _ => Err(Defect::RecordNotCanonical),
        }
    }
}
