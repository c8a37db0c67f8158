//! The verbs that only look: they show an unfinished run, and leave it alone.

use serde_json::{Value, json};

use crate::support::interruption::{Held, is_possible, kill};
use crate::support::node::Node;
use crate::support::tree::Tree;
use crate::{NODE, RECOVER, RESUME, ROLLBACK, interrupted, run};

/// What `check` says behind its tables.
fn last_words(node: &Node) -> String {
    let told = run(node, &["check"], 1).stdout;
    let (_, words) = told.rsplit_once("\n\n").unwrap();
    words.replace(node.path().to_str().unwrap(), "ROOT")
}

fn unfinished(node: &Node) -> Value {
    let told = run(node, &["check", "-o", "json"], 1).stdout;
    let document: Value = serde_json::from_str(&told).unwrap();
    document["unfinishedRun"].clone()
}

#[test]
fn check_shows_an_unfinished_run() {
    if !is_possible() {
        return;
    }
    let node = interrupted(6);
    let before = Tree::read(node.path());
    let list = run(&node, &["journal", "list"], 0).stdout;
    let line = list.lines().last().unwrap();
    assert!(line.ends_with("recover   5 of 14   unfinished"), "{list}");
    let name = line.split(' ').next().unwrap();
    assert_eq!(
        last_words(&node),
        format!(
            "8 of 16 certificates need something.\n\
             Unfinished: the run {name}\n  \
             It was interrupted, with 5 of 14 files replaced.\n  \
             To finish it: rekindle --root ROOT resume\n  \
             To go back:   rekindle --root ROOT rollback\n"
        )
    );
    assert_eq!(
        unfinished(&node),
        json!({
            "run": name,
            "verb": "recover",
            "replaced": 5,
            "files": 14,
            "undoing": false,
            "ways": ["resume", "rollback"],
        })
    );
    let verified = run(&node, &["journal", "verify"], 5);
    assert!(verified.stdout.starts_with("INCOMPLETE\n"), "{verified:?}");
    assert_eq!(Tree::read(node.path()), before);

    run(&node, &RESUME, 0);
    assert!(
        run(&node, &["check"], 0)
            .stdout
            .ends_with("\nAll is valid; there is nothing to do.\n")
    );
    let document = run(&node, &["check", "-o", "json"], 0).stdout;
    assert!(!document.contains("unfinishedRun"), "{document}");
}

#[test]
fn check_names_the_one_way_that_is_open() {
    if !is_possible() {
        return;
    }
    let node = interrupted(6);
    kill(node.path(), &ROLLBACK, "renameat", 3);
    let words = last_words(&node);
    assert!(
        words.contains("was interrupted on its way back, with 3 of 14 files still replaced.\n"),
        "{words}"
    );
    assert!(
        words.ends_with("  To finish going back: rekindle --root ROOT rollback\n"),
        "{words}"
    );
    let verified = run(&node, &["journal", "verify"], 5);
    assert!(!verified.stderr.contains("resume"), "{verified:?}");
    let unfinished = unfinished(&node);
    assert_eq!(unfinished["undoing"], true, "{unfinished}");
    assert_eq!(unfinished["ways"], json!(["rollback"]), "{unfinished}");
}

/// Every file is the new one, and only the end of the journal is missing.
#[test]
fn all_is_valid_and_the_run_is_unfinished() {
    if !is_possible() {
        return;
    }
    let node = Node::materialize(NODE);
    kill(node.path(), &RECOVER, "utimensat", 2);
    let words = last_words(&node);
    assert!(
        words.starts_with("All certificates are valid.\nUnfinished: the run "),
        "{words}"
    );
    assert!(words.contains("with 14 of 14 files replaced"), "{words}");
}

/// Somebody who pastes `resume` meanwhile would be refused, and somebody who believes in an interruption might kill it.
#[test]
fn a_run_that_is_under_way_was_not_interrupted() {
    if !is_possible() {
        return;
    }
    for (call, number) in [("symlinkat", 1), ("renameat", 6)] {
        let node = Node::materialize(NODE);
        let held = Held::after(node.path(), &RECOVER, call, number);
        let words = last_words(&node);
        assert!(
            words.contains("Under way: a rekindle works on this node now (pid "),
            "{words}"
        );
        assert!(!words.contains("interrupted"), "{words}");
        let told = run(&node, &["check", "-o", "json"], 1).stdout;
        let document: Value = serde_json::from_str(&told).unwrap();
        assert!(document["workingPid"].is_u64(), "{told}");
        assert!(document["unfinishedRun"].is_null(), "{told}");
        let refused = run(&node, &["plan"], 3);
        assert!(refused.stderr.contains("(another-rekindle)"), "{refused:?}");
        held.go_on().expect(0);
        run(&node, &["check"], 0);
    }
}

/// There is nothing to look at: a program is told why, and is given a document all the same.
#[test]
fn a_program_always_has_a_document() {
    let node = Node::empty();
    let told = run(&node, &["check", "-o", "json"], 1);
    let document: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(document["kind"], "CertificateExpirationInfo");
    let obstacle = document["obstacles"][0].as_str().unwrap();
    assert!(obstacle.ends_with("is no control-plane node of kubeadm's"));
    assert_eq!(document["certificates"], json!([]));
    let missing = node.file("/missing");
    for verb in ["check", "plan"] {
        let told = crate::rekindle(&missing, &[verb, "-o", "json"]).expect(3);
        let document: Value = serde_json::from_str(&told.stdout).unwrap();
        assert!(document.to_string().contains("does not exist"), "{told:?}");
    }
    if !is_possible() {
        return;
    }
    let node = interrupted(6);
    let told = run(&node, &["plan", "-o", "json"], 3);
    let document: Value = serde_json::from_str(&told.stdout).unwrap();
    let refusal = &document["refusals"][0];
    assert_eq!(refusal["code"], "unfinished-run");
    assert_eq!(refusal["runbook"], "runbooks/refused/unfinished-run.md");
    assert_eq!(document["steps"], json!([]));
    assert!(document.get("inventoryDigest").is_none(), "{document}");
}
