//! `rekindle journal list`: the runs of a node, and how each ended.

use std::io::Write;

use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::render::{BAD, GOOD, WARNING, day, printable};
use super::super::table::{Cell, Table, terminal_columns};
use super::ending::ended;
use crate::evidence::{moment, with_causes};
use crate::journal::RunOutcome;
use crate::node::Root;
use crate::recovery::{History, JournalState, RunJournal};

/// Lists the runs in the order in which they were begun; whose journal it is, `journal verify` tells.
pub fn list(root: &Root, out: &mut dyn Write) -> Result<Exit, Failure> {
    let history = History::read(root).map_err(|error| Failure::of_file("journals", &error))?;
    if history.runs.is_empty() {
        writeln!(out, "No run has left a journal on this node.")?;
        return Ok(Exit::Done);
    }
    let runs = history.runs.iter();
    let journals: Vec<RunJournal> = runs.map(|run| RunJournal::read(root, run)).collect();
    let heading = ["RUN", "BEGUN", "VERB", "CHANGED", "ENDED"];
    let mut table = Table::with_heading(heading.map(Cell::from).to_vec());
    for journal in &journals {
        let mut row = vec![Cell::from(journal.run.as_str())];
        row.extend(cells(&journal.state));
        table.push(row);
    }
    table.write(out, 0, terminal_columns())?;
    for journal in &journals {
        if let Some(words) = missing_predecessor(journal, &journals) {
            writeln!(out, "{WARNING}warning{WARNING:#}: {}", printable(&words))?;
        }
    }
    Ok(Exit::Done)
}

/// Each journal names the checkpoint of the one before it: so none can be taken away, or exchanged, but the last.
pub(in super::super) fn missing_predecessor(
    journal: &RunJournal,
    all: &[RunJournal],
) -> Option<String> {
    let checkpoint = journal.predecessor()?;
    let (run, named) = (&journal.run, checkpoint.run());
    let Some(before) = all.iter().find(|journal| journal.run == named) else {
        return Some(format!(
            "the journal of the run {named}, which {run} followed, is not here"
        ));
    };
    match (&before.state, before.covered_by(&checkpoint)) {
        (JournalState::Unbegun | JournalState::Emptied, _) => Some(format!(
            "the journal of the run {named}, which {run} followed, was emptied"
        )),
        (_, Some(Err(error))) => Some(format!(
            "the journal of the run {named} is not the one that {run} followed: {error}"
        )),
        // The table says what is wrong with the others.
        (_, Some(Ok(())) | None) => None,
    }
}

fn cells(state: &JournalState) -> [Cell; 4] {
    let alone = |cell| [Cell::default(), Cell::default(), Cell::default(), cell];
    let bad = |text: String| alone(Cell::styled(format!("? ({text})"), BAD));
    let chain = match state {
        JournalState::Good(chain) => chain,
        JournalState::Unbegun => return alone("before it began".into()),
        JournalState::Emptied => return bad("emptied".to_owned()),
        JournalState::Exchanged(chain) => {
            let run = &chain.genesis().circumstances.run.id;
            return bad(format!("the journal of {run}"));
        }
        JournalState::Broken(broken) => return bad(format!("broken in line {}", broken.line)),
        JournalState::Unreadable(error) => return bad(with_causes(error)),
    };
    let setting = &chain.genesis().circumstances.setting;
    let changed = match chain.changes() {
        Some(changes) => format!("{} of {}", chain.counts().changed, changes.len()),
        None => "nothing".to_owned(),
    };
    let end = match (chain.outcome(), chain.changes()) {
        (Some(outcome), _) => {
            let text = ended(outcome, chain.counts().skipped);
            match outcome {
                RunOutcome::Completed => Cell::styled(text, GOOD),
                RunOutcome::RolledBack | RunOutcome::HalfWay => text.into(),
            }
        }
        (None, Some(_)) => Cell::styled("unfinished", WARNING),
        (None, None) => "before it changed anything".into(),
    };
    let begun = setting.clocks.wall;
    let begun = Cell::from(moment(begun)).or(day(begun));
    [begun, verb(&setting.arguments), changed.into(), end]
}

/// The verb, and of a rollback of a run that had ended which one it undid.
fn verb(arguments: &[String]) -> Cell {
    let verb = arguments.first().map_or("", String::as_str);
    let operand = arguments.iter().skip(1).find(|word| !word.starts_with('-'));
    match operand {
        Some(run) => {
            let behind_time = run.rsplit('-').next().unwrap_or(run);
            Cell::from(format!("{verb} {run}")).or(printable(&format!("{verb} …{behind_time}")))
        }
        None => verb.into(),
    }
}
