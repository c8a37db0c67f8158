//! The kubelet's service: asked for its state, stopped and started.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::program::run;
use super::{ProgramError, Root};

mod unit;

pub use unit::{UnitState, UnitStatus};

/// Present while systemd runs the machine: `sd_booted(3)`.
const BOOTED: &str = "/run/systemd/system";

/// In so many of its last lines a service's errors are looked for.
const LOG_LINES: usize = 200;
/// So many of them are worth reading at night.
const WORDS: usize = 5;

/// How long a question may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What an operator says takes the place of a service manager that is not known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceCommands {
    /// Starts the kubelet, and ends: `rc-service kubelet start`. Run with `/bin/sh -c`.
    pub start: String,
    /// Stops the kubelet, and ends when it is stopped.
    pub stop: String,
}

/// systemd, by its own programs at absolute paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Systemd {
    systemctl: PathBuf,
    journalctl: Option<PathBuf>,
}

/// Who starts and stops the kubelet. Units are named as systemd does: `kubelet.service`.
///
/// To be used outside a confinement (Landlock lets no program be started): see [`Unconfined`](super::Unconfined).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceManager {
    /// systemd runs this machine.
    Systemd(Systemd),
    /// The operator has named commands. They are for the kubelet, whatever unit is asked for.
    Commands(ServiceCommands),
    /// Nobody that is known: nothing can be stopped or started.
    Absent,
}

/// Why a service is not in the state that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Neither systemd nor commands.
    #[error("no service manager: systemd does not run here, and no commands were named")]
    NoManager,
    /// The operator's command begins with something that is no program.
    #[error("`{command}` cannot be run: there is no program {program}")]
    NoCommand {
        /// The whole command.
        command: String,
        /// Its first word.
        program: String,
    },
    /// Its program, or the operator's, failed or took too long.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// `systemctl show` said something that nobody knows.
    #[error("systemctl does not tell the state of {unit}: it said `{}`", output.trim().escape_debug())]
    NotUnderstood {
        /// The unit that was asked for.
        unit: String,
        /// What it said.
        output: String,
    },
}

impl ServiceManager {
    /// The operator's commands, where there are any. Else systemd, where it runs this machine and has `systemctl` in
    /// `/usr/bin` or `/bin`, which only root may change: not for a node in a folder, whose services it does not run.
    pub fn detect(root: &Root, commands: Option<ServiceCommands>) -> Self {
        if let Some(commands) = commands {
            return Self::Commands(commands);
        }
        if !root.is_machine() || !root.exists(Path::new(BOOTED)) {
            return Self::Absent;
        }
        program(root, "systemctl").map_or(Self::Absent, |systemctl| {
            Self::Systemd(Systemd {
                systemctl,
                journalctl: program(root, "journalctl"),
            })
        })
    }

    /// What is known of a unit (`systemctl show`). Of a service that commands start and stop, nothing: its
    /// [`running_components`](super::running_components) tell.
    pub fn status(&self, unit: &str) -> Result<UnitStatus, ServiceError> {
        let Self::Systemd(systemd) = self else {
            return Ok(UnitStatus::unknown());
        };
        let properties = "--property=ActiveState,SubState,MainPID,NRestarts,LoadState";
        let output = systemd.run(&["show", properties, "--", unit], PATIENCE)?;
        UnitStatus::parse(&output).ok_or_else(|| ServiceError::NotUnderstood {
            unit: unit.to_owned(),
            output,
        })
    }

    /// Fails where an operator's command cannot be run at all, for the shell knows no such program. What is more than a plain word
    /// is for the shell to judge when it comes to it.
    pub fn check(&self) -> Result<(), ServiceError> {
        let Self::Commands(ServiceCommands { start, stop }) = self else {
            return Ok(());
        };
        for command in [stop, start] {
            let word = command.split_whitespace().next().unwrap_or_default();
            let word = word.trim_matches('\'');
            let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
            if word.chars().all(is_plain) {
                let arguments = ["-c", "command -v -- \"$1\" >/dev/null", "sh", word];
                run(Path::new("/bin/sh"), &arguments, PATIENCE).map_err(|_| {
                    ServiceError::NoCommand {
                        command: command.clone(),
                        program: word.to_owned(),
                    }
                })?;
            }
        }
        Ok(())
    }

