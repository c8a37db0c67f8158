//! The signed journal of a run: its records, writing it, and verifying it.
//!
//! One file for each run, in JSON Lines. Each line is a DSSE v1.0.2 envelope around one [`Record`], signed
//! with an Ed25519 key that exists for this attempt only, and names the SHA-256 of the line before it. The
//! cluster's authority certifies the key with a certificate that opens no door. A further [`Attempt`] at an interrupted
//! run follows in the same file, with a key of its own. [`Checkpoint`]s pin all lines so far; the last one, kept
//! elsewhere, shows even a forgery by somebody who holds the authority's key, which nothing within the file can.
//!
//! It is also the write-ahead log. [`Log`] hands out an [`Intent`] only after the announcement is on the
//! disk, and `recovery` changes no file without one. [`Chain`] tells how far a run has come. Storing is left to a
//! [`Storage`]; nothing here touches a file or reads a clock.
//!
//! Writing: [`Log`]. Judging: [`verify()`](verify()). Showing: [`read_records`].

mod act;
mod anchor;
mod attempt;
mod certificate;
mod chain;
mod change;
mod checkpoint;
mod defect;
mod effect;
mod envelope;
mod error;
mod event;
mod expected;
mod genesis;
mod intent;
mod log;
mod merkle;
mod moment;
mod order;
mod preparation;
mod progress;
mod protocol;
mod read;
mod seal;
mod segment;
mod signature;
mod statement;
mod verdict;
mod verify;

pub use act::Act;
pub use anchor::{AnchorError, Doubt, Trust};
pub use attempt::{Attempt, Direction, Torn};
pub use certificate::ProfileError;
pub use chain::{BrokenChain, Chain};
pub use change::{Backup, CertificateChange, CertificateFacts, Change, FileIdentity, FileState};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use defect::Defect;
pub use envelope::LONGEST_LINE;
pub use error::JournalError;
pub use event::{Event, Record, RunOutcome};
pub use expected::check_covered;
pub use genesis::{
    AuthorityFacts, Circumstances, Clocks, Genesis, HomeFolder, Host, KeyFacts, Operator, Run,
    SCHEMA, Setting, Tool,
};
pub use intent::{ActIntent, Intent, Outcome, TouchIntent};
pub use log::{Closed, Log, Storage, TakeUp, commit_size};
pub use order::OrderError;
pub use progress::Progress;
pub use read::read_records;
pub use seal::{BareSeal, Seal, SealError, Sealed, SealingError};
pub use statement::{Counts, DigestSet, Predicate, Statement, Subject};
pub use verdict::{Summary, Verdict};
pub use verify::verify;
