//! `recover` when the kernel says no, or the process is killed, at one call of many: exit 4 means that every byte is as it
//! was, every other end leaves each file old or new, the journal verifies as far as it goes, and a second run gets through.
#![allow(
    clippy::case_sensitive_file_extension_comparisons,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests start programs, read and write files in temporary folders, compare names as Linux does, and end at the \
              first surprise"
)]

use std::process::Command;

use support::node::Node;
use support::program::{Run, rekindle};
use support::tree::Tree;

#[path = "../support/mod.rs"]
mod support;

const NODE: &str = "ecdsa-p256-stacked";
/// Beyond the last call of each kind that a recovery of the node makes.
const CALLS: [(&str, usize); 9] = [
    ("fsync", 60),
    ("fdatasync", 24),
    ("write", 80),
    ("renameat", 14),
    ("renameat2", 2),
    ("symlinkat", 3),
    ("mkdirat", 40),
    ("fchmod", 26),
    ("utimensat", 5),
];
/// Every so many calls of a kind are tried; `REKINDLE_FAULT_STEP=1` tries them all.
const STEP: usize = 12;

#[test]
fn a_call_that_fails_undoes_the_run_or_stops_it_where_it_says() {
    let errors = ["ENOSPC", "EIO", "EROFS", "EDQUOT"];
    for (position, (call, number)) in positions().into_iter().enumerate() {
        let error = errors[position % errors.len()];
        try_position(call, &format!("{call}:error={error}:when={number}"));
    }
}

#[test]
fn a_call_from_which_on_all_fail_does_too() {
    for (call, number) in positions().into_iter().step_by(3) {
        try_position(call, &format!("{call}:error=EIO:when={number}+"));
    }
}

#[test]
fn a_kill_leaves_every_file_old_or_new() {
    for (call, number) in positions().into_iter().step_by(2) {
        try_position(call, &format!("{call}:signal=SIGKILL:when={number}"));
    }
}

/// Calls of each kind, evenly spread; none, with a line that says so, where nobody can inject.
fn positions() -> Vec<(&'static str, usize)> {
    if !can_inject() {
        println!("skipped: strace is not here, or may not trace");
        return Vec::new();
    }
    let step = std::env::var("REKINDLE_FAULT_STEP").map_or(STEP, |step| step.parse().unwrap());
    let of =
        |(call, last): (&'static str, usize)| (1..=last).step_by(step).map(move |at| (call, at));
    CALLS.into_iter().flat_map(of).collect()
}

fn can_inject() -> bool {
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

fn try_position(call: &str, fault: &str) {
    let node = Node::materialize(NODE);
    let before = Tree::read(node.path());
    let run = recover_with(&node, call, fault);
    let after = Tree::read(node.path()).without_state();
    let stray = after.paths().any(|path| path.contains("/.rekindle-"));
    let was_killed = run.code.is_none();
    match run.code {
        Some(3 | 4) => {
            let changed = before.timeless().differences(&after.timeless());
            assert_eq!(changed, Vec::<String>::new(), "{fault}: {run:?}");
        }
        // Nothing failed, or only a touch; killed; or stopped half-way.
        Some(0 | 1 | 5) | None => {}
        other => panic!("{fault}: {other:?}: {run:?}"),
    }
    assert!(was_killed || !stray, "{fault}: {run:?}");
    let table = rekindle(node.path(), &["check"]).stdout;
    for broken in ["unreadable", "mismatch", "missing", "wrong issuer"] {
        assert!(!table.contains(broken), "{fault}: {table}");
    }
    check_journal(&node, fault, run.code);
    // What is left of a rotation has a name without digits below the second, and is not written over.
    if matches!(run.code, None | Some(5)) {
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    rekindle(node.path(), &["check"]).expect(0);
}

fn check_journal(node: &Node, fault: &str, code: Option<i32>) {
    let journals = node.file("/var/lib/rekindle/journal");
    if !journals.exists() || std::fs::read_dir(journals).unwrap().next().is_none() {
        assert!(
            matches!(code, None | Some(3 | 4)),
            "{fault}: no journal, and exit {code:?}"
        );
        return;
    }
    let verified = rekindle(node.path(), &["journal", "verify"]);
    let verdict = verified.stdout.lines().next().unwrap_or_default();
    match verified.code {
        Some(0) => assert_eq!(verdict, "COMPLETE", "{fault}"),
        Some(1 | 5) => assert_eq!(verdict, "INCOMPLETE", "{fault}"),
        other => panic!("{fault}: {other:?}: {verified:?}"),
    }
}

fn recover_with(node: &Node, call: &str, fault: &str) -> Run {
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-o", "/dev/null", "-e", &format!("trace={call}")])
        .args(["-e", &format!("inject={fault}")])
        .arg(env!("CARGO_BIN_EXE_rekindle"))
        .arg("--root")
        .arg(node.path())
        .args(["recover", "--yes"]);
    Run::of(strace)
}
