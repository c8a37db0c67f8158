//! Which journal is meant, and how its words reach the terminal.

use std::path::Path;

use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::render::count;
use super::archive::{is_archive, journals_in};
use crate::journal::Chain;
use crate::node::{LARGEST_OPERAND, Root, read_operand};
use crate::recovery::{History, HistoryError, JournalState, RunFiles, RunJournal};
use crate::shell::quote;

/// The journal that is meant.
pub(in crate::cli) struct Journal {
    /// The run of the node whose file it is; nothing for a file that was named.
    pub(in crate::cli) run: Option<String>,
    pub(in crate::cli) bytes: Vec<u8>,
}

impl Journal {
    /// Reads that of a run of the node or a file, or the one in an archive of `journal export`.
    pub(super) fn read(root: &Root, named: Option<&str>) -> Result<Self, Failure> {
        let journal = Self::read_any(root, named)?;
        let Some(file) = named.filter(|_| journal.run.is_none()) else {
            return Ok(journal);
        };
        if is_archive(&journal.bytes) {
            let mut found = journals_in(file, &journal.bytes)?;
            return match (found.pop(), found.len()) {
                (Some((_, journal)), 0) => Ok(journal),
                (_, more) => {
                    let message = format!("{file} holds {}", count(more + 1, "journal"));
                    Err(Failure::new(Exit::Usage, message).hint("unpack it, and name one of them"))
                }
            };
        }
        journal.demand_lines(file)?;
        Ok(journal)
    }

    /// Fails where no line is one of a journal's: one whose every line was destroyed is evidence as its run's, not as a file that
    /// somebody names.
    pub(in crate::cli) fn demand_lines(&self, file: &str) -> Result<(), Failure> {
        let mut lines = self.bytes.split(|byte| *byte == b'\n');
        if self.bytes.is_empty() || lines.any(|line| line.starts_with(b"{\"payloadType\":")) {
            return Ok(());
        }
        let message = format!("{file} is no journal: no line of it is one of a journal's");
        Err(Failure::new(Exit::Usage, message).hint(
            "name a run, its .jsonl file, or an archive that `rekindle journal export` wrote",
        ))
    }

    /// The same; a file may be anything, and an archive is not unpacked.
    pub(in crate::cli) fn read_any(root: &Root, named: Option<&str>) -> Result<Self, Failure> {
        let is_file = |name: &&str| [".jsonl", ".tar", "/"].iter().any(|it| name.contains(it));
        match named.filter(is_file) {
            Some(file) => Self::read_file(file),
            None => Self::read_run(root, named),
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
    let run = match named {
        Some("latest") | None => latest(root, &history.runs),
        Some(named) => match history.runs.iter().find(|known| *known == named) {
            Some(run) => Some(run),
            None => alone(named, &history.runs)?,
        },
    };
    run.cloned().ok_or_else(|| {
        let message = match named {
            Some(run) => format!("there is no run {run} on this node, which knows {count}"),
            None => "no run has left a journal on this node".to_owned(),
        };
        let hint = format!("see: {}{or_else}", root.command("journal list"));
        Failure::new(Exit::Usage, message).hint(hint)
    })
}

/// The last run. What somebody copied beside it, or laid there under a name that no run has, is none.
fn latest<'runs>(root: &Root, runs: &'runs [String]) -> Option<&'runs String> {
    let is_copy = |run: &String| match RunJournal::read(root, run).state {
        JournalState::Exchanged(chain) => runs.contains(&chain.genesis().circumstances.run.id),
        _ => false,
    };
    let is_named = |run: &&String| run.starts_with(|letter: char| letter.is_ascii_digit());
    let own = runs.iter().rev().filter(is_named).find(|run| !is_copy(run));
    own.or(runs.last())
}

/// The fewest letters of a run's name that may stand for it.
const FEWEST_LETTERS: usize = 4;

/// The one run with these letters at the beginning or end of its name: nobody types all 27 at night.
fn alone<'runs>(letters: &str, runs: &'runs [String]) -> Result<Option<&'runs String>, Failure> {
    if letters.len() < FEWEST_LETTERS {
        return Ok(None);
    }
    let is_it = |run: &&String| run.starts_with(letters) || run.ends_with(letters);
    let found: Vec<&String> = runs.iter().filter(is_it).collect();
    match found.as_slice() {
        [] => Ok(None),
        [run] => Ok(Some(run)),
        several => {
            let names: Vec<&str> = several.iter().map(|run| run.as_str()).collect();
            let message = format!("{letters} can be any of {}", names.join(", "));
            Err(Failure::new(Exit::Usage, message).hint("type more of its name"))
        }
    }
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
