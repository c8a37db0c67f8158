//! A run that came to its end, and whose last checkpoint a crash kept from the disk: no file is changed any more, whichever
//! verb comes next, and none claims to have done what it did not do.

use crate::support::interruption::is_possible;
use crate::support::node::Node;
use crate::support::program::Run;
use crate::support::tree::Tree;
use crate::targets::{outcome, records};
use crate::{NODE, RECOVER, RESUME, ROLLBACK, interrupted, is_as, is_settled, run};

/// Takes away the last line of the journal and the copy of its checkpoint, as a loss of power does before they are flushed.
fn unseal(node: &Node) {
    node.shell("cd var/lib/rekindle/journal; sed -i '$d' *.jsonl; rm *.checkpoint");
}

/// The last lines of what `check` says, with which code.
fn last_words(node: &Node, code: i32) -> String {
    let told = run(node, &["check"], code).stdout;
    let (_, words) = told.rsplit_once("Unfinished: ").unwrap();
    words.replace(node.path().to_str().unwrap(), "ROOT")
}

/// Nothing but the journal was changed, and the command is the one that is named.
fn had_ended(told: &Run, node: &Node, how: &str, before: &Tree) -> String {
    let words = format!(
        " had already ended: {how}. Only its last checkpoint was missing; no file was changed.\n"
    );
    assert!(told.stdout.contains(&words), "{told:?}");
    assert_eq!(
        Tree::read(node.path()).without_state(),
        before.without_state()
    );
    let (_, behind) = told.stdout.split_once(&words).unwrap();
    let (_, command) = behind.lines().next().unwrap().split_once(": ").unwrap();
    let root = format!("rekindle --root {} ", node.path().display());
    command.strip_prefix(&root).unwrap().to_owned()
}

#[test]
fn a_run_that_was_completed_is_not_rolled_back_by_that() {
    let node = Node::materialize(NODE);
    let original = Tree::read(node.path());
    run(&node, &RECOVER, 0);
    unseal(&node);
    let before = Tree::read(node.path());
    let words = last_words(&node, 1);
    assert!(
        words.ends_with(
            "It was brought to its end (completed), but for the last checkpoint of its journal.\n  \
             To finish it: rekindle --root ROOT resume\n"
        ),
        "{words}"
    );
    let verified = run(&node, &["journal", "verify"], 1);
    assert!(verified.stderr.contains("finish it: "), "{verified:?}");
    assert!(!verified.stderr.contains("rollback"), "{verified:?}");

    let forth = node.copy();
    let finished = run(&forth, &RESUME, 0);
    assert!(finished.stdout.starts_with("Finished the run 2"));
    is_settled(&forth);

    let told = run(&node, &ROLLBACK, 1);
    let hint = had_ended(&told, &node, "completed", &before);
    is_settled(&node);
    // The hint leads back.
    let hint: Vec<&str> = hint.split(' ').chain(["--yes"]).collect();
    run(&node, &hint, 0);
    let now = Tree::read(node.path()).without_state().timeless();
    let differences = original.timeless().differences(&now);
    assert_eq!(differences.len(), 1, "{differences:?}");
}

#[test]
fn a_run_that_was_rolled_back_is_not_finished_by_that() {
    if !is_possible() {
        return;
    }
    let original = Tree::read(Node::materialize(NODE).path());
    let node = interrupted(6);
    run(&node, &ROLLBACK, 0);
    unseal(&node);
    let before = Tree::read(node.path());
    let words = last_words(&node, 1);
    assert!(words.contains("its end (rolled back), but for"), "{words}");
    assert!(
        words.ends_with("\n  To finish going back: rekindle --root ROOT rollback\n"),
        "{words}"
    );
    let back = node.copy();
    let told = run(&back, &ROLLBACK, 0);
    assert!(told.stdout.starts_with("Rolled back the run 2"), "{told:?}");
    is_settled(&back);

    let told = run(&node, &RESUME, 1);
    let hint = had_ended(&told, &node, "rolled back", &before);
    assert_eq!(hint, "recover");
    is_as(&original, &node);
    assert_eq!(outcome(&records(&node)), "rolled-back");
    is_settled(&node);
    run(&node, &RECOVER, 0);
}
