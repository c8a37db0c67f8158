//! The rollback of a run that had ended is interrupted: its way forward leads to the old files, its way back to the new ones, and
//! nobody is left to guess.

use crate::ended::runs;
use crate::support::interruption::{inject, is_possible, kill};
use crate::support::node::Node;
use crate::support::tree::Tree;
use crate::{NODE, RECOVER, RESUME, ROLLBACK, is_as, is_settled, run, says};

/// A recovered node, the run that did it, and what it was like before and behind that.
fn recovered() -> (Node, String, Tree, Tree) {
    let node = Node::materialize(NODE);
    let before = Tree::read(node.path());
    run(&node, &RECOVER, 0);
    let behind = Tree::read(node.path());
    let first = runs(&node).pop().unwrap();
    (node, first, before, behind)
}

/// All that the first run made another one is as before it; the kubelet's new file stays, and nothing leads to it.
#[track_caller]
fn is_as_before(node: &Node, before: &Tree) {
    let now = Tree::read(node.path()).without_state().timeless();
    let differences = before.timeless().differences(&now);
    assert_eq!(differences.len(), 1, "{differences:?}");
    assert!(differences[0].contains("/kubelet-client-20"));
    is_settled(node);
}

#[test]
fn every_word_says_which_way_leads_where() {
    if !is_possible() {
        return;
    }
    let (node, first, before, behind) = recovered();
    let back = ["rollback", &first, "--yes"];
    let told = inject(node.path(), &back, &["renameat:signal=SIGINT:when=5"]).expect(5);
    says(&told, "stopped-going-back-to-before", &node);

    let check = run(&node, &["check"], 1);
    let words =
        format!("on the way back to before the run {first}, with 5 of 13 files brought back.\n");
    assert!(check.stdout.contains(&words), "{check:?}");
    assert!(
        check.stdout.contains(&format!(
            "To finish going back to before {first}: rekindle "
        )),
        "{check:?}"
    );
    assert!(
        check.stdout.contains("To keep the new files: "),
        "{check:?}"
    );
    let json = run(&node, &["check", "-o", "json"], 1);
    assert!(
        json.stdout.contains(&format!("\"reverses\": \"{first}\"")),
        "{json:?}"
    );
    let verified = run(&node, &["journal", "verify"], 5);
    assert!(
        verified.stderr.contains("keep the new files: "),
        "{verified:?}"
    );

    let forth = node.copy();
    let told = run(&forth, &RESUME, 0);
    assert!(
        told.stdout
            .contains(&format!(": the files are as before the run {first}\n")),
        "{told:?}"
    );
    is_as_before(&forth, &before);

    let told = run(&node, &ROLLBACK, 0);
    assert!(
        told.stdout
            .contains(&format!(": the files are those of the run {first} again\n")),
        "{told:?}"
    );
    is_as(&behind, &node);
    is_settled(&node);
}

/// Its help says that it may be called again.
#[test]
fn the_same_command_goes_on() {
    if !is_possible() {
        return;
    }
    let (node, first, before, _) = recovered();
    let back = ["rollback", &first, "--yes"];
    kill(node.path(), &back, "renameat", 6);
    kill(node.path(), &back, "renameat", 3);
    let told = run(&node, &back, 0);
    assert!(told.stdout.starts_with("Finished the run 2"), "{told:?}");
    is_as_before(&node, &before);
}

/// Once that has turned back itself, only this is left, and the same command does not turn it once more.
#[test]
fn a_rollback_that_was_given_up() {
    if !is_possible() {
        return;
    }
    let (node, first, _, behind) = recovered();
    let back = ["rollback", &first, "--yes"];
    kill(node.path(), &back, "renameat", 6);
    kill(node.path(), &ROLLBACK, "renameat", 3);
    for again in [&back[..], &RESUME] {
        let told = run(&node, again, 3);
        assert!(
            told.stderr.contains("finish putting the new files back"),
            "{told:?}"
        );
    }
    run(&node, &ROLLBACK, 0);
    is_as(&behind, &node);
    is_settled(&node);
}
