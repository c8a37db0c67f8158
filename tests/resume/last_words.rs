//! The last lines of a run in a folder: what it came to and what to type next, for what is above them has left the screen.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::journal::runs;
use crate::support::node::Node;
use crate::support::program::{Run, rekindle};
use crate::support::terminal::Terminal;
use crate::{NODE, RECOVER, RESUME, ROLLBACK, interrupted, run};

const QUESTION: &str = "[y]es / [n]o / [e]xplain: ";

#[track_caller]
fn ends_with(told: &Run, verdict: &[&str], root: &Path) {
    let next = format!("Next: rekindle --root {} check", root.display());
    let mut last: Vec<&str> = verdict.to_vec();
    last.push(&next);
    let lines: Vec<&str> = told.stdout.lines().collect();
    assert!(lines.ends_with(&last), "{last:#?}\n{}", told.stdout);
}

#[test]
fn renewed_and_brought_back_and_what_is_next() {
    let renewed = "Files renewed; nothing restarted (a node in a folder).";
    let old = "Files brought back; nothing restarted (a node in a folder).";
    let expired = "13 certificates are expired.";
    let node = Node::materialize(NODE);
    let told = rekindle(node.path(), &RECOVER).expect(0);
    ends_with(&told, &[renewed], node.path());
    assert!(!told.stdout.contains("Recovered"), "{}", told.stdout);
    let plan = rekindle(Node::materialize(NODE).path(), &["plan"]).expect(0);
    let promise = "nothing is restarted (a node in a folder)";
    assert!(plan.stdout.contains(promise), "{}", plan.stdout);

    // Whoever takes it back is told before, and again.
    let mut terminal = Terminal::start(node.path(), &["rollback", &runs(&node)[0]]);
    terminal.wait_for(QUESTION);
    terminal.enter("e\ny\n");
    let told = terminal.end().expect(0);
    let asked = told.stdout.split(QUESTION).next().unwrap();
    assert!(
        asked.contains("13 certificates will be expired again, and nothing is restarted."),
        "{asked}"
    );
    ends_with(&told, &[old, expired], node.path());
    run(&node, &["check"], 1);
}

#[test]
fn a_run_that_is_taken_up_ends_so_too() {
    if !crate::support::interruption::is_possible() {
        return;
    }
    let node = interrupted(6);
    let back = node.copy();
    let told = rekindle(node.path(), &RESUME).expect(0);
    let renewed = "Files renewed; nothing restarted (a node in a folder).";
    ends_with(&told, &[renewed], node.path());

    let mut terminal = Terminal::start(back.path(), &["rollback"]);
    terminal.wait_for(QUESTION);
    terminal.enter("n\n");
    let told = terminal.end().expect(1);
    let again = "13 certificates will be expired again, and nothing is restarted.";
    assert!(told.stdout.contains(again), "{}", told.stdout);
    let told = rekindle(back.path(), &ROLLBACK).expect(0);
    let old = "Files brought back; nothing restarted (a node in a folder).";
    let expired = "13 certificates are expired.";
    ends_with(&told, &[old, expired], back.path());
}

/// Nothing of it runs here, and what answers on this machine is not asked.
#[test]
fn of_a_node_in_a_folder_nothing_is_proven() {
    let node = Node::materialize(NODE);
    let begun = Instant::now();
    let told = rekindle(node.path(), &["verify"]).expect(1);
    assert!(begun.elapsed() < Duration::from_secs(15), "{told:?}");
    assert!(told.stderr.contains("nothing can be proven"), "{told:?}");
    assert_eq!(told.stdout, "");
    assert!(!told.stderr.contains("systemctl"), "{told:?}");
    let told = rekindle(node.path(), &["verify", "-o", "json"]).expect(1);
    let document: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(document["proven"], false);
    if crate::support::interruption::is_possible() {
        let calls =
            crate::support::interruption::calls(node.path(), &["verify"], &[], &["connect"]);
        assert!(calls.is_empty(), "{calls:#?}");
    }
}
