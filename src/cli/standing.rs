//! Whether a run is unfinished, for verbs that look, and for those that would begin another.

use std::io::{self, Write};

use super::exit::Exit;
use super::failure::Failure;
use super::render::{WARNING, count, printable};
use super::ways::{lines_of_ways, ways_out};
use crate::evidence::with_causes;
use crate::node::Root;
use crate::plan::{Refusal, RefusalCode};
use crate::recovery::{History, HistoryError, Interrupted, RunFiles};

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
                write_stopped(run, "  ", out)?;
                let ways = lines_of_ways(root, run.chain.open_directions());
                write!(out, "{ways}")
            }
            Self::Unknown(error) => {
                let text = printable(&with_causes(error));
                writeln!(out, "{WARNING}Unknown{WARNING:#}: {text}.")?;
                let verb = match error {
                    HistoryError::Broken { run, .. } => format!("journal verify {run}"),
                    HistoryError::File(_) => "journal list".to_owned(),
                };
                writeln!(out, "  To judge it: {}", root.command(&verb))
            }
        }
    }
}

/// The refusal to begin another run.
pub(super) fn unfinished(root: &Root, interrupted: &Interrupted) -> Refusal {
    Refusal {
        code: RefusalCode::UnfinishedRun,
        subject: format!("run {}", interrupted.run),
        evidence: format!("it was {}", how_far(interrupted)),
        remedy: ways_out(root, interrupted.chain.open_directions()),
    }
}

/// What does not run because of it.
pub(super) fn write_stopped(
    interrupted: &Interrupted,
    indent: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    match stopped(interrupted) {
        Some(text) => writeln!(out, "{indent}{WARNING}{text}{WARNING:#}"),
        None => Ok(()),
    }
}

/// `It has stopped kubelet.service; …`, where it has.
pub(super) fn stopped(interrupted: &Interrupted) -> Option<String> {
    let services: Vec<&str> = interrupted.chain.stopped_services().collect();
    let services = printable(&services.join(", "));
    let are_some = !services.is_empty() && interrupted.chain.outcome().is_none();
    are_some.then(|| format!("It has stopped {services}; resume and rollback start it again."))
}

/// `interrupted, with 3 of 14 files replaced`.
pub(super) fn how_far(interrupted: &Interrupted) -> String {
    let (made, all) = interrupted.made();
    let chain = &interrupted.chain;
    match chain.outcome() {
        Some(outcome) => format!(
            "brought to its end ({}), but for the last checkpoint of its journal",
            outcome.as_str()
        ),
        None if chain.is_undoing() => {
            let all = count(all, "file");
            format!("interrupted on its way back, with {made} of {all} still replaced")
        }
        None => format!(
            "interrupted, with {made} of {} replaced",
            count(all, "file")
        ),
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
                    journal.display()
                ))
                .runbook("runbooks/half-way.md")
        }
    }
}
