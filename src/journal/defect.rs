//! What can be wrong with a line of a journal. Pure.

use super::checkpoint::CheckpointError;
use super::order::OrderError;
use crate::digest::Sha256Digest;

/// Why a line is not what this program wrote there.
#[derive(Debug, thiserror::Error)]
pub enum Defect {
    /// The last line of the file has no newline: a crash cut it short.
    #[error("the line is cut short")]
    CutShort,
    /// No record is so long, and reading it takes many times its size of memory.
    #[error("the line has {bytes} bytes, more than any record")]
    LineTooLong {
        /// How many it has.
        bytes: usize,
    },
    /// Not a DSSE envelope with exactly one signature.
    #[error("the line is not an envelope with one signature")]
    Envelope {
        /// What the JSON parser says.
        source: serde_json::Error,
    },
    /// The line says the same as a right one, in other bytes.
    #[error("the line is not written the one way in which envelopes are written")]
    NotCanonical,
    /// The envelope is about something else.
    #[error("the payload's type is `{found}`")]
    PayloadType {
        /// The type that the line names.
        found: String,
    },
    /// The line names another key.
    #[error("the line is signed by the key {found}, and the journal's key is {expected}")]
    KeyId {
        /// The key that the line names.
        found: Sha256Digest,
        /// The key of the genesis.
        expected: Sha256Digest,
    },
    /// The signature is not the key's, or the payload is not what was signed.
    #[error("the signature does not fit")]
    Signature,
    /// The payload is not a record.
    #[error("the payload is not a record that this version knows")]
    Record {
        /// What the JSON parser says.
        source: serde_json::Error,
    },
    /// The record says the same as a right one, in other bytes.
    #[error("the record is not written the one way in which records are written")]
    RecordNotCanonical,
    /// The first record does not open a journal, or its key is not well-formed.
    #[error("the journal does not begin with a genesis that names its schema and key")]
    Genesis,
    /// A further attempt does not begin with a record that its own key signed: a well-formed one that no other attempt has.
    #[error("the attempt does not begin with a record that a key of its own signed")]
    Attempt,
    /// The journal has another format.
    #[error("the schema is `{found}`, which this version does not know")]
    Schema {
        /// The schema of the genesis.
        found: String,
    },
    /// The genesis gives its run an identifier that no run has.
    #[error("`{run}` is no identifier of a run")]
    RunId {
        /// The identifier.
        run: String,
    },
    /// The journal is another run's.
    #[error("it is the journal of the run {found}, and the file is that of the run {expected}")]
    OtherRun {
        /// The run of the genesis.
        found: String,
        /// The run whose file it is.
        expected: String,
    },
    /// A record is not in its place.
    #[error("the record's number is {found}, and its place is {expected}")]
    Sequence {
        /// The number in the record.
        found: u64,
        /// The place in the file.
        expected: u64,
    },
    /// The record does not follow the line before it.
    #[error(
        "the record does not follow the line before it: that line's SHA-256 is not the one given"
    )]
    Previous,
    /// The event may not come here.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// A checkpoint does not fit the lines before it.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}
