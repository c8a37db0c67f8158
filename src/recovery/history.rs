//! The runs that left a journal on this node.

use std::path::{Path, PathBuf};

use super::{JournalState, RunJournal, STATE_FOLDER};
use crate::journal::{Event, read_records};
use crate::node::{FileError, Present, Root};

const JOURNAL_SUFFIX: &str = ".jsonl";
/// What the name of a torn line's copy has behind the run.
pub(super) const TORN: &str = ".torn-";

/// The runs of a node, by the wall clock at the start of each. Where that was set back in between, a run stands before one
/// that it followed; which one it followed, its genesis says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// Their identifiers, which begin with that time.
    pub runs: Vec<String>,
}

/// Where a run keeps its things, as node paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFiles {
    /// The journal.
    pub journal: PathBuf,
    /// The checkpoint over the whole journal.
    pub checkpoint: PathBuf,
    /// The folder with the files as they were before.
    pub backup: PathBuf,
}

impl RunFiles {
    /// The folder of all journals.
    pub fn journals() -> PathBuf {
        Path::new(STATE_FOLDER).join("journal")
    }

    /// The folder of all backups.
    pub fn backups() -> PathBuf {
        Path::new(STATE_FOLDER).join("backups")
    }

    /// The places of the run of that identifier.
    pub fn of(run: &str) -> Self {
        Self {
            journal: Self::journals().join(format!("{run}{JOURNAL_SUFFIX}")),
            checkpoint: Self::journals().join(format!("{run}.checkpoint")),
            backup: Self::backups().join(run),
        }
    }
}

impl History {
    /// Looks which journals there are.
    pub fn read(root: &Root) -> Result<Self, FileError> {
        let names = root.list(&RunFiles::journals())?;
        let runs = names
            .iter()
            .filter_map(|name| name.strip_suffix(JOURNAL_SUFFIX))
            .map(str::to_owned)
            .collect();
        Ok(Self { runs })
    }

    /// Removes what a kill or a power failure left of runs that did nothing, or have ended: journals without one whole
    /// line, reserves, and files without their name. Only under the lock, and while no run is interrupted.
    pub fn tidy(root: &Root) -> Result<(), FileError> {
        for run in Self::read(root)?.runs {
            // What somebody emptied stays, and so does what cannot be read: neither keeps a run from beginning.
            if matches!(RunJournal::read(root, &run).state, JournalState::Unbegun) {
                root.remove_log(&RunFiles::of(&run).journal)?;
            }
        }
        root.remove_leftovers(&RunFiles::journals())
    }

    /// The copies of lines of a run's journal that a crash had cut short. What has such a name and is no file of ours, a FIFO
    /// perhaps, is passed over: it must not stand in the way of the run.
    pub fn torn(root: &Root, run: &str) -> Result<Vec<PathBuf>, FileError> {
        let prefix = format!("{run}{TORN}");
        let names = root.list(&RunFiles::journals())?;
        let copies = names.iter().filter(|name| name.starts_with(&prefix));
        let paths = copies.map(|name| RunFiles::journals().join(name));
        Ok(paths
            .filter(|path| matches!(root.present(path), Ok(Present::File(_))))
            .collect())
    }

    /// The last checkpoint of the latest run that has one; the latest by the wall clock.
    pub fn latest_checkpoint(&self, root: &Root) -> Option<String> {
        self.runs.iter().rev().find_map(|run| {
            let bytes = root.read_log(&RunFiles::of(run).journal).ok()?;
            let notes = read_records(&bytes).filter_map(|record| match record.ok()?.event {
                Event::Checkpoint { note } => Some(note),
                _ => None,
            });
            notes.last()
        })
    }
}
