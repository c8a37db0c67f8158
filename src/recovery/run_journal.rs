//! The file of a run's journal, and what can be said of it without knowing whom to believe.

use super::{HistoryError, RunFiles};
use crate::journal::{BrokenChain, Chain, Checkpoint, CheckpointError, Defect, check_covered};
use crate::node::{FileError, Root};

/// The journal of a run of this node.
pub struct RunJournal {
    /// The run, by the name of the file.
    pub run: String,
    /// The file; empty where it cannot be read.
    pub bytes: Vec<u8>,
    /// What is in it.
    pub state: JournalState,
}

/// What the file of a journal holds.
pub enum JournalState {
    /// The run's own lines, which fit each other.
    Good(Box<Chain>),
    /// Those of another run: the file was exchanged, copied or renamed.
    Exchanged(Box<Chain>),
    /// Not one whole line: the run was killed before it did anything.
    Unbegun,
    /// Not one whole line, though the run had begun: there is a backup, which comes after the first lines are on the disk.
    Emptied,
    /// Lines that do not fit each other.
    Broken(BrokenChain),
    /// Nothing that can be read.
    Unreadable(FileError),
}

/// What is wrong with the file of `run` that holds this journal.
pub(super) fn other_run(run: &str, chain: &Chain) -> BrokenChain {
    BrokenChain {
        line: 1,
        defect: Defect::OtherRun {
            found: chain.genesis().circumstances.run.id.clone(),
            expected: run.to_owned(),
        },
    }
}

impl RunJournal {
    /// The lines of a run's own journal; what is wrong with it, otherwise, and nothing where there are none.
    pub fn into_chain(self) -> Result<Option<Chain>, HistoryError> {
        let run = self.run;
        match self.state {
            JournalState::Good(chain) => Ok(Some(*chain)),
            JournalState::Unbegun => Ok(None),
            JournalState::Emptied => Err(HistoryError::Emptied { run }),
            JournalState::Unreadable(error) => Err(error.into()),
            JournalState::Broken(source) => Err(HistoryError::Broken { run, source }),
            JournalState::Exchanged(chain) => Err(HistoryError::Broken {
                source: other_run(&run, &chain),
                run,
            }),
        }
    }

    /// Reads the journal of that run.
    pub fn read(root: &Root, run: &str) -> Self {
        let files = RunFiles::of(run);
        let (bytes, state) = match root.read_log(&files.journal) {
            Ok(bytes) => {
                let state = match Chain::read(&bytes) {
                    Ok(Some(chain)) if chain.genesis().circumstances.run.id == run => {
                        JournalState::Good(Box::new(chain))
                    }
                    Ok(Some(chain)) => JournalState::Exchanged(Box::new(chain)),
                    Ok(None) if root.exists(&files.backup) => JournalState::Emptied,
                    Ok(None) => JournalState::Unbegun,
                    Err(broken) => JournalState::Broken(broken),
                };
                (bytes, state)
            }
            Err(error) => (Vec::new(), JournalState::Unreadable(error)),
        };
        Self {
            run: run.to_owned(),
            bytes,
            state,
        }
    }

    /// The run after whose end this one was begun, as its own journal says: none begins before the one before it has ended.
    pub fn predecessor(&self) -> Option<Checkpoint> {
        let JournalState::Good(chain) = &self.state else {
            return None;
        };
        let run = &chain.genesis().circumstances.run;
        Checkpoint::parse(run.previous_checkpoint.as_ref()?).ok()
    }

    /// Whether it begins with the lines that the checkpoint covers; nothing where that cannot be told.
    pub fn covered_by(&self, checkpoint: &Checkpoint) -> Option<Result<(), CheckpointError>> {
        match &self.state {
            JournalState::Good(chain) => Some(check_covered(&self.bytes, chain, checkpoint)),
            _ => None,
        }
    }
}
