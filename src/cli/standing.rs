//! Whether a run is unfinished, for verbs that look, and for those that would begin another.

use std::io::{self, Write};

use super::exit::Exit;
use super::failure::Failure;
use super::render::{WARNING, count, printable};
use crate::evidence::with_causes;
use crate::node::Root;
use crate::plan::{Refusal, RefusalCode};
use crate::recovery::{History, HistoryError, Interrupted, RunFiles};
use crate::shell::quote;

/// What the journals say of a run that did not come to its end.
pub(super) enum Standing {
    /// There is none that may have changed a file.
    Settled,
    /// It was interrupted.
    Unfinished(Box<Interrupted>),
    /// Nobody knows, for its journal does not verify.
    Unknown(HistoryError),
}

impl Standing {
    /// For verbs that only look. Whoever may not read the journals may still look at the rest.
    pub(super) fn of(root: &Root) -> Self {
        let Ok(history) = History::read(root) else {
            return Self::Settled;
        };
        match history.interrupted(root) {
            Ok(Some(run)) if run.is_committed() => Self::Unfinished(Box::new(run)),
            Ok(_) | Err(HistoryError::File(_)) => Self::Settled,
            Err(error @ HistoryError::Broken { .. }) => Self::Unknown(error),
        }
    }

    /// For verbs that would begin a run.
    pub(super) fn refusal(&self, root: &Root) -> Option<Failure> {
        match self {
            Self::Settled => None,
            Self::Unfinished(run) => Some(Failure::refused(&[unfinished(root, run)])),
            Self::Unknown(error) => Some(of_history(root, error)),
        }
    }

    pub(super) fn is_settled(&self) -> bool {
        matches!(self, Self::Settled)
    }

    /// What it is, and what to do about it.
    pub(super) fn write(&self, root: &Root, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Settled => Ok(()),
            Self::Unfinished(run) => {
                writeln!(
                    out,
                    "{WARNING}Unfinished{WARNING:#}: the run {}\n  It was {}.",
                    printable(&run.run),
                    how_far(run)
                )?;
                if run.chain.is_undoing() {
                    let rollback = root.command("rollback");
                    return writeln!(out, "  To finish going back: {rollback}");
                }
                writeln!(out, "  To finish it: {}", root.command("resume"))?;
                writeln!(out, "  To go back:   {}", root.command("rollback"))
            }
            Self::Unknown(error) => {
                let text = printable(&with_causes(error));
                writeln!(out, "{WARNING}Unknown{WARNING:#}: {text}.")?;
                let verb = match error {
                    HistoryError::Broken { run, .. } => format!("journal verify {}", quote(run)),
                    HistoryError::File(_) => "journal list".to_owned(),
                };
                writeln!(out, "  To judge it: {}", root.command(&verb))
            }
        }
    }
}

/// The refusal to begin another run.
pub(super) fn unfinished(root: &Root, interrupted: &Interrupted) -> Refusal {
    let (resume, rollback) = (root.command("resume"), root.command("rollback"));
    Refusal {
        code: RefusalCode::UnfinishedRun,
        subject: format!("run {}", interrupted.run),
        evidence: format!("it was {}", how_far(interrupted)),
        remedy: if interrupted.chain.is_undoing() {
            format!("finish going back: {rollback}")
        } else {
            format!("finish it: {resume}; or go back: {rollback}")
        },
    }
}

/// `interrupted, with 3 of 14 files replaced`.
pub(super) fn how_far(interrupted: &Interrupted) -> String {
    let (made, all) = interrupted.made();
    let all = count(all, "file");
    if interrupted.chain.is_undoing() {
        format!("interrupted on its way back, with {made} of {all} still replaced")
    } else {
        format!("interrupted, with {made} of {all} replaced")
    }
}

/// Why nothing can be done before somebody looked at a journal.
pub(super) fn of_history(root: &Root, error: &HistoryError) -> Failure {
    match error {
        HistoryError::File(error) => Failure::of_file("journal", error),
        HistoryError::Broken { run, .. } => {
            let journal = root.outside(&RunFiles::of(run).journal);
            Failure::of(Exit::JournalInvalid, error)
                .hint(format!(
                    "no run can be taken up by it. Keep it as evidence, then go on without it: mv {} /root/",
                    quote(journal)
                ))
                .runbook("runbooks/half-way.md")
        }
    }
}
