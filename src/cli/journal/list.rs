//! `rekindle journal list`: the runs of a node, and how each ended.

use std::io::Write;

use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::render::{BAD, GOOD, WARNING};
use super::super::table::{Cell, Table, terminal_columns};
use super::operand::second;
use crate::journal::{BrokenChain, Chain, RunOutcome};
use crate::node::Root;
use crate::recovery::{History, RunFiles};

/// Lists the runs, oldest first; whose journal it is, `journal verify` tells.
pub fn list(root: &Root, out: &mut dyn Write) -> Result<Exit, Failure> {
    let history = History::read(root).map_err(|error| Failure::of_file("journals", &error))?;
    if history.runs.is_empty() {
        writeln!(out, "No run has left a journal on this node.")?;
        return Ok(Exit::Done);
    }
    let heading = ["RUN", "BEGUN", "VERB", "CHANGED", "ENDED"];
    let mut table = Table::with_heading(heading.map(Cell::from).to_vec());
    for run in &history.runs {
        let bytes = root
            .read_log(&RunFiles::of(run).journal)
            .map_err(|error| Failure::of_file("journal", &error))?;
        let mut row = vec![Cell::from(run.as_str())];
        row.extend(cells(&Chain::read(&bytes)));
        table.push(row);
    }
    table.write(out, 0, terminal_columns())?;
    Ok(Exit::Done)
}

fn cells(journal: &Result<Option<Chain>, BrokenChain>) -> [Cell; 4] {
    let blank = Cell::default;
    let chain = match journal {
        Ok(Some(chain)) => chain,
        Ok(None) => return [blank(), blank(), blank(), "before it began".into()],
        Err(error) => {
            let text = format!("broken in line {}", error.line);
            return [blank(), blank(), blank(), Cell::styled(text, BAD)];
        }
    };
    let setting = &chain.genesis().circumstances.setting;
    let verb = setting.arguments.first().cloned().unwrap_or_default();
    let changed = match chain.changes() {
        Some(changes) => format!("{} of {}", chain.counts().changed, changes.len()),
        None => "nothing".to_owned(),
    };
    let ended = match (chain.outcome(), chain.changes()) {
        (Some(outcome @ RunOutcome::Completed), _) => Cell::styled(outcome.as_str(), GOOD),
        (Some(outcome), _) => outcome.as_str().into(),
        (None, Some(_)) => Cell::styled("unfinished", WARNING),
        (None, None) => "before it changed anything".into(),
    };
    [
        second(setting.clocks.wall).into(),
        verb.into(),
        changed.into(),
        ended,
    ]
}
