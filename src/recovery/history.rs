//! The runs that left a journal on this node.

use std::path::{Path, PathBuf};

use super::STATE_FOLDER;
use crate::node::{FileError, Root, Secrecy};

const JOURNAL_SUFFIX: &str = ".jsonl";

/// The runs of a node, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// Their identifiers: they sort by time.
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

    /// The places of the run of that identifier.
    pub fn of(run: &str) -> Self {
        let state = Path::new(STATE_FOLDER);
        Self {
            journal: Self::journals().join(format!("{run}{JOURNAL_SUFFIX}")),
            checkpoint: Self::journals().join(format!("{run}.checkpoint")),
            backup: state.join("backups").join(run),
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

    /// The checkpoint of the latest run that was closed.
    pub fn latest_checkpoint(&self, root: &Root) -> Option<String> {
        self.runs.iter().rev().find_map(|run| {
            let file = root
                .read(&RunFiles::of(run).checkpoint, Secrecy::Public)
                .ok()?;
            String::from_utf8(file.bytes.to_vec()).ok()
        })
    }
}
