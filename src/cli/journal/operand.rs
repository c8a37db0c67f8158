//! Which journal is meant, and how its words reach the terminal.

use std::path::Path;

use time::OffsetDateTime;

use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::render::{count, timestamp};
use crate::node::{Root, Secrecy, read_operand};
use crate::recovery::{History, RunFiles};

/// The journal that is meant: a run of the node, or a file.
pub(super) fn read(root: &Root, named: Option<&str>) -> Result<Vec<u8>, Failure> {
    if let Some(file) = named.filter(|name| name.contains('/') || name.contains(".jsonl")) {
        return read_operand(Path::new(file)).map_err(|error| {
            Failure::of(Exit::Usage, &error).hint("name a run, or the file of a journal")
        });
    }
    let history = History::read(root).map_err(|error| Failure::of_file("journals", &error))?;
    let run = match named {
        Some(run) => history.runs.iter().find(|known| *known == run),
        None => history.runs.last(),
    };
    let Some(run) = run else {
        let runs = count(history.runs.len(), "run");
        let message = match named {
            Some(run) => format!("there is no run {run} on this node, which knows {runs}"),
            None => "no run has left a journal on this node".to_owned(),
        };
        let folder = root.outside(&RunFiles::journals());
        let hint = format!(
            "see: ls {}; a file in this folder is ./FILE",
            folder.display()
        );
        return Err(Failure::new(Exit::Usage, message).hint(hint));
    };
    let file = root
        .read(&RunFiles::of(run).journal, Secrecy::Public)
        .map_err(|error| Failure::of_file("journal", &error))?;
    Ok(file.bytes.to_vec())
}

/// To the second: more digits are in the file.
pub(super) fn second(moment: OffsetDateTime) -> String {
    timestamp(moment.replace_nanosecond(0).unwrap_or(moment))
}
