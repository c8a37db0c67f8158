//! A run that is interrupted, and what becomes of it: `resume` reaches the end, `rollback` the beginning, whatever was done
//! to the node meanwhile; signals stop a run between two steps; and all of it can be done again.
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

mod access;
mod both_ways;
mod circumstances;
mod closing;
mod doubt;
mod ended;
mod foreign;
mod last_words;
mod looking;
mod quotations;
mod reversal;
mod signals;
mod targets;
mod terminal;
mod together;
mod turning;
mod uncommitted;
mod unreached;

#[path = "../support/mod.rs"]
mod support;

use support::golden;
use support::interruption::kill;
use support::node::Node;
use support::program::{Run, rekindle};
use support::tree::Tree;

/// The node that is interrupted: eleven files and one more are replaced, and a link is pointed to a new file.
const NODE: &str = "ecdsa-p256-stacked";
const RECOVER: [&str; 2] = ["recover", "--yes"];
const RESUME: [&str; 2] = ["resume", "--yes"];
const ROLLBACK: [&str; 2] = ["rollback", "--yes"];

/// A node whose recovery was killed when it was about to make its `number`-th replacement of a file or a link.
#[track_caller]
fn interrupted(number: usize) -> Node {
    let node = Node::materialize(NODE);
    kill(node.path(), &RECOVER, "renameat", number);
    node
}

fn run(node: &Node, arguments: &[&str], code: i32) -> Run {
    rekindle(node.path(), arguments).expect(code)
}

/// Holds what was said on standard error against the golden file of that name.
#[track_caller]
fn says(told: &Run, name: &str, node: &Node) {
    golden::compare(
        &format!("tests/resume/{name}.stderr"),
        &told.stderr,
        node.path(),
    );
}

/// What a recovery keeps of each file that was there: mode, owner, attributes.
#[track_caller]
fn labels_are_kept(before: &Tree, node: &Node) {
    let after = Tree::read(node.path());
    for path in before.paths() {
        let (old, new) = (before.entry(path), after.entry(path));
        assert_eq!(old.label(), new.label(), "{path}");
    }
}

/// Nothing is unfinished, nothing staged is left, and the journal verifies as complete.
#[track_caller]
fn is_settled(node: &Node) {
    let tree = Tree::read(node.path());
    for path in tree.paths() {
        let is_left = ["/.rekindle-", "/journal/."]
            .iter()
            .any(|part| path.contains(part))
            || path.ends_with(".reserve");
        assert!(!is_left, "{path} was left");
    }
    let verified = rekindle(node.path(), &["journal", "verify"]).expect(0);
    assert!(verified.stdout.starts_with("COMPLETE\n"), "{verified:?}");
    for verb in [RESUME, ROLLBACK] {
        let run = rekindle(node.path(), &verb).expect(0);
        assert!(run.stdout.starts_with("There is nothing to "), "{run:?}");
    }
    assert_eq!(
        Tree::read(node.path()),
        tree,
        "nothing to do, and something was done"
    );
}

/// Every byte, mode and owner is as in that tree, and nothing was added.
#[track_caller]
fn is_as(before: &Tree, node: &Node) {
    let now = Tree::read(node.path()).without_state().timeless();
    let before = before.without_state().timeless();
    assert_eq!(before.differences(&now), Vec::<String>::new());
}
