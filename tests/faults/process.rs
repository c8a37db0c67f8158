//! The program, run to its end by another or alone, and how it ended.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Far beyond what a run takes on a busy machine: what lasts longer hangs.
const PATIENCE: Duration = Duration::from_mins(1);

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    /// Whether the run came to the call at all.
    pub hit: bool,
}

impl Ended {
    /// What a process said and how it ended.
    pub fn of(output: Output, hit: bool) -> Self {
        Self {
            code: output.status.code(),
            signal: output.status.signal(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            hit,
        }
    }

    pub fn was_killed(&self) -> bool {
        self.signal == Some(Signal::SIGKILL as i32)
    }

    /// For the tally.
    pub fn outcome(&self) -> String {
        match (self.code, self.signal) {
            (Some(code), _) => format!("exit {code}"),
            (None, Some(9)) => "killed".to_owned(),
            (None, signal) => format!("ended by signal {}", signal.unwrap_or_default()),
        }
    }
}

/// `rekindle --root ROOT ARGUMENTS`, without an environment.
pub fn program(root: &Path, arguments: &[&str]) -> Command {
    crate::support::program::command(root, arguments)
}

/// The same program, run by another.
pub fn under(mut tool: Command, program: &Command) -> Command {
    tool.env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .arg(program.get_program())
        .args(program.get_args());
    tool
}

/// Runs `command` to its end, or ends it when it hangs: then it counts as one that a signal ended, which is no outcome
/// that anybody expects of a failing call.
pub fn finish(mut command: Command) -> Output {
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = Pid::from_raw(child.id().try_into().unwrap());
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let ended = receiver.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        kill(pid, Signal::SIGABRT).unwrap();
        receiver.recv().unwrap()
    });
    ended.unwrap()
}
