//! The verbs that only look: they show an unfinished run, and leave it alone.

use serde_json::Value;

use crate::support::interruption::{is_possible, kill};
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
    assert_eq!(unfinished(&node), name);
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
        words.contains("was interrupted on its way back, with 2 of 14 files still replaced.\n"),
        "{words}"
    );
    assert!(
        words.ends_with("  To finish going back: rekindle --root ROOT rollback\n"),
        "{words}"
    );
    let verified = run(&node, &["journal", "verify"], 5);
    assert!(!verified.stderr.contains("resume"), "{verified:?}");
    assert_eq!(unfinished(&node).as_str().map(str::len), Some(27));
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
