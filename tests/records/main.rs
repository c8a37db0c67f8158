//! What earlier runs left, and who reads it: journals are listed, shown, verified and exported, backups listed and pruned,
//! whatever state the node is in.
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

mod backups;
mod expect;
mod export;
mod garbage;
mod list;
mod named;
mod order;
mod show;

#[path = "../support/mod.rs"]
mod support;

use std::path::PathBuf;

use support::interruption::{is_possible, kill};
use support::journal::{path as journal, runs};
use support::node::Node;
use support::program::{Run, command, rekindle, with_input};

const NODE: &str = "ecdsa-p256-stacked";
const RECOVER: [&str; 2] = ["recover", "--yes"];

fn run(node: &Node, arguments: &[&str], code: i32) -> Run {
    rekindle(node.path(), arguments).expect(code)
}

/// The same, with that on its standard input.
fn run_with_input(node: &Node, arguments: &[&str], input: &str, code: i32) -> Run {
    let mut command = command(node.path(), arguments);
    let output = with_input(&mut command, input.as_bytes()).unwrap();
    Run::from(output).expect(code)
}

/// A node on which one run came to its end.
fn recovered() -> Node {
    let node = Node::materialize(NODE);
    run(&node, &RECOVER, 0);
    node
}

/// A node with a run that was killed with some files replaced; `None` where nobody can kill it so.
fn interrupted() -> Option<Node> {
    is_possible().then(|| {
        let node = Node::materialize(NODE);
        kill(node.path(), &RECOVER, "renameat", 6);
        node
    })
}

/// What is valid is renewed too, and for longer: within the second in which it was renewed there would be nothing to gain.
const AGAIN: [&str; 5] = ["recover", "--yes", "--force", "--validity", "9000h"];

/// Renews something that is valid, by a run of its own.
fn renew(node: &Node, name: &str) {
    run(node, &[&AGAIN[..], &["--only", name]].concat(), 0);
}

/// The node path of its backup.
fn backup(run: &str) -> String {
    format!("/var/lib/rekindle/backups/{run}")
}

/// What the run printed for the ticket: the last checkpoint of its journal.
fn ticket(node: &Node, run: &str) -> String {
    let path = format!("/var/lib/rekindle/journal/{run}.checkpoint");
    String::from_utf8(node.read(&path)).unwrap()
}

/// Changes one letter in the middle of that line of a journal, counted from 1.
fn tamper(node: &Node, run: &str, line: usize) {
    let mut bytes = node.read(&journal(run));
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let start: usize = lines.take(line - 1).map(<[u8]>::len).sum();
    bytes[start + 200] ^= 1;
    node.write(&journal(run), bytes);
}

/// Takes away the end of a journal: all behind so many lines, but for `torn` bytes of the next.
fn cut(node: &Node, run: &str, lines: usize, torn: usize) {
    let bytes = node.read(&journal(run));
    let whole = bytes.split_inclusive(|byte| *byte == b'\n').take(lines);
    let end = whole.map(<[u8]>::len).sum::<usize>() + torn;
    node.write(&journal(run), &bytes[..end]);
}

/// A folder for what is taken off a node.
fn elsewhere() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    (folder, path)
}
