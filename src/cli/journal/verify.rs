//! `rekindle journal verify`: the verdict on a journal.

use std::io::{self, Read, Write};
use std::path::Path;

use super::super::arguments::JournalVerify;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::render::{BAD, GOOD, WARNING, count, printable};
use super::operand::{read, second};
use crate::inventory::trusted_authorities;
use crate::journal::{
    self, AnchorError, BrokenChain, Checkpoint, RunOutcome, Summary, Trust, Verdict,
};
use crate::node::{Root, read_operand};
use crate::pki::{Certificate, read_certificates};

const RUNBOOK: &str = "runbooks/exit-codes.md";

/// Prints the verdict; any but COMPLETE is a failure.
pub fn verify(
    root: &Root,
    arguments: &JournalVerify,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let bytes = read(root, arguments.journal.as_deref())?;
    let expected = arguments.expect.as_deref().map(expected).transpose()?;
    // A key that somebody names is to be believed alone, unless a CA is named too.
    let authorities = if arguments.key.is_empty() || arguments.ca.is_some() {
        authorities(root, arguments.ca.as_deref())?
    } else {
        Vec::new()
    };
    let trust = Trust {
        authorities: &authorities,
        keys: &arguments.key,
        expected: expected.as_ref(),
    };
    let verdict = judge(root, journal::verify(&bytes, &trust), out)?;
    if let Some(expected) = &expected {
        writeln!(
            out,
            "  expected  its first {} are those of the checkpoint that was kept",
            count(
                usize::try_from(expected.size()).unwrap_or(usize::MAX),
                "line"
            )
        )?;
    }
    Ok(verdict)
}

/// The checkpoint in a file, a ticket's text around it perhaps.
fn expected(path: &Path) -> Result<Checkpoint, Failure> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin()
            .lock()
            .take(MAXIMUM_TEXT)
            .read_to_end(&mut bytes)?;
        bytes
    } else {
        read_operand(path).map_err(|error| Failure::of(Exit::Usage, &error))?
    };
    Checkpoint::find(&String::from_utf8_lossy(&bytes)).map_err(|error| {
        let message = format!("{}: {error}", path.display());
        Failure::new(Exit::Usage, message).hint(
            "it is the five lines that the run printed at its end, from `rekindle.dev/journal/` on",
        )
    })
}

/// The longest text in which a checkpoint is looked for, in bytes.
const MAXIMUM_TEXT: u64 = 1024 * 1024;

fn judge(root: &Root, verdict: Verdict, out: &mut dyn Write) -> Result<Exit, Failure> {
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
            let (resume, rollback) = (root.command("resume"), root.command("rollback"));
            let is_undoing = summary
                .as_ref()
                .is_some_and(|summary| summary.counts.rolled_back > 0);
            let ways = if is_undoing {
                format!("finish going back: {rollback}")
            } else {
                format!("finish it: {resume}; or go back: {rollback}")
            };
            let ways = format!("files may have been changed: on its node, {ways}");
            let (exit, hint) = match &summary {
                _ if resumable => (Exit::HalfWay, ways.as_str()),
                Some(summary) if summary.outcome.is_some() => (
                    Exit::ActionNeeded,
                    "the run itself ended; the checkpoint behind its last record is missing",
                ),
                Some(summary) if summary.committed.is_none() => (
                    Exit::ActionNeeded,
                    "the run ended before it changed anything; compare with the checkpoint in the ticket",
                ),
                _ => (
                    Exit::ActionNeeded,
                    "it says nothing of what was changed; compare with the checkpoint in the ticket",
                ),
            };
            Err(Failure::new(exit, message).hint(hint).runbook(RUNBOOK))
        }
        Verdict::Tampered { line, defect } => {
            writeln!(out, "{BAD}TAMPERED{BAD:#}")?;
            let error = BrokenChain { line, defect };
            Err(Failure::of(Exit::JournalInvalid, &error)
                .hint(if line == 1 {
                    "is it the .jsonl file of a run? then keep it as it is: it is evidence"
                } else {
                    "keep the file as it is; it is evidence"
                })
                .runbook(RUNBOOK))
        }
        Verdict::NotAnchored { summary, reason } => {
            writeln!(out, "{BAD}NOT ANCHORED{BAD:#}")?;
            if let Some(summary) = &summary {
                write_summary(summary, out)?;
            }
            if matches!(reason, AnchorError::Expected { .. }) {
                return Err(Failure::of(Exit::JournalInvalid, &NotAnchored { reason })
                    .hint("lines were taken away, or all were written anew: keep the file as it is; it is evidence")
                    .runbook(RUNBOOK));
            }
            Err(Failure::of(Exit::JournalInvalid, &NotAnchored { reason })
                .hint("name the CA certificate that the cluster had then: --ca FILE; or the key that the run printed: --key SHA256")
                .runbook(RUNBOOK))
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the lines of the journal fit each other, but it is not one to believe")]
struct NotAnchored {
    #[source]
    reason: AnchorError,
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
    writeln!(out, "  run       {}", printable(&circumstances.run.id))?;
    writeln!(
        out,
        "  on        {} ({})",
        printable(&circumstances.setting.host.name),
        printable(&circumstances.root)
    )?;
    writeln!(out, "  written   {} to {}", second(first), second(last))?;
    for (label, value) in [
        ("reason", &circumstances.setting.reason),
        ("ticket", &circumstances.setting.ticket),
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
        counts.left + counts.skipped,
        counts.rolled_back,
        counts.failed
    )?;
    if summary.attempts > 1 {
        writeln!(out, "  attempts  {}", summary.attempts)?;
    }
    let ended = summary.outcome.map_or("not", RunOutcome::as_str);
    writeln!(out, "  ended     {ended}")?;
    if let Some(checkpoint) = &summary.checkpoint {
        writeln!(
            out,
            "  checkpoint over {} lines, root {}",
            checkpoint.size(),
            checkpoint.root()
        )?;
    }
    for key in &summary.keys {
        writeln!(out, "  signed by sha256:{key}")?;
    }
    Ok(())
}