    /// In which state a unit is: see [`status`](Self::status).
    pub fn state(&self, unit: &str) -> Result<UnitState, ServiceError> {
        self.status(unit).map(|status| status.state)
    }

    /// Stops it, and waits until it has stopped. After `patience` an error; systemd carries its job on all the same, and
    /// kills the service when `TimeoutStopSec` is over. No error where it does not run. It does not stay stopped over a
    /// reboot.
    pub fn stop(&self, unit: &str, patience: Duration) -> Result<(), ServiceError> {
        self.perform("stop", unit, patience)
    }

    /// Starts it, and waits until it has started: for the kubelet's (`Type=simple`) no longer than until its program
    /// runs. No error where it runs already. `patience` is for each of systemd's answers.
    pub fn start(&self, unit: &str, patience: Duration) -> Result<(), ServiceError> {
        // systemd would put the start off until the waiting time is over, however long that is.
        // A state that nobody tells is no reason not to try.
        if matches!(self.state(unit), Ok(UnitState::AutoRestart)) {
            self.stop(unit, patience)?;
        }
        self.perform("start", unit, patience)
    }

    /// Lets systemd forget that it has failed, and how often: a unit that reached its limit of starts does not start
    /// otherwise. Commands know no such thing.
    pub fn reset_failed(&self, unit: &str) -> Result<(), ServiceError> {
        match self {
            Self::Commands(_) => Ok(()),
            _ => self.perform("reset-failed", unit, PATIENCE),
        }
    }

    /// The last errors that it logged, oldest first, or its last lines where there are none; nothing where they cannot be had:
    /// they are a help, no evidence. Control characters are replaced.
    pub fn last_words(&self, unit: &str) -> Vec<String> {
        let lines = self.recent_log(unit);
        let is_error = |line: &&String| is_klog_error(line);
        let errors: Vec<&String> = lines.iter().filter(is_error).collect();
        let words = if errors.is_empty() {
            lines.iter().collect()
        } else {
            errors
        };
        let skipped = words.len().saturating_sub(WORDS);
        words.into_iter().skip(skipped).cloned().collect()
    }

    fn recent_log(&self, unit: &str) -> Vec<String> {
        let Self::Systemd(Systemd {
            journalctl: Some(journalctl),
            ..
        }) = self
        else {
            return Vec::new();
        };
        let (unit, lines) = (format!("--unit={unit}"), format!("--lines={LOG_LINES}"));
        let arguments = [&unit, &lines, "--output=cat", "--no-pager", "--quiet"];
        let output = run(journalctl, &arguments, PATIENCE).unwrap_or_default();
        output.lines().map(str::to_owned).collect()
    }

    fn perform(&self, verb: &str, unit: &str, patience: Duration) -> Result<(), ServiceError> {
        match self {
            Self::Systemd(systemd) => {
                systemd.run(&["--no-ask-password", verb, "--", unit], patience)?;
            }
            Self::Commands(commands) => {
                let command = match verb {
                    "start" => &commands.start,
                    _ => &commands.stop,
                };
                // What a recovery has given up, a daemon needs: the files of a kubelet are read by others too.
                let script = "umask 022 && cd / && exec /bin/sh -c \"$1\"";
                let arguments = ["-c", script, "sh", command];
                run(Path::new("/bin/sh"), &arguments, patience)?;
            }
            Self::Absent => return Err(ServiceError::NoManager),
        }
        Ok(())
    }
}

impl Systemd {
    fn run(&self, arguments: &[&str], patience: Duration) -> Result<String, ProgramError> {
        let arguments: Vec<&str> = ["--no-pager"].iter().chain(arguments).copied().collect();
        run(&self.systemctl, &arguments, patience)
    }
}

/// `E1128 03:00:01.123456 …` or `F…`: severity, month and day (`k8s.io/klog/v2`, its header).
fn is_klog_error(line: &str) -> bool {
    let Some(date) = line.strip_prefix(['E', 'F']) else {
        return false;
    };
    let (digits, rest) = date.split_at_checked(4).unwrap_or_default();
    digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_digit()) && rest.starts_with(' ')
}

fn program(root: &Root, name: &str) -> Option<PathBuf> {
    ["/usr/bin", "/bin"]
        .map(|folder| Path::new(folder).join(name))
        .into_iter()
        .find(|path| root.exists(path))
}

#[cfg(test)]
mod tests;
