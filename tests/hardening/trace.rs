//! The program under strace: what it asked of the kernel, and what the kernel was made to answer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::node::temporary_folder;
use crate::support::program::{Run, command};

/// A run, and the calls that were traced, one a line, as strace writes them.
pub struct Traced {
    pub run: Run,
    pub calls: Vec<String>,
}

/// Runs `rekindle --root ROOT ARGUMENTS` under strace with `options`; `None`, with a line that says so, where nobody can
/// trace.
pub fn traced(root: &Path, options: &[&str], arguments: &[&str]) -> Option<Traced> {
    let folder = temporary_folder();
    let log = folder.path().join("log");
    let strace = strace(&log, options, root, arguments)?;
    let run = Run::of(strace);
    let text = fs::read_to_string(&log).unwrap();
    let calls = text.lines().map(|line| call(line).to_owned()).collect();
    Some(Traced { run, calls })
}

/// The same, ready to be run; the log is written to `log`.
pub fn strace(log: &Path, options: &[&str], root: &Path, arguments: &[&str]) -> Option<Command> {
    if !can_trace() {
        println!("skipped: strace is not here, or may not trace");
        return None;
    }
    let program = command(root, arguments);
    let mut strace = Command::new("strace");
    strace
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .args(["-f", "-s", "200", "-o"])
        .arg(PathBuf::from(log))
        .args(options)
        .arg(program.get_program())
        .args(program.get_args())
        .stdin(std::process::Stdio::null());
    Some(strace)
}

fn can_trace() -> bool {
    let mut strace = Command::new("strace");
    strace.args([
        "-o",
        "/dev/null",
        "-e",
        "inject=close:error=EIO:when=9999",
        "true",
    ]);
    strace.output().is_ok_and(|output| output.status.success())
}

/// A line without the process that it begins with.
fn call(line: &str) -> &str {
    line.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == ' ')
}
