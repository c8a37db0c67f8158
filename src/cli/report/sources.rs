//! The journals that an operand of `report` names.

use std::path::Path;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::journal::{Journal, is_archive, journals_in};
use crate::node::{Root, files_in, look_at_operand};

/// A journal, and where it was read.
pub(super) type Sourced = (String, Journal);

/// What the operand names, each file by a name of its own: a run of the node, a journal, an archive, or a folder with such files.
pub(super) fn operands(named: &[String]) -> Result<Vec<Option<String>>, Failure> {
    if named.is_empty() {
        return Ok(vec![None]);
    }
    let mut operands = Vec::new();
    for one in named {
        let path = Path::new(one);
        // A run's name is never that of a folder by chance: a folder here is named with a slash.
        if !one.contains('/') || !look_at_operand(path).0 {
            operands.push(Some(one.clone()));
            continue;
        }
        let files = files_in(path).map_err(|error| Failure::of(Exit::Usage, &error))?;
        let before = operands.len();
        let files = files.iter().filter(|file| {
            let extension = file.extension();
            extension.is_some_and(|extension| extension == "jsonl" || extension == "tar")
        });
        operands.extend(files.map(|file| Some(file.display().to_string())));
        if operands.len() == before {
            let message = format!("there is no journal in {one}");
            return Err(Failure::new(Exit::Usage, message)
                .hint("name a folder with .jsonl files or archives (.tar) of `journal export`"));
        }
    }
    Ok(operands)
}

/// The journal of a run or a file; of an archive, as `journal export` writes it, each that is in it.
pub(super) fn journals(root: &Root, named: Option<&str>) -> Result<Vec<Sourced>, Failure> {
    let journal = Journal::read_any(root, named)?;
    let source = journal
        .run
        .clone()
        .or(named.map(str::to_owned))
        .unwrap_or_default();
    if journal.run.is_none() && is_archive(&journal.bytes) {
        return journals_in(&source, &journal.bytes);
    }
    if journal.run.is_none() {
        journal.demand_lines(&source)?;
    }
    Ok(vec![(source, journal)])
}
