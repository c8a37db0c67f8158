//! Whether a run is unfinished, for verbs that look, and for those that would begin another.

use std::io::{self, Write};
use std::path::Path;

use super::exit::Exit;
use super::failure::Failure;
use super::journal::outcome_in_words;
use super::render::{WARNING, count, printable};
use super::ways::{Ways, verb};
use crate::evidence::with_causes;
use crate::inventory::KUBERNETES_FOLDER;
use crate::journal::Direction;
use crate::node::{FileError, LockHolder, Root};
use crate::plan::{Refusal, RefusalCode};
use crate::recovery::{
    History, HistoryError, Interrupted, RunFiles, obstacles_to_resume, obstacles_to_rollback,
    replaced,
};
use crate::shell::quote;

/// What the journals say of a run that did not come to its end.
pub(super) enum Standing {
    /// There is none that may have changed a file.
    Settled,
    /// A rekindle works on the node at this moment: its run is on its way, and not interrupted.
    Working(LockHolder),
    /// One was interrupted before it changed anything: what it had prepared lies about, with keys in it.
    LeftOver(String),
    /// It was interrupted.
    Unfinished(Box<Interrupted>),
    /// Nobody knows, for its journal does not verify.
    Unknown(HistoryError),
}

impl Standing {
    /// For verbs that only look.
    pub(super) fn of(root: &Root) -> Self {
        let standing = match History::read(root) {
            Ok(history) => match history.interrupted(root) {
                Ok(None) => Self::Settled,
                Ok(Some(run)) if run.is_committed() => Self::Unfinished(Box::new(run)),
                Ok(Some(run)) => Self::LeftOver(run.run),
                Err(error) => Self::Unknown(error),
            },
            // Whoever may not even look for journals, since they are root's, may look at the rest.
            Err(FileError::PermissionDenied { .. }) => Self::Settled,
            Err(error) => Self::Unknown(error.into()),
        };
        if standing.is_settled() {
            return standing;
        }
        match root.working(Path::new(KUBERNETES_FOLDER)) {
            Some(holder) => Self::Working(holder),
            None => standing,
        }
    }

    /// For verbs that would begin a run.
    pub(super) fn refusal(&self, root: &Root) -> Option<Failure> {
        match self {
            // What was left over, whoever begins clears away.
            Self::Settled | Self::LeftOver(_) => None,
            Self::Working(holder) => {
                let error = FileError::Locked {
                    path: root.outside(Path::new(KUBERNETES_FOLDER)),
                    holder: Some(holder.clone()),
                };
                Some(Failure::of_file("lock", &error))
            }
            Self::Unfinished(run) => Some(Failure::refused(&[unfinished(root, run)])),
            Self::Unknown(error) => Some(of_history(root, error)),
        }
    }

    /// Whether a person has to settle a run that may have changed files, or to find out whether there is one.
    pub(super) fn waits_for_a_person(&self) -> bool {
        matches!(self, Self::Unfinished(_) | Self::Unknown(_))
    }

    /// For a line among others; nothing where there is nothing to say.
    pub(super) fn in_words(&self) -> Option<&'static str> {
        match self {
            Self::Settled => None,
            Self::Working(_) => Some("a run is under way"),
            Self::LeftOver(_) => Some("a run is left over"),
            Self::Unfinished(_) => Some("a run is unfinished"),
            Self::Unknown(_) => Some("a journal cannot be relied on"),
        }
    }

    pub(super) fn is_settled(&self) -> bool {
        matches!(self, Self::Settled)
    }

    /// Whether a run may begin.
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Settled | Self::LeftOver(_))
    }

    /// What it is, and what to do about it.
    pub(super) fn write(&self, root: &Root, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Settled => Ok(()),
            Self::Working(holder) => writeln!(
                out,
                "{WARNING}Under way{WARNING:#}: a rekindle works on this node now ({holder})\n  \
                 Look again when it has ended: {}",
                root.command("check")
            ),
            Self::LeftOver(run) => writeln!(
                out,
                "{WARNING}Left over{WARNING:#}: the run {} was interrupted before it changed anything\n  \
                 What it had prepared, keys in it, may lie beside the files as {}*\n  \
                 To clear them away: {}",
                printable(run),
                Root::temporary_prefix(run),
                root.command("rollback")
            ),
            Self::Unfinished(run) => {
                writeln!(
                    out,
                    "{WARNING}Unfinished{WARNING:#}: the run {}\n  It was {}.",
                    printable(&run.run),
                    how_far(run)
                )?;
                write_stopped(run, "  ", out)?;
                write!(out, "{}", Ways::of(&run.chain).lines(root))?;
                write_obstacles(root, run, out)
            }
            Self::Unknown(error) => {
                let text = printable(&with_causes(error));
                writeln!(out, "{WARNING}Unknown{WARNING:#}: {text}.")?;
                let verb = match error.run() {
                    Some(run) => format!("journal verify {}", quote(run)),
                    None => "journal list".to_owned(),
                };
                writeln!(out, "  To judge it: {}", root.command(&verb))
            }
        }
    }
}

