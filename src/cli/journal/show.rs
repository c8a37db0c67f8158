//! `rekindle journal show`: what a journal says, record by record.

use std::io::{self, Write};

use super::super::arguments::JournalShow;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::render::{BOLD, WARNING, count, printable, without_controls};
use super::ending::{ended, missing_end};
use super::operand::Journal;
use crate::evidence::moment;
use crate::journal::{Chain, Defect, Direction, Event, Record, Setting, read_records};
use crate::node::Root;
use crate::shell::quote;

/// Prints the records as far as they can be read, and fails where a line is not as it was written. Who signed them is not
/// judged.
pub fn show(root: &Root, arguments: &JournalShow, out: &mut dyn Write) -> Result<Exit, Failure> {
    let journal = Journal::read(root, arguments.journal.as_deref())?;
    let mut names = Names::default();
    for record in read_records(&journal.bytes) {
        match record {
            Ok(record) => {
                names.learn(&record.event);
                write_record(&record, &names, out)?;
            }
            Err(Defect::CutShort) => {
                let what = "the last line, as a kill leaves it";
                writeln!(out, "      {WARNING}cut short{WARNING:#}: {what}")?;
            }
            Err(_) => break,
        }
    }
    match Chain::read(&journal.bytes) {
        Ok(chain) => {
            if let Some(text) = chain.as_ref().and_then(missing_end) {
                writeln!(out, "      {WARNING}unfinished{WARNING:#}: {text}")?;
            }
            Ok(Exit::Done)
        }
        Err(error) => {
            let operand = arguments.journal.as_deref().map(quote).unwrap_or_default();
            let verify = root.command(format!("journal verify {operand}").trim_end());
            Err(Failure::of(Exit::JournalInvalid, &error)
                .hint(format!(
                    "believe nothing from that line on; judge it with: {verify}"
                ))
                .runbook("exit-codes"))
        }
    }
}

/// What the commit calls the changes: the records behind it give their numbers alone.
#[derive(Default)]
struct Names(Vec<String>);

impl Names {
    fn learn(&mut self, event: &Event) {
        if let Event::Commit { changes, .. } = event {
            self.0 = changes.iter().map(|change| change.name.clone()).collect();
        }
    }

    fn of(&self, change: usize) -> String {
        match self.0.get(change) {
            Some(name) => format!("change {change}: {name}"),
            None => format!("change {change}"),
        }
    }
}

fn write_record(record: &Record, names: &Names, out: &mut dyn Write) -> io::Result<()> {
    let (kind, text) = describe(&record.event, names);
    write!(out, "{:>4}  {}  ", record.seq, moment(record.at))?;
    let text = match &record.event {
        Event::Checkpoint { .. } => without_controls(&text),
        _ => printable(&text),
    };
    writeln!(out, "{BOLD}{kind:<13}{BOLD:#} {text}")?;
    if let Event::Commit { changes, .. } = &record.event {
        for (number, change) in changes.iter().enumerate() {
            let until = change
                .certificate
                .as_ref()
                .map_or_else(String::new, |certificate| {
                    format!(", until {}", certificate.after.not_after.date())
                });
            let line = format!("{}: {}{until}", change.name, change.target);
            writeln!(out, "{number:>10}  {}", printable(&line))?;
        }
    }
    Ok(())
}

fn describe(event: &Event, names: &Names) -> (&'static str, String) {
    match event {
        Event::Genesis(genesis) => {
            let text = format!(
                "run {} {}",
                genesis.circumstances.run.id,
                who(&genesis.circumstances.setting)
            );
            ("genesis", text)
        }
        Event::Attempt(attempt) => {
            let direction = match attempt.direction {
                Direction::Forward => "forward",
                Direction::Back => "back",
            };
            let torn = match attempt.torn.len() {
                0 => String::new(),
                number => format!(", {} cut short and set aside", count(number, "line")),
            };
            let text = format!(
                "{}, {direction}, {}{torn}",
                attempt.number,
                who(&attempt.setting)
            );
            ("attempt", text)
        }
        Event::Staged {
            change, temporary, ..
        } => ("staged", format!("change {change}: {temporary}")),
        Event::BackedUp { change, path, .. } => ("backed up", format!("change {change}: {path}")),
        Event::Commit { changes, .. } => ("commit", count(changes.len(), "change")),
        Event::Intent { change } => ("intent", names.of(*change)),
        Event::Done { change } => ("done", names.of(*change)),
        Event::TouchIntent { path, .. } => ("touch", path.clone()),
        Event::TouchDone { path, .. } => ("touched", path.clone()),
        Event::ActIntent { act } => ("about to", act.to_string()),
        Event::ActDone { act } => ("did", act.to_string()),
        Event::Proof {
            component,
            condition,
            proven,
            evidence,
        } => (
            if *proven { "proven" } else { "not proven" },
            format!("{component}, {condition}: {evidence}"),
        ),
        Event::Left {
            name,
            reason,
            needs,
        } => ("left alone", format!("{name}: {reason}; needs {needs}")),
        Event::Failed { step, error } => ("failed", format!("{step}: {error}")),
        Event::Adopted { change } => ("found done", names.of(*change)),
        Event::TurnedBack => ("turned back", "only the way back is open".to_owned()),
        Event::UndoIntent { change } => ("undo intent", names.of(*change)),
        Event::RolledBack { change } => ("rolled back", names.of(*change)),
        Event::Skipped { change, found } => (
            "left foreign",
            format!("{}: found {found}", names.of(*change)),
        ),
        Event::Checkpoint { note } => {
            let root = note.lines().nth(2).unwrap_or_default();
            ("checkpoint", root.to_owned())
        }
        Event::Close { outcome, statement } => {
            ("close", ended(*outcome, statement.predicate.counts.skipped))
        }
    }
}

fn who(setting: &Setting) -> String {
    let ticket = setting.ticket.as_ref();
    let ticket = ticket.map_or_else(String::new, |ticket| format!(", ticket {ticket}"));
    format!(
        "on {}, rekindle {}, uid {}, {}{}",
        setting.host.name,
        setting.tool.version,
        setting.operator.uid,
        setting.reason.as_deref().unwrap_or("no reason given"),
        ticket
    )
}
