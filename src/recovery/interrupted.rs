//! The run that did not come to its end, if there is one: found by journals of which every line was judged.

use std::collections::BTreeSet;
use std::path::Path;

use super::homes::admit_of;
use super::run_journal::other_run;
use super::{History, JournalState, RunId, RunJournal};
use crate::journal::{BrokenChain, Chain, Event, read_records};
use crate::node::{FileError, Root};
use crate::plan::LeftAlone;

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
    /// A journal is not as it was written, so nothing follows from it.
    #[error("the journal of the run {run} cannot be relied on")]
    Broken {
        /// The run.
        run: String,
        /// What is wrong.
        source: BrokenChain,
    },
    /// Somebody emptied a journal.
    #[error("the journal of the run {run} was emptied: its backup shows that the run had begun")]
    Emptied {
        /// The run.
        run: String,
    },
    /// The file of one run holds the journal of another.
    #[error("the journal of the run {run} cannot be relied on")]
    Exchanged {
        /// The run by the name of the file.
        run: String,
        /// The run of the journal.
        found: String,
        /// Whether that one has a file of its own.
        is_copy: bool,
        /// The same as an error.
        source: Box<BrokenChain>,
    },
}

impl HistoryError {
    /// The run whose journal it is about; none where the folder of the journals cannot be read.
    pub fn run(&self) -> Option<&str> {
        match self {
            Self::File(_) => None,
            Self::Broken { run, .. } | Self::Emptied { run } | Self::Exchanged { run, .. } => {
                Some(run)
            }
        }
    }
}

impl History {
    /// The run that did not come to its end. There is one at most that changed anything, for none is begun before that one
    /// has ended.
    ///
    /// So of a journal that cannot be relied on nothing need be known if a good one tells of a run that was begun after it;
    /// and whatever is wrong with others, a good one of an interrupted run leads on.
    pub fn interrupted(&self, root: &Root) -> Result<Option<Interrupted>, HistoryError> {
        let mut succeeded = BTreeSet::new();
        let mut doubts = Vec::new();
        let mut uncommitted = None;
        for run in self.runs.iter().rev() {
            let journal = RunJournal::read(root, run);
            let predecessor = journal.predecessor();
            succeeded.extend(predecessor.map(|checkpoint| checkpoint.run().to_owned()));
            let RunJournal { run, bytes, state } = journal;
            match state {
                JournalState::Good(chain) if chain.is_sealed() => {}
                JournalState::Good(chain) => {
                    let interrupted = Interrupted {
                        run,
                        chain: *chain,
                        left: left(&bytes),
                    };
                    if interrupted.is_committed() {
                        admit_of(root, &interrupted.chain);
                        return Ok(Some(interrupted));
                    }
                    uncommitted.get_or_insert(interrupted);
                }
                JournalState::Unbegun => {}
                other => doubts.extend(self.doubt(run, other)),
            }
        }
        doubts.retain(|(run, _)| !succeeded.contains(run));
        if let Some((_, doubt)) = doubts.into_iter().next() {
            return Err(doubt);
        }
        if let Some(interrupted) = &uncommitted {
            admit_of(root, &interrupted.chain);
        }
        Ok(uncommitted)
    }

    /// Why a run may be unfinished whose journal does not tell. A file that has not the name of a run is none of a run; unless
    /// it is the one journal of a run that has not ended, renamed.
    fn doubt(&self, run: String, state: JournalState) -> Option<(String, HistoryError)> {
        let is_named = RunId::is_well_formed(&run);
        let doubt = match state {
            JournalState::Exchanged(chain) => {
                let found = chain.genesis().circumstances.run.id.clone();
                let is_copy = self.runs.contains(&found);
                if !is_named && (is_copy || chain.is_sealed()) {
                    return None;
                }
                HistoryError::Exchanged {
                    run: run.clone(),
                    found,
                    is_copy,
                    source: Box::new(other_run(&run, &chain)),
                }
            }
            JournalState::Emptied if is_named => HistoryError::Emptied { run: run.clone() },
            JournalState::Broken(source) if is_named => HistoryError::Broken {
                run: run.clone(),
                source,
            },
            JournalState::Unreadable(error) if is_named => HistoryError::File(error),
            _ => return None,
        };
        Some((run, doubt))
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

    /// The folders in which it staged files, those of its targets; and those in which it made such a folder.
    pub fn folders(&self) -> impl Iterator<Item = &Path> {
        let circumstances = &self.chain.genesis().circumstances;
        let staged = circumstances.folders.iter().map(Path::new);
        let made = circumstances.new_folders.iter().map(Path::new);
        staged.chain(made.filter_map(Path::parent))
    }

    /// How many files it replaced, and how many it was to replace.
    pub fn made(&self) -> (usize, usize) {
        let all = self.chain.changes().map_or(0, <[_]>::len);
        (self.chain.counts().changed, all)
    }
}
