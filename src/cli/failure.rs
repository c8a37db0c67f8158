//! The one place that prints errors: what happened with the evidence, then what to do.

use std::error::Error;
use std::io::Write;

use anstyle::{AnsiColor, Style};

use super::alike::told_together;
use super::exit::Exit;
use super::interrupted::find;
use super::render::{WARNING, printable};
use super::standing::stopped;
use super::ways::Ways;
use crate::elision::elide;
use crate::node::{FileError, Root};
use crate::plan::{Refusal, RefusalCode};
use crate::recovery::{self, Halt, RecoveryError};
use crate::shell::quote;

const ERROR: Style = AnsiColor::Red.on_default().bold();
/// The way out of a command line that cannot be meant.
const HELP: &str = "see: rekindle --help";
const LABEL: Style = Style::new().bold();

/// A verb that did not do what was asked.
#[derive(Debug)]
pub struct Failure {
    /// What happened.
    message: String,
    /// Why, each cause with its own way out.
    causes: Vec<Cause>,
    /// What to do about the whole.
    hint: Option<String>,
    /// The page that explains it, as `rekindle runbook` knows it.
    runbook: Option<String>,
    /// What of it is a refusal, for programs.
    refusals: Box<[Refusal]>,
    /// There is nobody to tell: the reader of the output went away.
    silent: bool,
    /// How the process ends.
    pub exit: Exit,
}

#[derive(Debug)]
struct Cause {
    /// No cause, but something that is not as it should be besides.
    is_warning: bool,
    text: String,
    hint: Option<String>,
    runbook: Option<String>,
}

