//! `rekindle journal verify`: the verdict on a journal.

use std::io::{self, Write};
use std::path::Path;

use super::super::arguments::JournalVerify;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::render::{BAD, GOOD, WARNING, printable};
use super::operand::{read, second};
use crate::inventory::trusted_authorities;
use crate::journal::{self, RunOutcome, Summary, Trust, Verdict};
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
            let (exit, hint) = match &summary {
                _ if resumable => (
                    Exit::HalfWay,
                    "files may have been changed: run `rekindle recover` again to finish",
                ),
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
            let error = Tampered { line, defect };
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
            write_summary(&summary, out)?;
            Err(Failure::of(Exit::JournalInvalid, &NotAnchored { reason })
                .hint("name the CA certificate that the cluster had then: --ca FILE; or the key that the run printed: --key SHA256")
                .runbook(RUNBOOK))
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("line {line} of the journal is not as it was written")]
pub(super) struct Tampered {
    pub(super) line: usize,
    #[source]
    pub(super) defect: journal::Defect,
}

#[derive(Debug, thiserror::Error)]
#[error("the journal is whole, but nobody who is trusted vouches for the key that signed it")]
struct NotAnchored {
    #[source]
    reason: journal::AnchorError,
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
        printable(&circumstances.host.name),
        printable(&circumstances.root)
    )?;
    writeln!(out, "  written   {} to {}", second(first), second(last))?;
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
    writeln!(out, "  signed by sha256:{}", summary.genesis.key.sha256)
}
