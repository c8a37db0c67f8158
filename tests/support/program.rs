//! The built program, run like a stranger would: without an environment, without a terminal.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// How a run ended.
#[derive(Debug)]
pub struct Run {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// The program under test: the one that `REKINDLE_BINARY` names, or the one that was built with the tests.
pub fn binary() -> PathBuf {
    let named = std::env::var_os("REKINDLE_BINARY");
    named.map_or_else(|| env!("CARGO_BIN_EXE_rekindle").into(), PathBuf::from)
}

/// `rekindle --root ROOT ARGUMENTS`, ready to be run.
pub fn command(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command
        .env_clear()
        .stdin(Stdio::null())
        .arg("--root")
        .arg(root)
        .args(arguments);
    command
}

/// Runs `rekindle --root ROOT ARGUMENTS` to its end.
pub fn rekindle(root: &Path, arguments: &[&str]) -> Run {
    Run::of(command(root, arguments))
}

/// The same as the user and group of that number, who must be able to reach the program.
pub fn rekindle_as(program: &Path, user: u32, root: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::new("setpriv");
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null())
        .args([format!("--reuid={user}"), format!("--regid={user}")])
        .args([OsStr::new("--clear-groups"), OsStr::new("--no-new-privs")])
        .arg(program)
        .arg("--root")
        .arg(root)
        .args(arguments);
    Run::of(command)
}

impl Run {
    /// Runs `command` to its end.
    pub fn of(mut command: Command) -> Self {
        command.output().unwrap().into()
    }

    /// Fails the test unless the run ended with that exit code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "\n--- stdout\n{}--- stderr\n{}",
            self.stdout,
            self.stderr
        );
        self
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
