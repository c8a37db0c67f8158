//! `rekindle journal verify`: the verdict on a journal.

use std::io::Write;
use std::path::Path;

use super::super::arguments::JournalVerify;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::render::{BAD, GOOD, WARNING};
use super::super::ways::Ways;
use super::expect::expected;
use super::operand::Journal;
use super::summary::{write_expected, write_summary};
use crate::inventory::trusted_authorities;
use crate::journal::{self, AnchorError, BrokenChain, Checkpoint, CheckpointError, Trust, Verdict};
use crate::node::{LARGEST_OPERAND, Root, read_operand};
use crate::pki::{Certificate, read_certificates};

const RUNBOOK: &str = "exit-codes";

/// Prints the verdict; any but COMPLETE is a failure.
pub fn verify(
    root: &Root,
    arguments: &JournalVerify,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let journal = Journal::read(root, arguments.journal.as_deref())?;
    let expected = match &arguments.expect {
        Some(path) => expected(path)?,
        None => Vec::new(),
    };
    // A key that somebody names is to be believed alone, unless a CA is named too.
    let authorities = if arguments.key.is_empty() || arguments.ca.is_some() {
        authorities(root, arguments.ca.as_deref())?
    } else {
        Vec::new()
    };
    let trust = Trust {
        authorities: &authorities,
        keys: &arguments.key,
        expected: &expected,
    };
    let mut verdict = journal::verify(&journal.bytes, &trust);
    if let Some(run) = &journal.run {
        verdict = verdict.of_file(run);
    }
    judge(root, verdict, &expected, out)
}

fn judge(
    root: &Root,
    verdict: Verdict,
    expected: &[Checkpoint],
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let style = match verdict {
        Verdict::Complete { .. } => GOOD,
        Verdict::Incomplete { .. } => WARNING,
        Verdict::Tampered { .. } | Verdict::NotAnchored { .. } => BAD,
    };
    writeln!(out, "{style}{}{style:#}", verdict.word())?;
    match verdict {
        Verdict::Complete { summary } => {
            write_summary(&summary, out)?;
            write_expected(&summary, expected, out)?;
            Ok(Exit::Done)
        }
        Verdict::Incomplete {
            summary,
            resumable,
            torn_tail,
        } => {
            if let Some(summary) = &summary {
                write_summary(summary, out)?;
                write_expected(summary, expected, out)?;
            }
            let torn = if torn_tail {
                "; its last line was cut short"
            } else {
                ""
            };
            let message = format!("the journal does not reach the end of its run{torn}");
            let ways = Ways {
                open: summary.as_ref().map_or(&[][..], |one| one.open_directions),
                reverses: summary.as_ref().and_then(|one| one.genesis.reverses()),
            };
            let ways = format!("on its node, {}", ways.hint(root));
            let (begun, ended) = (
                format!("files may have been changed: {ways}"),
                format!(
                    "the run itself ended; the checkpoint behind its last record is missing: {ways}"
                ),
            );
            let (exit, hint) = match &summary {
                _ if resumable => (Exit::HalfWay, begun.as_str()),
                Some(summary) if summary.outcome.is_some() && summary.committed.is_some() => {
                    (Exit::ActionNeeded, ended.as_str())
                }
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
            if let Some(summary) = &summary {
                write_summary(summary, out)?;
            }
            let hint = way_out(&reason);
            Err(Failure::of(Exit::JournalInvalid, &NotAnchored { reason })
                .hint(hint)
                .runbook(RUNBOOK))
        }
    }
}

/// What to do about a journal that is not to be believed.
pub(in crate::cli) fn way_out(reason: &AnchorError) -> &'static str {
    match reason {
        AnchorError::Expected {
            source: CheckpointError::Origin { .. },
        } => {
            "is it the checkpoint of this run? if so, the file of another run was put in place of its journal: keep it; it is evidence"
        }
        AnchorError::OtherRun { .. } => {
            "somebody exchanged it: keep the file as it is; it is evidence"
        }
        AnchorError::Expected { .. } => {
            "lines were taken away, or all were written anew: keep the file as it is; it is evidence"
        }
        AnchorError::NoCertificate { .. } => {
            "no CA certified it, as on workers and where the CA's key is kept elsewhere: name the key that the run printed (Signed by): --key SHA256"
        }
        _ => {
            "name the CA certificate that the cluster had then: --ca FILE; or the key that the run printed: --key SHA256"
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the lines of the journal fit each other, but it is not one to believe")]
struct NotAnchored {
    #[source]
    reason: AnchorError,
}

/// The CA certificates in that file, or the node's own.
pub(in crate::cli) fn authorities(
    root: &Root,
    named: Option<&Path>,
) -> Result<Vec<Certificate>, Failure> {
    let Some(path) = named else {
        return trusted_authorities(root).map_err(|error| {
            Failure::of(Exit::Refused, &error).hint("name the cluster's CA certificate: --ca FILE")
        });
    };
    let bytes =
        read_operand(path, LARGEST_OPERAND).map_err(|error| Failure::of(Exit::Usage, &error))?;
    read_certificates(&bytes).map_err(|error| {
        let message = format!("{}: {error}", path.display());
        Failure::new(Exit::Usage, message).hint("name a CA certificate in PEM")
    })
}
