//! Permission for one effect: made by the log after the intent is on the disk, used up by its outcome.

use std::path::Path;

use super::act::Act;

/// A file that may now be replaced, or brought back. Only [`Log::intend`](super::Log::intend) and
/// [`Log::intend_undo`](super::Log::intend_undo) make one.
#[derive(Debug)]
#[must_use = "an intent stays open until its outcome is recorded"]
pub struct Intent {
    change: usize,
    target: String,
    undo: bool,
}

/// A file whose modification time may now be set. Only [`Log::intend_touch`](super::Log::intend_touch) makes
/// one.
#[derive(Debug)]
#[must_use = "an intent stays open until its outcome is recorded"]
pub struct TouchIntent {
    path: String,
}

/// Something that may now be done. Only [`Log::intend_act`](super::Log::intend_act) makes one.
#[derive(Debug)]
#[must_use = "an intent stays open until its outcome is recorded"]
pub struct ActIntent(Act);

impl ActIntent {
    pub(super) fn new(act: Act) -> Self {
        Self(act)
    }

    /// The one file that the permission is for; the root where it is for no file.
    pub fn target(&self) -> &Path {
        match &self.0 {
            Act::MoveAside { path, .. }
            | Act::MoveBack { path, .. }
            | Act::LeaveAside { path, .. } => Path::new(path),
            _ => Path::new("/"),
        }
    }

    pub(super) fn into_act(self) -> Act {
        self.0
    }
}

/// What became of an [`Intent`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The change was made, or undone, and is on the disk for certain.
    Done,
    /// It could not be.
    Failed {
        /// The step, as the plan words it.
        step: String,
        /// The error and its causes.
        error: String,
    },
}

impl Intent {
    pub(super) fn new(change: usize, target: &str, undo: bool) -> Self {
        Self {
            change,
            target: target.to_owned(),
            undo,
        }
    }

    /// The one file that the permission is for.
    pub fn target(&self) -> &Path {
        Path::new(&self.target)
    }

    pub(super) fn is_undo(&self) -> bool {
        self.undo
    }

    pub(super) fn into_change(self) -> usize {
        self.change
    }
}

impl TouchIntent {
    pub(super) fn new(path: String) -> Self {
        Self { path }
    }

    /// The one file that the permission is for.
    pub fn target(&self) -> &Path {
        Path::new(&self.path)
    }

    pub(super) fn into_path(self) -> String {
        self.path
    }
}
