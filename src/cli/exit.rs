//! The exit codes, each with one meaning for every verb.

use std::process::ExitCode;

/// How a verb ended. `runbooks/exit-codes.md` says what to do for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// Action is needed from a person.
    ActionNeeded = 1,
    /// The command line cannot be understood.
    Usage = 2,
    /// Refused; nothing was changed.
    Refused = 3,
    /// Failed; nothing is changed in the end.
    Failed = 4,
    /// Stopped half-way.
    HalfWay = 5,
    /// A journal does not verify.
    JournalInvalid = 6,
    /// Repaired on disk, not proven to be running.
    NotProven = 7,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
