//! A run that was interrupted before its commit has changed nothing: whoever comes next clears up after it.

use crate::support::interruption::{is_possible, kill};
use crate::support::journal::runs;
use crate::support::node::Node;
use crate::support::tree::Tree;
use crate::{NODE, RECOVER, RESUME, ROLLBACK, is_as, is_settled, run};

/// The link of the kubelet was about to be staged, as one of the last: files are staged and backed up.
fn interrupted() -> Node {
    let node = Node::materialize(NODE);
    kill(node.path(), &RECOVER, "symlinkat", 1);
    let tree = Tree::read(node.path());
    let staged = tree.paths().filter(|path| path.contains("/.rekindle-"));
    assert!(staged.count() > 8, "nothing was staged yet");
    node
}

#[test]
fn a_recovery_goes_on_by_itself() {
    if !is_possible() {
        return;
    }
    let node = interrupted();
    let plan = run(&node, &["plan"], 0);
    assert!(plan.stdout.contains("re-sign admin.conf"), "{plan:?}");
    run(&node, &RECOVER, 0);
    run(&node, &["check"], 0);
    is_settled(&node);
    let list = run(&node, &["journal", "list"], 0).stdout;
    let ends: Vec<&str> = list
        .lines()
        .skip(1)
        .map(|line| line.rsplit("   ").next().unwrap())
        .collect();
    assert_eq!(ends, ["rolled back", "completed"], "{list}");
}

/// The run is none to be settled first, and what it had staged has keys in it.
#[test]
fn check_names_what_lies_about() {
    if !is_possible() {
        return;
    }
    let node = interrupted();
    let check = run(&node, &["check"], 1);
    assert!(!check.stdout.contains("Unfinished"), "{check:?}");
    let root = node.path().display();
    let words = check.stdout.rsplit_once("\n\n").unwrap().1;
    assert!(
        words.contains(&format!("rekindle --root {root} plan\nLeft over: the run ")),
        "{words}"
    );
    assert!(
        words.ends_with(&format!(
            "clear them away: rekindle --root {root} rollback\n"
        )),
        "{words}"
    );
    let name = words
        .split_once("the run ")
        .unwrap()
        .1
        .split(' ')
        .next()
        .unwrap();
    let staged = format!("/etc/kubernetes/.rekindle-{name}-admin.conf");
    assert!(
        words.contains(&format!(" as .rekindle-{name}-*\n")),
        "{words}"
    );
    assert!(node.file(&staged).exists());
    let json = run(&node, &["check", "-o", "json"], 1).stdout;
    assert!(
        json.contains(&format!("\"leftOverRun\": \"{name}\"")),
        "{json}"
    );
    let backups = run(&node, &["backups", "list"], 0).stdout;
    assert!(
        backups.contains("(interrupted before it changed anything)"),
        "{backups}"
    );
    let list = run(&node, &["journal", "list"], 0).stdout;
    assert!(list.ends_with("before it changed anything\n"), "{list}");
}

#[test]
fn resume_clears_up_and_says_that_nothing_was_done() {
    if !is_possible() {
        return;
    }
    let before = Tree::read(Node::materialize(NODE).path());
    let node = interrupted();
    let told = run(&node, &RESUME, 1);
    let root = node.path().display();
    assert!(
        told.stdout.ends_with(&format!(
            " was interrupted before it changed anything; what it left is cleared away.\n\
             To recover: rekindle --root {root} recover\n"
        )),
        "{told:?}"
    );
    is_as(&before, &node);
    is_settled(&node);
}

/// It was no recovery, and one would do something else.
#[test]
fn resume_says_what_to_call_again() {
    if !is_possible() {
        return;
    }
    let node = Node::materialize(NODE);
    run(&node, &RECOVER, 0);
    let first = &*runs(&node)[0];
    let back = format!("rollback {first}");
    let reissue = ["ca", "reissue", "ca", "--yes", "--confirm", "ca"];
    for (node, arguments, verb) in [
        (
            node.copy(),
            &["rollback", first, "--yes"][..],
            back.as_str(),
        ),
        (node, &["expire"], "expire"),
        (Node::materialize(NODE), &reissue, "ca reissue"),
    ] {
        kill(node.path(), arguments, "symlinkat", 1);
        let told = run(&node, &RESUME, 1).stdout;
        let words = format!("\nTo do it after all, call {verb} again\n");
        assert!(told.ends_with(&words), "{told}");
        is_settled(&node);
    }
}

#[test]
fn rollback_clears_up_and_is_done() {
    if !is_possible() {
        return;
    }
    let before = Tree::read(Node::materialize(NODE).path());
    let node = interrupted();
    let told = run(&node, &ROLLBACK, 0);
    assert!(
        told.stdout
            .ends_with("before it changed anything; what it left is cleared away.\n"),
        "{told:?}"
    );
    is_as(&before, &node);
    is_settled(&node);
}

/// Rolling another run back, and back-dating, begin a run: they clear up first.
#[test]
fn any_other_run_clears_up_first() {
    if !is_possible() {
        return;
    }
    let node = Node::materialize(NODE);
    run(&node, &RECOVER, 0);
    let ended = runs(&node).pop().unwrap();
    kill(node.path(), &["expire"], "symlinkat", 1);
    let other = node.copy();
    run(&node, &["rollback", &ended, "--yes"], 0);
    is_settled(&node);
    run(&other, &["expire"], 0);
    is_settled(&other);
    run(&other, &RECOVER, 0);
}

/// Keys must not lie about until the next time that something expires.
#[test]
fn a_recovery_with_nothing_to_do_clears_up_too() {
    if !is_possible() {
        return;
    }
    let node = Node::materialize(NODE);
    run(&node, &RECOVER, 0);
    let before = Tree::read(node.path());
    let again = ["recover", "--yes", "--force", "--validity", "9000h"];
    kill(node.path(), &again, "symlinkat", 1);
    run(&node, &["check"], 1);
    let told = run(&node, &RECOVER, 0);
    assert!(
        told.stdout.contains("; what it left is cleared away.\n"),
        "{told:?}"
    );
    is_as(&before, &node);
    is_settled(&node);
    run(&node, &["check"], 0);
    // Killed at the very last rename: the run has ended, and its reserve is there.
    kill(node.path(), &again, "renameat", 14);
    let reserves = |node: &Node| {
        let tree = Tree::read(node.path());
        tree.paths()
            .filter(|path| path.ends_with(".reserve"))
            .count()
    };
    assert_eq!(reserves(&node), 1);
    run(&node, &RECOVER, 0);
    assert_eq!(reserves(&node), 0);
    is_settled(&node);
}
