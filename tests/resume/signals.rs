//! SIGINT, SIGTERM and SIGHUP: the step in hand is finished, and it is said where the run stands.

use crate::support::interruption::{is_possible, kill, signal};
use crate::support::node::Node;
use crate::support::program::Run;
use crate::support::tree::Tree;
use crate::targets::{not_after, outcome, records};
use crate::{NODE, RECOVER, RESUME, ROLLBACK, interrupted, is_as, is_settled, run, says};

const SIGNALS: [&str; 4] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

/// Holds what was said on standard error against a golden file, whatever the signal.
fn says_of(told: Run, signal: &str, golden: &str, node: &Node) {
    let stderr = told.stderr.replace(signal, "[SIGNAL]");
    says(&Run { stderr, ..told }, golden, node);
}

#[test]
fn before_the_commit_nothing_was_changed() {
    if !is_possible() {
        return;
    }
    for name in SIGNALS {
        let node = Node::materialize(NODE);
        let before = Tree::read(node.path());
        // The fourth new file is being written.
        let told = signal(node.path(), &RECOVER, name, "fchmod", 4).expect(4);
        assert_eq!(told.stdout, "");
        says_of(told, name, "stopped-before-the-commit", &node);
        is_as(&before, &node);
        assert_eq!(outcome(&records(&node)), "rolled-back");
        is_settled(&node);
        run(&node, &RECOVER, 0);
    }
}

#[test]
fn after_the_commit_it_can_go_on_or_back() {
    if !is_possible() {
        return;
    }
    let before = Tree::read(Node::materialize(NODE).path());
    for name in SIGNALS {
        let node = Node::materialize(NODE);
        let told = signal(node.path(), &RECOVER, name, "renameat", 5).expect(5);
        assert_eq!(told.stdout, "");
        says_of(told, name, "stopped-after-the-commit", &node);
        let back = node.copy();
        run(&node, &RESUME, 0);
        assert_eq!(not_after(&node, &[]), Vec::<String>::new());
        is_settled(&node);
        run(&back, &ROLLBACK, 0);
        is_as(&before, &back);
        is_settled(&back);
    }
}

/// Whoever is stopped on the way, forward or back, is taken up again.
#[test]
fn a_further_attempt_can_be_stopped_too() {
    if !is_possible() {
        return;
    }
    let before = Tree::read(Node::materialize(NODE).path());
    let node = interrupted(4);
    let told = signal(node.path(), &RESUME, "SIGTERM", "renameat", 2).expect(5);
    says_of(told, "SIGTERM", "stopped-after-the-commit", &node);
    let told = signal(node.path(), &ROLLBACK, "SIGINT", "renameat", 2).expect(5);
    says_of(told, "SIGINT", "stopped-on-the-way-back", &node);
    run(&node, &ROLLBACK, 0);
    is_as(&before, &node);
    is_settled(&node);
}

/// When every file is replaced there is nothing left to stop.
#[test]
fn a_signal_behind_the_last_file_is_too_late() {
    if !is_possible() {
        return;
    }
    let node = Node::materialize(NODE);
    let told = signal(node.path(), &RECOVER, "SIGINT", "renameat", 13).expect(0);
    assert!(told.stdout.contains("For the ticket"), "{told:?}");
    is_settled(&node);
}

/// An unfinished run cannot be left behind by a kill of the verb that clears up after one that did nothing.
#[test]
fn clearing_up_can_be_killed() {
    if !is_possible() {
        return;
    }
    let node = Node::materialize(NODE);
    let before = Tree::read(node.path());
    kill(node.path(), &RECOVER, "symlinkat", 1);
    kill(node.path(), &ROLLBACK, "unlinkat", 3);
    run(&node, &ROLLBACK, 0);
    is_as(&before, &node);
    is_settled(&node);
}
