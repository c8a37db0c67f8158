//! `rekindle journal`: verifies and shows what earlier runs recorded.

use std::io::{self, Write};
use std::path::Path;

use time::OffsetDateTime;

use super::arguments::{JournalShow, JournalVerify};
use super::exit::Exit;
use super::failure::Failure;
use super::render::{BAD, BOLD, GOOD, WARNING, count, timestamp};
use crate::inventory::trusted_authorities;
use crate::journal::{self, Event, Record, Summary, Trust, Verdict, read_records};
use crate::node::{Root, Secrecy, read_operand};
use crate::pki::{Certificate, read_certificates};
use crate::recovery::{History, RunFiles};

const RUNBOOK: &str = "runbooks/exit-codes.md";

/// Prints the verdict; any but COMPLETE is a failure.
pub fn verify(
    root: &Root,
    arguments: &JournalVerify,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let bytes = read(root, arguments.journal.as_deref())?;
    let verdict = if let Some(key) = arguments.key {
        journal::verify(&bytes, &Trust::Key(key))
    } else {
        let authorities = authorities(root, arguments.ca.as_deref())?;
        journal::verify(&bytes, &Trust::Authorities(&authorities))
    };
    judge(verdict, out)
}

fn judge(verdict: Verdict, out: &mut dyn Write) -> Result<Exit, Failure> {
    match verdict {
        Verdict::Complete { summary } => {
            writeln!(out, "{GOOD}COMPLETE{GOOD:#}")?;
            write_summary(&summary, out)?;
            Ok(Exit::Done)
        }
        Verdict::Incomplete {
            summary,
            resumable,
            torn_tail,
        } => {
            writeln!(out, "{WARNING}INCOMPLETE{WARNING:#}")?;
            if let Some(summary) = &summary {
                write_summary(summary, out)?;
            }
            let torn = if torn_tail {
                "; its last line was cut short"
            } else {
                ""
            };
            let message = format!("the journal does not reach the end of its run{torn}");
            Err(if resumable {
                Failure::new(Exit::HalfWay, message)
                    .hint("files may have been changed: run `rekindle recover` again to finish")
            } else {
                Failure::new(Exit::ActionNeeded, message)
                    .hint("the run ended before it changed anything; compare with the checkpoint in the ticket")
            }
            .runbook(RUNBOOK))
        }
        Verdict::Tampered { line, defect } => {
            writeln!(out, "{BAD}TAMPERED{BAD:#}")?;
            let error = Tampered { line, defect };
            Err(Failure::of(Exit::JournalInvalid, &error)
                .hint("keep the file as it is; it is evidence")
                .runbook(RUNBOOK))
        }
        Verdict::NotAnchored { summary, reason } => {
            writeln!(out, "{BAD}NOT ANCHORED{BAD:#}")?;
            write_summary(&summary, out)?;
            Err(Failure::of(Exit::JournalInvalid, &NotAnchored { reason })
                .hint("name the CA certificate that the cluster had then: --ca FILE; or the key that the run printed: --key SHA256")
                .runbook(RUNBOOK))
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("line {line} of the journal is not as it was written")]
struct Tampered {
    line: usize,
    #[source]
    defect: journal::Defect,
}

#[derive(Debug, thiserror::Error)]
#[error("the journal is whole, but nobody who is trusted vouches for the key that signed it")]
struct NotAnchored {
    #[source]
    reason: journal::AnchorError,
}

/// Prints the records, without judging who signed them.
pub fn show(root: &Root, arguments: &JournalShow, out: &mut dyn Write) -> Result<Exit, Failure> {
    let bytes = read(root, arguments.journal.as_deref())?;
    for (number, record) in (1..).zip(read_records(&bytes)) {
        let record = record.map_err(|defect| {
            let error = Tampered {
                line: number,
                defect,
            };
            Failure::of(Exit::JournalInvalid, &error).hint("judge it with: rekindle journal verify")
        })?;
        write_record(&record, out)?;
    }
    Ok(Exit::Done)
}

/// The journal that is meant: a run of the node, or a file.
fn read(root: &Root, named: Option<&str>) -> Result<Vec<u8>, Failure> {
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
        return Err(
            Failure::new(Exit::Usage, message).hint(format!("see: ls {}", folder.display()))
        );
    };
    let file = root
        .read(&RunFiles::of(run).journal, Secrecy::Public)
        .map_err(|error| Failure::of_file("journal", &error))?;
    Ok(file.bytes.to_vec())
}

fn authorities(root: &Root, named: Option<&Path>) -> Result<Vec<Certificate>, Failure> {
    let Some(path) = named else {
        return trusted_authorities(root).map_err(|error| {
            Failure::of(Exit::Refused, &error).hint("name the cluster's CA certificate: --ca FILE")
        });
    };
    let bytes = read_operand(path).map_err(|error| Failure::of(Exit::Usage, &error))?;
    read_certificates(&bytes).map_err(|error| {
        let message = format!("{}: {error}", path.display());
        Failure::new(Exit::Usage, message).hint("name a CA certificate in PEM")
    })
}

fn write_summary(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let circumstances = &summary.genesis.circumstances;
    let (first, last) = summary.written;
    writeln!(out, "  run       {}", circumstances.run.id)?;
    writeln!(
        out,
        "  on        {} ({})",
        circumstances.host.name, circumstances.root
    )?;
    writeln!(
        out,
        "  written   {} to {}",
        timestamp(first),
        timestamp(last)
    )?;
    for (label, value) in [
        ("reason", &circumstances.reason),
        ("ticket", &circumstances.ticket),
    ] {
        if let Some(value) = value {
            writeln!(out, "  {label:<9} {}", printable(value))?;
        }
    }
    let counts = &summary.counts;
    writeln!(
        out,
        "  records   {}: {} changed, {} touched, {} left alone, {} undone, {} failed",
        summary.records,
        counts.changed,
        counts.touched,
        counts.left,
        counts.rolled_back,
        counts.failed
    )?;
    writeln!(out, "  key       sha256:{}", summary.genesis.key.sha256)
}

fn write_record(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    let (kind, text) = describe(&record.event);
    write!(out, "{:>4}  {}  ", record.seq, second(record.at))?;
    writeln!(out, "{BOLD}{kind:<13}{BOLD:#} {}", printable(&text))?;
    if let Event::Commit { changes } = &record.event {
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

fn second(moment: OffsetDateTime) -> String {
    timestamp(moment.replace_nanosecond(0).unwrap_or(moment))
}

fn describe(event: &Event) -> (&'static str, String) {
    match event {
        Event::Genesis(genesis) => {
            let circumstances = &genesis.circumstances;
            let who = &circumstances.operator;
            let text = format!(
                "run {} on {}, rekindle {}, uid {}, {}",
                circumstances.run.id,
                circumstances.host.name,
                circumstances.tool.version,
                who.uid,
                circumstances.reason.as_deref().unwrap_or("no reason given")
            );
            ("genesis", text)
        }
        Event::Staged {
            change, temporary, ..
        } => ("staged", format!("change {change}: {temporary}")),
        Event::BackedUp { change, path, .. } => ("backed up", format!("change {change}: {path}")),
        Event::Commit { changes } => ("commit", count(changes.len(), "change")),
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
        Event::RolledBack { change } => ("rolled back", format!("change {change}")),
        Event::Checkpoint { note } => {
            let root = note.lines().nth(2).unwrap_or_default();
            ("checkpoint", root.to_owned())
        }
        Event::Close { outcome, .. } => ("close", format!("{outcome:?}").to_lowercase()),
    }
}

/// A journal may come from anywhere: no control character of its reaches the terminal.
fn printable(text: &str) -> String {
    text.chars()
        .map(|letter| {
            if letter.is_control() {
                '\u{fffd}'
            } else {
                letter
            }
        })
        .collect()
}
