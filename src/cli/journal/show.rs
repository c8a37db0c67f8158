//! `rekindle journal show`: what a journal says, record by record.

use std::io::{self, Write};

use super::super::arguments::JournalShow;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::render::{BOLD, count, printable, timestamp};
use super::operand::{read, second};
use crate::journal::{BrokenChain, Direction, Event, Record, Setting, read_records};
use crate::node::Root;

/// Prints the records, without judging who signed them.
pub fn show(root: &Root, arguments: &JournalShow, out: &mut dyn Write) -> Result<Exit, Failure> {
    let bytes = read(root, arguments.journal.as_deref())?;
    for (number, record) in (1..).zip(read_records(&bytes)) {
        let record = record.map_err(|defect| {
            let error = BrokenChain {
                line: number,
                defect,
            };
            Failure::of(Exit::JournalInvalid, &error).hint("judge it with: rekindle journal verify")
        })?;
        write_record(&record, out)?;
    }
    Ok(Exit::Done)
}

fn write_record(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    let (kind, text) = describe(&record.event);
    write!(out, "{:>4}  {}  ", record.seq, second(record.at))?;
    writeln!(out, "{BOLD}{kind:<13}{BOLD:#} {}", printable(&text))?;
    if let Event::Commit { changes, .. } = &record.event {
        for (number, change) in changes.iter().enumerate() {
            let until = change
                .certificate
                .as_ref()
                .map_or_else(String::new, |certificate| {
                    format!(" until {}", timestamp(certificate.after.not_after))
                });
            let line = format!("{} {}{until}", change.name, change.target);
            writeln!(out, "{:>30}  {}", number, printable(&line))?;
        }
    }
    Ok(())
}

fn describe(event: &Event) -> (&'static str, String) {
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
        Event::Intent { change } => ("intent", format!("change {change}")),
        Event::Done { change } => ("done", format!("change {change}")),
        Event::TouchIntent { path, .. } => ("touch", path.clone()),
        Event::TouchDone { path, .. } => ("touched", path.clone()),
        Event::Left {
            name,
            reason,
            needs,
        } => ("left alone", format!("{name}: {reason}; needs {needs}")),
        Event::Failed { step, error } => ("failed", format!("{step}: {error}")),
        Event::Adopted { change } => ("found done", format!("change {change}")),
        Event::UndoIntent { change } => ("undo intent", format!("change {change}")),
        Event::RolledBack { change } => ("rolled back", format!("change {change}")),
        Event::Skipped { change, found } => {
            ("left foreign", format!("change {change}: found {found}"))
        }
        Event::Checkpoint { note } => {
            let root = note.lines().nth(2).unwrap_or_default();
            ("checkpoint", root.to_owned())
        }
        Event::Close { outcome, .. } => ("close", outcome.as_str().to_owned()),
    }
}

fn who(setting: &Setting) -> String {
    format!(
        "on {}, rekindle {}, uid {}, {}",
        setting.host.name,
        setting.tool.version,
        setting.operator.uid,
        setting.reason.as_deref().unwrap_or("no reason given")
    )
}
