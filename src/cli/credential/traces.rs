//! What on this node speaks of a run besides its journal, and against it: checkpoints, backups, copies of etcd.

use std::path::Path;

use super::record::Doubtful;
use crate::evidence::with_causes;
use crate::journal::Checkpoint;
use crate::node::{FileError, Root, Secrecy};
use crate::recovery::{JournalState, RunFiles, RunId, RunJournal};

/// The runs that left something here: looked for before the journals are, since each begins with its journal.
pub(super) struct Traces {
    checkpoints: Vec<String>,
    /// With the folder that says so.
    backups: Vec<(String, String)>,
}

impl Traces {
    /// Looks which there are.
    pub(super) fn read(root: &Root) -> Result<Self, FileError> {
        let names = root.list(&RunFiles::journals())?;
        let checkpoints = names
            .iter()
            .filter_map(|name| name.strip_suffix(".checkpoint"))
            .map(str::to_owned);
        let mut backups = Vec::new();
        for folder in [RunFiles::backups(), RunFiles::etcd_copies()] {
            let names = root.list(&folder)?.into_iter();
            let runs = names.filter(|name| RunId::is_well_formed(name));
            backups.extend(runs.map(|run| {
                let path = root.outside(&folder.join(&run)).display().to_string();
                (run, path)
            }));
        }
        Ok(Self {
            checkpoints: checkpoints.collect(),
            backups,
        })
    }

    /// What does not fit the `journals`, in words that name the file.
    pub(super) fn contradictions(&self, root: &Root, journals: &[RunJournal]) -> Vec<Doubtful> {
        let mut found: Vec<Doubtful> = Vec::new();
        for run in &self.checkpoints {
            let journal = journals.iter().find(|journal| journal.run == *run);
            let why = against(root, &RunFiles::of(run).checkpoint, journal);
            found.extend(why.map(|why| doubtful(run, why)));
        }
        for (run, path) in &self.backups {
            let is_told = found.iter().any(|one| one.run == *run);
            if !is_told && journals.iter().all(|journal| journal.run != *run) {
                found.push(doubtful(run, format!("{path} is here, and it is not")));
            }
        }
        found
    }
}

fn doubtful(run: &str, why: String) -> Doubtful {
    Doubtful {
        run: run.to_owned(),
        why,
    }
}

/// What the checkpoint that lies beside a journal says against it.
fn against(root: &Root, checkpoint: &Path, journal: Option<&RunJournal>) -> Option<String> {
    let path = root.outside(checkpoint).display().to_string();
    let Some(journal) = journal else {
        return Some(format!("{path} is here, and it is not"));
    };
    let read = match root.read(checkpoint, Secrecy::Public) {
        Ok(file) => Checkpoint::parse(&String::from_utf8_lossy(&file.bytes)),
        Err(error) => return Some(with_causes(&error)),
    };
    let checkpoint = match read {
        Ok(checkpoint) => checkpoint,
        Err(error) => return Some(format!("{path}: {}", with_causes(&error))),
    };
    match &journal.state {
        JournalState::Unbegun => {
            let lines = checkpoint.size();
            Some(format!(
                "its file was emptied: {path} covers {lines} lines of it"
            ))
        }
        _ => match journal.covered_by(&checkpoint)? {
            Ok(()) => None,
            Err(error) => Some(format!("{path}: {}", with_causes(&error))),
        },
    }
}
