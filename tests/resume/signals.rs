//! SIGINT, SIGTERM and SIGHUP: the step in hand is finished, and it is said where the run stands.

use crate::support::interruption::{is_possible, kill, signal};
use crate::support::node::Node;
use crate::support::program::Run;
use crate::support::tree::Tree;
use crate::targets::{not_after, outcome, records};
use crate::{NODE, RECOVER, RESUME, ROLLBACK, interrupted, is_as, is_settled, run};

const SIGNALS: [&str; 4] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

/// Standard error with the root and the run taken out.
fn words(node: &Node, told: &Run) -> String {
    let stderr = told.stderr.replace(node.path().to_str().unwrap(), "ROOT");
    match stderr.split_once("the run 2") {
        Some((before, after)) => format!("{before}the run {}", &after[26..]),
        None => stderr,
    }
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
        assert_eq!(
            words(&node, &told),
            format!(
                "error: stopped before the first change; everything is as it was before\n\
                 caused by: {name} arrived\n\
                 hint: to do it after all, run this again\n\
                 runbook: runbooks/half-way.md\n"
            )
        );
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
        assert_eq!(
            words(&node, &told),
            format!(
                "error: stopped between two files; the run  is unfinished, with 5 of 14 files replaced\n\
                 caused by: {name} arrived\n\
                 hint: each file is the old one or the new one. To finish: rekindle --root ROOT resume; \
                 to go back: rekindle --root ROOT rollback\n\
                 runbook: runbooks/half-way.md\n"
            )
        );
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
    assert!(
        words(&node, &told).contains("is unfinished, with 5 of 14 files replaced\n"),
        "{told:?}"
    );
    let told = signal(node.path(), &ROLLBACK, "SIGINT", "renameat", 2).expect(5);
    assert_eq!(
        words(&node, &told),
        "error: stopped on the way back; the run  is unfinished, with 3 of 14 files still replaced\n\
         caused by: SIGINT arrived\n\
         hint: each file is the old one or the new one. To finish going back: rekindle --root ROOT rollback\n\
         runbook: runbooks/half-way.md\n"
    );
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
