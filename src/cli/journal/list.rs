//! `rekindle journal list`: the runs of a node, and how each ended.

use std::io::Write;

use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::render::{BAD, GOOD, WARNING, day, printable};
use super::super::table::{Cell, Table, terminal_columns};
use super::operand::second;
use crate::evidence::with_causes;
use crate::journal::{BrokenChain, Chain, Checkpoint, Defect, RunOutcome, check_covered};
use crate::node::Root;
use crate::recovery::{History, RunFiles};

/// Lists the runs by the clock at the start of each; whose journal it is, `journal verify` tells.
pub fn list(root: &Root, out: &mut dyn Write) -> Result<Exit, Failure> {
    let history = History::read(root).map_err(|error| Failure::of_file("journals", &error))?;
    if history.runs.is_empty() {
        writeln!(out, "No run has left a journal on this node.")?;
        return Ok(Exit::Done);
    }
    let entries: Vec<Entry> = history
        .runs
        .iter()
        .map(|run| Entry::read(root, run))
        .collect();
    let heading = ["RUN", "BEGUN", "VERB", "CHANGED", "ENDED"];
    let mut table = Table::with_heading(heading.map(Cell::from).to_vec());
    for entry in &entries {
        let mut row = vec![Cell::from(entry.run.as_str())];
        row.extend(cells(&entry.state));
        table.push(row);
    }
    table.write(out, 0, terminal_columns())?;
    for entry in &entries {
        if let Some(words) = entry.missing_predecessor(&entries) {
            writeln!(out, "{WARNING}warning{WARNING:#}: {}", printable(&words))?;
        }
    }
    Ok(Exit::Done)
}

/// One run, as its journal has it.
struct Entry {
    run: String,
    bytes: Vec<u8>,
    state: State,
}

/// What a journal says, as far as it can be told without knowing whom to believe.
enum State {
    /// Its lines fit each other.
    Good(Box<Chain>),
    /// They are those of another run.
    Exchanged(String),
    /// Not even its first line is whole.
    Unbegun,
    /// From this line on it is not as it was written.
    Broken(usize),
    /// The file cannot be read.
    Unreadable(String),
}

impl Entry {
    fn read(root: &Root, run: &str) -> Self {
        let (bytes, state) = match root.read_log(&RunFiles::of(run).journal) {
            Ok(bytes) => {
                let state = match Chain::read_run(run, &bytes) {
                    Ok(Some(chain)) => State::Good(Box::new(chain)),
                    Ok(None) => State::Unbegun,
                    Err(BrokenChain {
                        defect: Defect::OtherRun { found, .. },
                        ..
                    }) => State::Exchanged(found),
                    Err(error) => State::Broken(error.line),
                };
                (bytes, state)
            }
            Err(error) => (Vec::new(), State::Unreadable(with_causes(&error))),
        };
        Self {
            run: run.to_owned(),
            bytes,
            state,
        }
    }

    /// Each journal names the checkpoint of the one before it: so none can be taken away, or exchanged, but the last.
    fn missing_predecessor(&self, entries: &[Self]) -> Option<String> {
        let State::Good(chain) = &self.state else {
            return None;
        };
        let previous = chain
            .genesis()
            .circumstances
            .run
            .previous_checkpoint
            .as_ref();
        let checkpoint = Checkpoint::parse(previous?).ok()?;
        let named = checkpoint.run();
        let Some(before) = entries.iter().find(|entry| entry.run == named) else {
            return Some(format!(
                "the journal of the run {named}, which {} followed, is not here",
                self.run
            ));
        };
        match &before.state {
            State::Good(chain) => match check_covered(&before.bytes, chain, &checkpoint) {
                Ok(()) => None,
                Err(error) => Some(format!(
                    "the journal of the run {named} is not the one that {} followed: {error}",
                    self.run
                )),
            },
            State::Unbegun => Some(format!(
                "the journal of the run {named}, which {} followed, was emptied",
                self.run
            )),
            // The table says so.
            State::Broken(_) | State::Exchanged(_) | State::Unreadable(_) => None,
        }
    }
}

fn cells(state: &State) -> [Cell; 4] {
    let alone = |cell| [Cell::default(), Cell::default(), Cell::default(), cell];
    let chain = match state {
        State::Good(chain) => chain,
        State::Unbegun => return alone("before it began".into()),
        State::Exchanged(run) => {
            return alone(Cell::styled(format!("? (the journal of {run})"), BAD));
        }
        State::Broken(line) => {
            return alone(Cell::styled(format!("? (broken in line {line})"), BAD));
        }
        State::Unreadable(error) => return alone(Cell::styled(format!("? ({error})"), BAD)),
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
    let begun = setting.clocks.wall;
    let begun = Cell::from(second(begun)).or(day(begun));
    [begun, verb.into(), changed.into(), ended]
}
