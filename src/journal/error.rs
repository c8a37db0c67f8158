//! Why a journal could not be written. Pure.

use super::defect::Defect;
use super::order::OrderError;
use crate::pki::{IssueError, KeyError, NoRandomness};

/// Why a record could not be written. Nothing may be changed on the node after any of these.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The run's identifier cannot stand in a checkpoint.
    #[error("`{run}` is not a run's identifier: letters, digits, `-`, `_` and `.`")]
    RunId {
        /// The identifier.
        run: String,
    },
    /// The journal's key could not be made or used.
    #[error("the journal's key cannot sign")]
    Key {
        /// What went wrong.
        source: KeyError,
    },
    /// The journal's certificate could not be issued.
    #[error("the journal's certificate cannot be issued")]
    Certificate {
        /// What went wrong.
        source: IssueError,
    },
    /// There is no serial number for the journal's certificate.
    #[error("the journal's certificate gets no serial number")]
    Serial {
        /// What went wrong.
        source: NoRandomness,
    },
    /// A record cannot be written as JSON, for instance a date past the year 9999.
    #[error("a record of the journal cannot be written as JSON")]
    Encode {
        /// What went wrong.
        source: serde_json::Error,
    },
    /// The event may not come at this point of a run.
    #[error("the journal takes no such record now")]
    Order {
        /// The rule.
        source: OrderError,
    },
    /// A line that was just made does not continue the journal: a defect of this program.
    #[error("the journal's own line does not continue it")]
    Chain {
        /// What is wrong with it.
        source: Defect,
    },
    /// The event is written by a method of its own.
    #[error("this kind of record is written by the journal's own method for it")]
    OwnVerb,
    /// The line did not reach the disk for certain.
    #[error("the journal cannot be written")]
    Storage {
        /// What the system says.
        source: std::io::Error,
    },
    /// An earlier line did not reach the disk.
    #[error("the journal stopped at an earlier error")]
    Stopped,
}
