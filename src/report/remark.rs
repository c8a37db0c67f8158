//! What was done besides replacing files, and what went wrong or was left.

/// One of them, in a few words.
#[derive(Debug, Clone)]
pub(super) struct Remark {
    pub(super) kind: RemarkKind,
    pub(super) text: String,
}

/// What a remark is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RemarkKind {
    /// Something besides changing files.
    Done,
    /// What the run left to a person.
    LeftAlone,
    /// A step that failed.
    Failed,
    /// A file that somebody else had changed.
    LeftAsFound,
    /// From there on only the way back was open.
    TurnedBack,
}

impl RemarkKind {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::LeftAlone => "left alone",
            Self::Failed => "failed",
            Self::LeftAsFound => "left as found",
            Self::TurnedBack => "turned back",
        }
    }
}
