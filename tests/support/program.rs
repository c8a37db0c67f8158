//! The built program, run like a stranger would: without an environment, without a terminal.

use std::ffi::OsStr;
use std::io::{self, ErrorKind, Write};
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

/// The same with a pipe for its output that nobody reads.
pub fn unheard(root: &Path, arguments: &[&str]) -> Run {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let mut command = command(root, arguments);
    command.stdout(writer);
    Run::of(command)
}

/// Runs `command` to its end with that on its standard input, of which it need not read everything; the error of a program that
/// cannot be started.
pub fn with_input(command: &mut Command, input: &[u8]) -> io::Result<Output> {
    let mut program = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut pipe = program.stdin.take().unwrap();
    // What it says may fill its pipes before it has read everything: both go on at once.
    std::thread::scope(|scope| {
        scope.spawn(move || match pipe.write_all(input) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            written => written.unwrap(),
        });
        program.wait_with_output()
    })
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
