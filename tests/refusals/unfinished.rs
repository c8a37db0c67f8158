//! A run was interrupted, and something else is asked for than to finish it or to go back.

use super::situation::{NODE, compare};
use super::taken_up::{follow, going_back, is_settled, refuses, ways_out};
use crate::support::interruption::{is_possible, kill};
use crate::support::node::Node;
use crate::support::program::rekindle;
use crate::support::tree::Tree;

/// The only run of the node that came to its end.
fn ended_run(node: &Node) -> String {
    let list = rekindle(node.path(), &["journal", "list"]).expect(0).stdout;
    let ended: Vec<&str> = list
        .lines()
        .filter(|line| line.ends_with("completed"))
        .collect();
    let [run] = ended.as_slice() else {
        panic!("{list}");
    };
    run.split(' ').next().unwrap().to_owned()
}

#[test]
fn no_other_run_begins() {
    if !is_possible() {
        return;
    }
    let node = Node::materialize(NODE);
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    let ended = ended_run(&node);
    let again = ["recover", "--yes", "--force", "--validity", "9000h"];
    kill(node.path(), &again, "renameat", 6);
    for arguments in [
        &["plan"][..],
        &["recover", "--yes"],
        &["recover", "--yes", "--only", "admin.conf", "--force"],
        &["expire"],
        &["rollback", &ended, "--yes"],
        &["rollback", &ended, "--yes", "--skip-foreign"],
    ] {
        refuses(&node, arguments, "unfinished-run");
    }
    let run = refuses(&node, &["recover", "--yes"], "unfinished-run");
    assert_eq!(ways_out(&run).len(), 2, "{run:?}");
    for way in 0..2 {
        let node = node.copy();
        let run = refuses(&node, &["recover", "--yes"], "unfinished-run");
        follow(&node, &ways_out(&run)[way], 0);
        is_settled(&node);
        rekindle(node.path(), &["recover", "--yes"]).expect(0);
    }
}

#[test]
fn no_other_run_begins_before_a_rollback_has_ended() {
    if !is_possible() {
        return;
    }
    let node = going_back();
    for arguments in [&["plan"][..], &["recover", "--yes"], &["expire"]] {
        refuses(&node, arguments, "unfinished-run.going-back");
    }
    let run = refuses(&node, &["recover", "--yes"], "unfinished-run.going-back");
    let [back] = &ways_out(&run)[..] else {
        panic!("{run:?}");
    };
    follow(&node, back, 0);
    is_settled(&node);
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
}

/// The way forward of a rollback leads back, and the way back to the new files.
#[test]
fn no_other_run_begins_before_the_rollback_of_an_ended_one_has_ended() {
    if !is_possible() {
        return;
    }
    let node = Node::materialize(NODE);
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    let ended = ended_run(&node);
    kill(node.path(), &["rollback", &ended, "--yes"], "renameat", 6);
    for arguments in [&["plan"][..], &["recover", "--yes"], &["expire"]] {
        let run = rekindle(node.path(), arguments).expect(3);
        compare("unfinished-run.rollback", &run.stderr, node.path());
    }
    for way in 0..2 {
        let node = node.copy();
        let run = rekindle(node.path(), &["recover", "--yes"]).expect(3);
        follow(&node, &ways_out(&run)[way], 0);
        is_settled(&node);
    }
}

#[test]
fn there_is_no_way_forward_from_a_rollback() {
    if !is_possible() {
        return;
    }
    let node = going_back();
    let before = Tree::read(Node::materialize(NODE).path());
    for arguments in [
        &["resume", "--yes"][..],
        &["resume", "--yes", "--skip-foreign"],
    ] {
        let run = refuses(&node, arguments, "rollback-begun");
        assert_eq!(ways_out(&run).len(), 1, "{run:?}");
    }
    let run = refuses(&node, &["resume", "--yes"], "rollback-begun");
    follow(&node, &ways_out(&run)[0], 0);
    is_settled(&node);
    rekindle(node.path(), &["resume", "--yes"]).expect(0);
    let after = Tree::read(node.path()).without_state();
    let changed = before.timeless().differences(&after.timeless());
    assert_eq!(changed, Vec::<String>::new());
}

/// Its files are settled, and the one way is that on which its journal gets its end.
#[test]
fn a_run_that_ended_is_brought_its_last_checkpoint() {
    let node = Node::materialize(NODE);
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    node.shell("cd var/lib/rekindle/journal; sed -i '$d' *.jsonl; rm *.checkpoint");
    for arguments in [&["plan"][..], &["recover", "--yes"], &["expire"]] {
        refuses(&node, arguments, "unfinished-run.ended");
    }
    let run = refuses(&node, &["recover", "--yes"], "unfinished-run.ended");
    let [forth] = &ways_out(&run)[..] else {
        panic!("{run:?}");
    };
    follow(&node, forth, 0);
    is_settled(&node);
}

/// Nothing was undone yet, but what was staged is not complete any more, and nobody but the rollback took it away.
#[test]
fn there_is_no_way_forward_from_the_very_beginning_of_a_rollback() {
    if !is_possible() {
        return;
    }
    let node = Node::materialize(NODE);
    kill(node.path(), &["recover", "--yes"], "renameat", 6);
    kill(node.path(), &["rollback", "--yes"], "unlinkat", 2);
    let run = refuses(&node, &["resume", "--yes"], "rollback-begun");
    follow(&node, &ways_out(&run)[0], 0);
    is_settled(&node);
}
