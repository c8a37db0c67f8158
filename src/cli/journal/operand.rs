//! Which journal is meant, and how its words reach the terminal.

use std::path::Path;

use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::render::count;
use crate::journal::Chain;
use crate::node::{LARGEST_OPERAND, Root, read_operand};
use crate::recovery::{History, HistoryError, RunFiles, RunJournal};
use crate::shell::quote;

/// The journal that is meant.
pub(super) struct Journal {
    /// The run of the node whose file it is; nothing for a file that was named.
    pub(super) run: Option<String>,
    pub(super) bytes: Vec<u8>,
}

impl Journal {
    /// Reads that of a run of the node, or a file.
    pub(super) fn read(root: &Root, named: Option<&str>) -> Result<Self, Failure> {
        match named.filter(|name| name.contains('/') || name.contains(".jsonl")) {
            Some(file) => Self::read_file(file),
            None => Self::read_run(root, named),
        }
    }

    /// The same; a file may be an archive of `journal export`, too.
    pub(super) fn read_any(root: &Root, named: Option<&str>) -> Result<Self, Failure> {
        match named.filter(|name| name.contains(".tar")) {
            Some(file) => Self::read_file(file),
            None => Self::read(root, named),
        }
    }

    fn read_file(file: &str) -> Result<Self, Failure> {
        let mut bytes = read_operand(Path::new(file), LARGEST_OPERAND).map_err(|error| {
            Failure::of(Exit::Usage, &error).hint("name a run, or the file of a journal")
        })?;
        // No key is in a journal.
        let bytes = std::mem::take(&mut *bytes);
        Ok(Self { run: None, bytes })
    }

    fn read_run(root: &Root, named: Option<&str>) -> Result<Self, Failure> {
        let run = known(root, named, "; a file in this folder is ./FILE")?;
        let bytes = root
            .read_log(&RunFiles::of(&run).journal)
            .map_err(|error| Failure::of_file("journal", &error))?;
        Ok(Self {
            run: Some(run),
            bytes,
        })
    }
}

/// The run of the node of that identifier; the latest where none is named. For verbs that take no file.
pub(in super::super) fn known_run(root: &Root, named: Option<&str>) -> Result<String, Failure> {
    known(root, named, "")
}

fn known(root: &Root, named: Option<&str>, or_else: &str) -> Result<String, Failure> {
    let history = History::read(root).map_err(|error| Failure::of_file("journals", &error))?;
    let count = count(history.runs.len(), "run");
    let mut runs = history.runs.into_iter();
    let run = match named {
        Some(named) => runs.find(|known| known == named),
        None => runs.next_back(),
    };
    run.ok_or_else(|| {
        let message = match named {
            Some(run) => format!("there is no run {run} on this node, which knows {count}"),
            None => "no run has left a journal on this node".to_owned(),
        };
        let hint = format!("see: {}{or_else}", root.command("journal list"));
        Failure::new(Exit::Usage, message).hint(hint)
    })
}

/// The journal of a run of the node, line by line judged.
pub(in super::super) fn chain_of(root: &Root, run: &str) -> Result<Chain, Failure> {
    let judge = || root.command(&format!("journal verify {}", quote(run)));
    match RunJournal::read(root, run).into_chain() {
        Ok(Some(chain)) => Ok(chain),
        Ok(None) => {
            let message = format!("the run {run} ended before it wrote anything");
            Err(Failure::new(Exit::ActionNeeded, message))
        }
        Err(HistoryError::File(error)) => Err(Failure::of_file("journal", &error)),
        Err(error) => Err(Failure::of(Exit::JournalInvalid, &error)
            .hint(format!("judge it with: {}", judge()))
            .runbook("exit-codes")),
    }
}
