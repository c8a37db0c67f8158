//! System calls of the program: which there are, and what becomes of it when strace makes one of them fail, or ends,
//! disturbs or stops the program there.

mod fault;
mod inject;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

pub use fault::{Call, Effect, Fault, When};
pub use inject::{run, run_stopped, run_with_room};

use crate::process::{finish, program, under};

/// Calls that change a file system, whatever their arguments say. Opening is one of them if it creates or empties.
const MUTATING: [&str; 32] = [
    "write",
    "writev",
    "pwrite64",
    "pwritev",
    "fsync",
    "fdatasync",
    "sync_file_range",
    "syncfs",
    "rename",
    "renameat",
    "renameat2",
    "mkdir",
    "mkdirat",
    "rmdir",
    "symlink",
    "symlinkat",
    "link",
    "linkat",
    "unlink",
    "unlinkat",
    "fchmod",
    "fchmodat",
    "fchown",
    "fchownat",
    "fsetxattr",
    "fremovexattr",
    "utimensat",
    "truncate",
    "ftruncate",
    "fallocate",
    "copy_file_range",
    "sendfile",
];

/// Whether strace is here and may trace and inject.
pub fn is_permitted() -> bool {
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

/// Every system call of `rekindle --root ROOT ARGUMENTS`, in order. The trace is left in `scratch`.
pub fn calls(root: &Path, arguments: &[&str], scratch: &Path) -> Vec<Call> {
    let trace = scratch.join("trace");
    let mut strace = Command::new("strace");
    strace.arg("-f").arg("-o").arg(&trace);
    finish(under(strace, &program(root, arguments)));
    let trace = String::from_utf8_lossy(&std::fs::read(&trace).unwrap()).into_owned();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut calls = Vec::new();
    // PID name(arguments) = result
    for line in trace.lines() {
        let Some((_, call)) = line.split_once(' ') else {
            continue;
        };
        let Some((name, arguments)) = call.trim_start().split_once('(') else {
            continue;
        };
        if name.contains(' ') {
            continue;
        }
        let number = counts.entry(name).or_default();
        *number += 1;
        calls.push(Call {
            name: name.to_owned(),
            number: *number,
            mutates: mutates(name, arguments),
        });
    }
    assert!(calls.len() > 100, "strace shows no calls: {trace}");
    calls
}

fn mutates(name: &str, arguments: &str) -> bool {
    let opens = ["open", "openat", "openat2", "creat"].contains(&name);
    MUTATING.contains(&name)
        || (opens && (arguments.contains("O_CREAT") || arguments.contains("O_TRUNC")))
}