/// Which of its ways would be refused as things are, and why.
fn write_obstacles(root: &Root, run: &Interrupted, out: &mut dyn Write) -> io::Result<()> {
    for direction in run.chain.open_directions() {
        let refusals = match direction {
            Direction::Forward => obstacles_to_resume(root, run, false),
            Direction::Back => obstacles_to_rollback(root, run, false),
        };
        for refusal in refusals {
            let text = format!(
                "{}: {}: {}",
                refusal.code, refusal.subject, refusal.evidence
            );
            writeln!(
                out,
                "  {WARNING}As it is, {} is refused{WARNING:#} ({})",
                verb(*direction),
                printable(&text)
            )?;
        }
    }
    Ok(())
}

/// The refusal to begin another run.
pub(super) fn unfinished(root: &Root, interrupted: &Interrupted) -> Refusal {
    Refusal {
        code: RefusalCode::UnfinishedRun,
        subject: format!("run {}", interrupted.run),
        evidence: format!("it was {}", how_far(interrupted)),
        remedy: Ways::of(&interrupted.chain).hint(root),
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

/// `It has stopped kubelet.service; …`, where it has, and which manifests are away.
pub(super) fn stopped(interrupted: &Interrupted) -> Option<String> {
    let chain = &interrupted.chain;
    if chain.outcome().is_some() {
        return None;
    }
    let services: Vec<&str> = chain.stopped_services().collect();
    let manifests: Vec<&str> = chain.moved_manifests().map(|(path, _)| path).collect();
    let mut sentences = Vec::new();
    if !services.is_empty() {
        let arguments = &chain.genesis().circumstances.setting.arguments;
        let commands = arguments.iter().filter_map(|argument| {
            let (flag, command) = argument.split_once('=')?;
            ["--kubelet-stop", "--kubelet-start"]
                .contains(&flag)
                .then(|| format!(" {flag} {}", quote(command)))
        });
        let commands: String = commands.collect();
        let with = if commands.is_empty() {
            String::new()
        } else {
            format!(", with{commands}")
        };
        let services = services.join(", ");
        sentences.push(format!(
            "It has stopped {services}; resume and rollback start it again{with}."
        ));
    }
    if !manifests.is_empty() {
        let manifests = manifests.join(", ");
        sentences.push(format!(
            "It has moved {manifests} away; resume and rollback move it back."
        ));
    }
    (!sentences.is_empty()).then(|| printable(&sentences.join(" ")))
}

/// `interrupted, with 3 of 14 files replaced`.
pub(super) fn how_far(interrupted: &Interrupted) -> String {
    let (made, all) = interrupted.made();
    let chain = &interrupted.chain;
    let (is_undoing, reverses) = (chain.is_undoing(), chain.genesis().reverses());
    if let Some(outcome) = chain.outcome() {
        return format!(
            "brought to its end ({}), but for the last checkpoint of its journal",
            outcome_in_words(outcome)
        );
    }
    let all = count(all, "file");
    let replaced = replaced(reverses.is_some(), is_undoing);
    let whither = match (reverses, is_undoing) {
        (None, false) => String::new(),
        (None, true) => " on its way back".to_owned(),
        (Some(run), false) => format!(" on the way back to before the run {}", printable(run)),
        (Some(run), true) => format!(
            " while it gave up going back to before the run {}",
            printable(run)
        ),
    };
    format!("interrupted{whither}, with {made} of {all} {replaced}")
}

/// Why nothing can be done before somebody looked at a journal.
pub(super) fn of_history(root: &Root, error: &HistoryError) -> Failure {
    let journal = |run: &str| quote(root.outside(&RunFiles::of(run).journal));
    let hint = match error {
        HistoryError::File(error) => return Failure::of_file("journal", error),
        HistoryError::Exchanged {
            run,
            found,
            is_copy: false,
            ..
        } => format!(
            "if it was renamed alone, give it its name back: mv -n {} {}",
            journal(run),
            journal(found)
        ),
        HistoryError::Broken { run, .. }
        | HistoryError::Emptied { run }
        | HistoryError::Exchanged { run, .. } => format!(
            "no run can be taken up by it. Keep it as evidence, then go on without it: mv {} /root/",
            journal(run)
        ),
    };
    Failure::of(Exit::JournalInvalid, error)
        .hint(hint)
        .runbook("half-way")
}
