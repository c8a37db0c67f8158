//! The rules about which event may follow which, as the errors of whoever breaks them. Pure.

/// An event that may not come here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// The first record, and no other, is the genesis.
    #[error("the genesis must be the first record, and only that")]
    Genesis,
    /// After the close comes the last checkpoint and nothing else.
    #[error("a record follows the end of the run")]
    AfterClose,
    /// What a genesis, an attempt or a commit says counts with the checkpoint over it.
    #[error("no checkpoint follows a genesis, an attempt or a commit")]
    NoCheckpoint,
    /// Staging and backups precede the commit.
    #[error("change {change} was staged or backed up after the commit")]
    AfterCommit {
        /// The number of the change.
        change: usize,
    },
    /// Effects follow the commit.
    #[error("an effect precedes the commit")]
    BeforeCommit,
    /// An attempt has the number of another one.
    #[error("the attempt's number is {found}, and it is attempt {expected}")]
    AttemptNumber {
        /// The number in the record.
        found: u64,
        /// The number that it should have.
        expected: u64,
    },
    /// What an interrupted attempt had not committed, a further one cannot.
    #[error("a further attempt prepares changes, or commits to them")]
    LateCommit,
    /// After the first step back there is no step forward.
    #[error("a change is made after the run began to be undone")]
    Undoing,
    /// A run turns back once.
    #[error("the run turned back, and was on its way back already")]
    SecondTurn,
    /// An attempt does not lead where it says.
    #[error(
        "an attempt forward turns back or undoes a change, or one back makes or touches something"
    )]
    Direction,
    /// A file is touched that the commit does not name, or twice.
    #[error("a file was touched that the run did not commit to, or twice")]
    NoSuchTouch,
    /// Manifests are touched when all files are settled.
    #[error("a file was touched before every change was made, or left to somebody else")]
    EarlyTouch,
    /// There is one commit.
    #[error("the run was committed twice")]
    SecondCommit,
    /// A committed change whose new bytes were not staged before, or other ones were.
    #[error("change {change} was committed, but its new file was not staged with the same digest")]
    NotStaged {
        /// The number of the change.
        change: usize,
    },
    /// A committed change whose old bytes were not backed up before, or other ones were.
    #[error(
        "change {change} was committed, but its old file was not backed up with the same digest"
    )]
    NotBackedUp {
        /// The number of the change.
        change: usize,
    },
    /// A number that no committed change has.
    #[error("there is no change {change}")]
    NoSuchChange {
        /// The number of the change.
        change: usize,
    },
    /// An effect begins while another is under way.
    #[error("an effect begins, or the run ends, while another effect is under way")]
    EffectUnderWay,
    /// An outcome without its intent.
    #[error("an effect ended that was not under way")]
    NoIntent,
    /// A change is made twice, or undone without having been begun.
    #[error("change {change} was made twice, or undone or found although it was not made")]
    WrongProgress {
        /// The number of the change.
        change: usize,
    },
    /// The outcome contradicts the records.
    #[error("the outcome contradicts what was recorded")]
    Outcome,
    /// The statement contradicts the records.
    #[error("the statement contradicts what was recorded")]
    Statement,
}
