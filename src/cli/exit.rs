//! The exit codes, each with one meaning for every verb.

use std::process::ExitCode;

/// How a verb ended. `runbooks/exit-codes.md` says what to do for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Done,
    /// Action is needed from a person.
    ActionNeeded,
    /// The command line cannot be understood.
    Usage,
    /// Refused; nothing was changed.
    Refused,
    /// Failed; nothing is changed in the end.
    Failed,
    /// Stopped half-way.
    HalfWay,
    /// A journal does not verify.
    JournalInvalid,
    /// Repaired on disk, not proven to be running.
    NotProven,
    /// To a monitoring system: WARNING.
    PluginWarning,
    /// To a monitoring system: CRITICAL.
    PluginCritical,
    /// To a monitoring system: UNKNOWN.
    PluginUnknown,
}

impl Exit {
    /// What the process ends with. Monitoring systems have codes of their own, for `check -o nagios` alone (Monitoring Plugins
    /// Development Guidelines, Plugin Return Codes).
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::ActionNeeded | Self::PluginWarning => 1,
            Self::Usage | Self::PluginCritical => 2,
            Self::Refused | Self::PluginUnknown => 3,
            Self::Failed => 4,
            Self::HalfWay => 5,
            Self::JournalInvalid => 6,
            Self::NotProven => 7,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
