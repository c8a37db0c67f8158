//! The runs that left a journal on this node.

use std::path::{Path, PathBuf};

use super::STATE_FOLDER;
use super::homes::admit_of;
use crate::journal::{BrokenChain, Chain, Event, is_closed, read_records};
use crate::node::{FileError, Root};
use crate::plan::LeftAlone;

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

/// A run that did not come to its end.
pub struct Interrupted {
    /// The run.
    pub run: String,
    /// Its journal, as far as it goes.
    pub chain: Chain,
    /// What it left to a person.
    pub left: Vec<LeftAlone>,
}

/// Why it is not known whether a run came to its end.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The folder of the journals, or a journal, cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A journal is not as it was written, or another run's, so nothing follows from it.
    #[error("the journal of the run {run} cannot be relied on")]
    Broken {
        /// The run.
        run: String,
        /// What is wrong.
        source: BrokenChain,
    },
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

    /// The latest run that did not come to its end. There is one at most that changed anything, for none is begun
    /// before that one has ended.
    pub fn interrupted(&self, root: &Root) -> Result<Option<Interrupted>, HistoryError> {
        for run in self.runs.iter().rev() {
            let bytes = root.read_log(&RunFiles::of(run).journal)?;
            if is_closed(&bytes) {
                continue;
            }
            let run = run.clone();
            match Chain::read_run(&run, &bytes) {
                // A further attempt brought the last checkpoint.
                Ok(Some(chain)) if chain.is_sealed() => {}
                Ok(Some(chain)) => {
                    admit_of(root, &chain);
                    let left = left(&bytes);
                    return Ok(Some(Interrupted { run, chain, left }));
                }
                // Killed before its first line was whole: it did nothing.
                Ok(None) => {}
                Err(source) => return Err(HistoryError::Broken { run, source }),
            }
        }
        Ok(None)
    }

    /// Removes what a kill or a power failure left of runs that did nothing, or have ended: journals without one whole
    /// line, reserves, and files without their name. Only under the lock, and while no run is interrupted.
    pub fn tidy(root: &Root) -> Result<(), FileError> {
        for run in Self::read(root)?.runs {
            let journal = RunFiles::of(&run).journal;
            if !root.read_log(&journal)?.contains(&b'\n') {
                root.remove_log(&journal)?;
            }
        }
        root.remove_leftovers(&RunFiles::journals())
    }

    /// The copies of lines of a run's journal that a crash had cut short.
    pub fn torn(root: &Root, run: &str) -> Result<Vec<PathBuf>, FileError> {
        let prefix = format!("{run}{TORN}");
        let mut names = root.list(&RunFiles::journals())?;
        names.retain(|name| name.starts_with(&prefix));
        Ok(names
            .iter()
            .map(|name| RunFiles::journals().join(name))
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

/// What a journal says was left to a person.
fn left(journal: &[u8]) -> Vec<LeftAlone> {
    let left = read_records(journal).filter_map(|record| match record.ok()?.event {
        Event::Left {
            name,
            reason,
            needs,
        } => Some(LeftAlone {
            name,
            reason,
            needs,
        }),
        _ => None,
    });
    left.collect()
}

impl Interrupted {
    /// Whether it may have changed a file; without a commit it has not.
    pub fn is_committed(&self) -> bool {
        self.chain.changes().is_some()
    }

    /// Each file that it was to replace: its certificate's name, and its node path.
    pub fn targets(&self) -> impl Iterator<Item = (&str, &Path)> {
        let changes = self.chain.changes().unwrap_or_default().iter();
        changes.map(|(change, _)| (change.name.as_str(), Path::new(&change.target)))
    }

    /// The folders in which it staged files: those of its targets.
    pub fn folders(&self) -> impl Iterator<Item = &Path> {
        let folders = &self.chain.genesis().circumstances.folders;
        folders.iter().map(Path::new)
    }

    /// How many files it replaced, and how many it was to replace.
    pub fn made(&self) -> (usize, usize) {
        let all = self.chain.changes().map_or(0, <[_]>::len);
        (self.chain.counts().changed, all)
    }
}
