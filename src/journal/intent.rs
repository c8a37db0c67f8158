//! Permission for one effect: made by the log after the intent is on the disk, used up by its outcome.

/// A change that may now be made. Only [`Log::intend`](super::Log::intend) makes one.
#[derive(Debug)]
#[must_use = "an intent stays open until its outcome is recorded"]
pub struct Intent {
    change: usize,
}

/// A file whose modification time may now be set. Only [`Log::intend_touch`](super::Log::intend_touch) makes
/// one.
#[derive(Debug)]
#[must_use = "an intent stays open until its outcome is recorded"]
pub struct TouchIntent {
    path: String,
}

/// What became of an [`Intent`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The change was made and is on the disk for certain.
    Done,
    /// It could not be made.
    Failed {
        /// The step, as the plan words it.
        step: String,
        /// The error and its causes.
        error: String,
    },
}

impl Intent {
    pub(super) fn new(change: usize) -> Self {
        Self { change }
    }

    pub(super) fn into_change(self) -> usize {
        self.change
    }
}

impl TouchIntent {
    pub(super) fn new(path: String) -> Self {
        Self { path }
    }

    pub(super) fn into_path(self) -> String {
        self.path
    }
}