impl Failure {
    pub(super) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            causes: Vec::new(),
            hint: None,
            runbook: None,
            refusals: Box::default(),
            silent: false,
            exit,
        }
    }

    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message).hint(HELP)
    }

    /// The same with the help of the verb that was called, where it names help at all.
    pub(super) fn of_verb(mut self, words: &str) -> Self {
        if self.hint.as_deref() == Some(HELP) {
            self.hint = Some(format!("see: rekindle {words} --help"));
        }
        self
    }

    /// An error of the library with its chain of causes.
    pub(super) fn of(exit: Exit, error: &dyn Error) -> Self {
        let mut failure = Self::new(exit, error.to_string());
        let mut said = failure.message.clone();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // A transparent error repeats its source word for word.
            if text != said {
                failure.causes.push(Cause {
                    is_warning: false,
                    text: text.clone(),
                    hint: None,
                    runbook: None,
                });
                said = text;
            }
            cause = error.source();
        }
        failure
    }

    /// What an error of the library, with its chain of causes, means for the verb.
    pub(super) fn because(exit: Exit, message: impl Into<String>, error: &dyn Error) -> Self {
        let mut failure = Self::of(exit, error);
        let text = std::mem::replace(&mut failure.message, message.into());
        let cause = Cause {
            is_warning: false,
            text,
            hint: None,
            runbook: None,
        };
        failure.causes.insert(0, cause);
        failure
    }

    pub(super) fn of_file(subject: &str, error: &FileError) -> Self {
        Self::refused(&[Refusal::of_file(subject, error)])
    }

    /// Everything that stands in the way, at once.
    pub(super) fn refused(refusals: &[Refusal]) -> Self {
        let message = match refusals {
            [one] => format!("refused ({}): nothing was changed", one.code),
            many => format!("refused, for {} reasons: nothing was changed", many.len()),
        };
        let mut failure = Self::new(Exit::Refused, message);
        for mut alike in told_together(refusals) {
            let last = alike.texts.pop().unwrap_or_default();
            let cause = |text| Cause {
                is_warning: false,
                text,
                hint: None,
                runbook: None,
            };
            failure.causes.extend(alike.texts.into_iter().map(cause));
            failure.causes.push(Cause {
                hint: Some(alike.remedy),
                runbook: Some(alike.code.to_string()),
                ..cause(last)
            });
        }
        failure.refusals = refusals.into();
        failure
    }

    /// The refusals, if it consists of such.
    pub(super) fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }

    /// What to do about the whole.
    pub(super) fn way_out(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// What happened and why, on one line.
    pub(super) fn text(&self) -> String {
        let mut text = self.message.clone();
        for cause in &self.causes {
            text.push_str(": ");
            text.push_str(&cause.text);
        }
        elide(&text).into_owned()
    }

    pub(super) fn not_root() -> Self {
        Self::refused(&[Refusal {
            code: RefusalCode::NotRoot,
            subject: "this machine".to_owned(),
            evidence: "its keys and kubeconfigs are root's, and this is not root".to_owned(),
            remedy: "run it with sudo; or name a node in a folder of your own with --root"
                .to_owned(),
        }])
    }

    /// A run that began and did not reach its end.
    pub(super) fn of_recovery(root: &Root, error: &RecoveryError) -> Self {
        let rollback = root.command("rollback");
        let (exit, hint) = match error {
            RecoveryError::Untouched { source } | RecoveryError::RolledBack { source, .. } => {
                let again = match **source {
                    recovery::Failure::Interrupted { .. } => "to do it after all, run this again",
                    _ => "mend the cause, then run this again",
                };
                (Exit::Failed, again.to_owned())
            }
            RecoveryError::Stopped { source, .. } if let Some(file) = source.remaining() => (
                Exit::HalfWay,
                format!(
                    "the key in it is good until its certificate ends: rm {}; then end the run: {rollback}",
                    quote(file)
                ),
            ),
            RecoveryError::Stopped {
                open_directions,
                reverses,
                ..
            } => {
                let ways = Ways {
                    open: open_directions,
                    reverses: reverses.as_deref(),
                };
                let hint = format!(
                    "each file is the old one or the new one. To {}",
                    ways.hint(root)
                );
                (Exit::HalfWay, hint)
            }
            RecoveryError::Stuck { backup, .. } => (
                Exit::HalfWay,
                format!(
                    "mend what stands in the way, then: {rollback}. The old files are in {}",
                    backup.display()
                ),
            ),
        };
        let mut failure = Self::of(exit, error).hint(hint).runbook("half-way");
        let warnings = match error {
            RecoveryError::RolledBack { warnings, .. } => warnings.clone(),
            RecoveryError::Stopped { .. } | RecoveryError::Stuck { .. } => {
                // The lock is still ours: `Standing` would say that somebody works on it.
                let run = find(root).ok().flatten();
                run.and_then(|run| stopped(&run)).into_iter().collect()
            }
            RecoveryError::Untouched { .. } => Vec::new(),
        };
        failure
            .causes
            .extend(warnings.into_iter().map(|text| Cause {
                is_warning: true,
                text,
                hint: None,
                runbook: None,
            }));
        failure
    }

    /// An interrupted run that was not taken to where it was to be.
    pub(super) fn of_halt(root: &Root, halt: &Halt) -> Self {
        match halt {
            Halt::Refused(refusals) => Self::refused(refusals),
            Halt::Failed(error) => Self::of_recovery(root, error),
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn runbook(mut self, runbook: impl Into<String>) -> Self {
        self.runbook = Some(runbook.into());
        self
    }

    /// Writes the failure for a tired person.
    pub(super) fn print(&self, out: &mut dyn Write) {
        if !self.silent {
            // There is nobody left to tell when standard error is closed.
            let _ = self.write(out);
        }
    }

    fn write(&self, out: &mut dyn Write) -> std::io::Result<()> {
        line(out, ERROR, "error:", &self.message)?;
        let several = self
            .causes
            .iter()
            .filter(|cause| cause.hint.is_some())
            .count()
            > 1;
        let mut is_next_apart = several;
        for cause in &self.causes {
            if is_next_apart {
                writeln!(out)?;
            }
            is_next_apart = several && cause.hint.is_some();
            if cause.is_warning {
                line(out, WARNING, "warning:", &cause.text)?;
            } else {
                line(out, LABEL, "caused by:", &cause.text)?;
            }
            way_out(out, cause.hint.as_deref(), cause.runbook.as_deref())?;
        }
        // What concerns the whole must not be taken for the way out of the last cause.
        if self.hint.is_some() && self.causes.iter().any(|cause| cause.hint.is_some()) {
            writeln!(out)?;
        }
        way_out(out, self.hint.as_deref(), self.runbook.as_deref())
    }
}

fn way_out(out: &mut dyn Write, hint: Option<&str>, runbook: Option<&str>) -> std::io::Result<()> {
    if let Some(hint) = hint {
        line(out, LABEL, "hint:", hint)?;
    }
    if let Some(runbook) = runbook {
        line(
            out,
            LABEL,
            "runbook:",
            &format!("rekindle runbook {runbook}"),
        )?;
    }
    Ok(())
}

fn line(out: &mut dyn Write, style: Style, label: &str, text: &str) -> std::io::Result<()> {
    writeln!(out, "{style}{label}{style:#} {}", printable(text))
}

/// Output that could not be written: a full disk behind a redirection, or a reader that went away.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        let silent = error.kind() == std::io::ErrorKind::BrokenPipe;
        let message = format!("the output could not be written: {error}");
        Self {
            silent,
            ..Self::new(Exit::ActionNeeded, message)
        }
    }
}
