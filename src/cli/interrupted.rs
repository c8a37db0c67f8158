//! The run that was interrupted, as the verbs meet it.

use std::io::{self, Write};

use super::arguments::Words;
use super::exit::Exit;
use super::failure::Failure;
use super::progress::Watch;
use super::render::{WARNING, count, printable};
use crate::journal::Progress;
use crate::node::Root;
use crate::pki::Authority;
use crate::plan::{Refusal, RefusalCode};
use crate::recovery::{self, History, HistoryError, Interrupted, Reason, RunFiles, TakeUpRequest};

/// The run that did not come to its end, if there is one.
pub(super) fn find(root: &Root) -> Result<Option<Interrupted>, Failure> {
    let history = History::read(root).map_err(|error| Failure::of_file("journals", &error))?;
    history
        .interrupted(root)
        .map_err(|error| of_history(root, &error))
}

fn of_history(root: &Root, error: &HistoryError) -> Failure {
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

/// Refuses to begin another run while one is unfinished; gives back what has only left things lying around.
pub(super) fn refuse_unfinished(root: &Root) -> Result<Option<Interrupted>, Failure> {
    match find(root)? {
        Some(run) if run.is_committed() => Err(Failure::refused(&[unfinished(root, &run)])),
        other => Ok(other),
    }
}

/// The refusal to begin another run.
pub(super) fn unfinished(root: &Root, interrupted: &Interrupted) -> Refusal {
    let (resume, rollback) = (root.command("resume"), root.command("rollback"));
    Refusal {
        code: RefusalCode::UnfinishedRun,
        subject: format!("run {}", interrupted.run),
        evidence: format!("it was interrupted, {}", how_far(interrupted)),
        remedy: if interrupted.chain.is_undoing() {
            format!("finish going back: {rollback}")
        } else {
            format!("finish it: {resume}; or go back: {rollback}")
        },
    }
}

/// `with 3 of 14 files replaced`.
pub(super) fn how_far(interrupted: &Interrupted) -> String {
    let (made, all) = interrupted.made();
    format!("with {made} of {} replaced", count(all, "file"))
}

/// One line for verbs that only look; whether there was anything to say.
pub(super) fn warn(root: &Root, out: &mut dyn Write) -> io::Result<bool> {
    // Its folder may be closed to this user: looking needs no journal.
    let Ok(history) = History::read(root) else {
        return Ok(false);
    };
    match history.interrupted(root) {
        Ok(Some(run)) if run.is_committed() => writeln!(
            out,
            "{WARNING}Unfinished{WARNING:#}: the run {} was interrupted, {}.\n  To finish it: {}\n  To go back:   {}",
            printable(&run.run),
            how_far(&run),
            root.command("resume"),
            root.command("rollback"),
        )
        .map(|()| true),
        Err(HistoryError::Broken { run, source }) => writeln!(
            out,
            "{WARNING}Journal{WARNING:#}: that of the run {} does not verify ({}); judge it with: {}",
            printable(&run),
            printable(&source.to_string()),
            root.command(&format!("journal verify {run}")),
        )
        .map(|()| true),
        Ok(_) | Err(HistoryError::File(_)) => Ok(false),
    }
}

/// What was begun, and how far each file has come.
pub(super) fn write_state(interrupted: &Interrupted, out: &mut dyn Write) -> io::Result<()> {
    let chain = &interrupted.chain;
    let setting = &chain.genesis().circumstances.setting;
    writeln!(
        out,
        "Run {} ({}) was interrupted, {}:",
        printable(&interrupted.run),
        printable(&setting.arguments.join(" ")),
        how_far(interrupted)
    )?;
    for (change, progress) in chain.changes().unwrap_or_default() {
        let word = match progress {
            Progress::Waiting => "waiting",
            Progress::Intended => "begun",
            Progress::Done => "replaced",
            Progress::UndoIntended => "going back",
            Progress::RolledBack => "as before",
            Progress::Skipped => "left alone",
        };
        writeln!(out, "  {word:<11}{}", printable(&change.target))?;
    }
    Ok(())
}

/// Clears away what a run left that never changed anything.
pub(super) fn clear(
    root: &Root,
    interrupted: Interrupted,
    authority: Option<Authority>,
    reason: &Reason,
    watch: &mut Watch,
) -> Result<(), Failure> {
    let request = TakeUpRequest {
        authority,
        skip_foreign: false,
        reason,
    };
    recovery::clear(root, interrupted, request, watch)
        .map(|_| ())
        .map_err(|error| Failure::of_recovery(root, &error))
}

/// The operator's words, and the verb with its wishes in effect.
pub(super) fn reason(words: &Words, arguments: Vec<String>) -> Reason {
    Reason {
        reason: words.reason.clone(),
        ticket: words.ticket.clone(),
        arguments,
    }
}
