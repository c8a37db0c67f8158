//! A run that came to its end is undone by a run of its own.

use crate::support::node::Node;
use crate::support::program::rekindle;
use crate::support::tree::Tree;
use crate::targets::{outcome, records};
use crate::{NODE, RECOVER, is_as, is_settled, run};

/// The runs of the node, oldest first.
pub fn runs(node: &Node) -> Vec<String> {
    let list = rekindle(node.path(), &["journal", "list"]).expect(0).stdout;
    let first = |line: &str| line.split(' ').next().unwrap().to_owned();
    list.lines().skip(1).map(first).collect()
}

#[test]
fn the_old_files_come_back_and_go_again() {
    let node = Node::materialize(NODE);
    let before = Tree::read(node.path());
    run(&node, &RECOVER, 0);
    let recovered = Tree::read(node.path());
    let runs_of = |number: usize| {
        let all = runs(&node);
        assert_eq!(all.len(), number, "{all:?}");
        all.last().unwrap().clone()
    };
    let first = runs_of(1);
    let back = run(
        &node,
        &["rollback", &first, "--yes", "--reason", "a mistake"],
        0,
    );
    assert!(
        back.stdout
            .starts_with(&format!("Rolled back the run {first}\n")),
        "{back:?}"
    );
    // Only the kubelet's new file stays, and nothing leads to it.
    let now = Tree::read(node.path()).without_state().timeless();
    let differences = before.timeless().differences(&now);
    let [added] = &differences[..] else {
        panic!("{differences:?}");
    };
    assert!(
        added.starts_with("/var/lib/kubelet/pki/kubelet-client-20"),
        "{added}"
    );
    assert_eq!(recovered.entry(added), Tree::read(node.path()).entry(added));
    assert_eq!(outcome(&records(&node)), "completed");
    is_settled(&node);
    let check = run(&node, &["check"], 1);
    assert!(
        check
            .stdout
            .contains("13 of 16 certificates need something"),
        "{check:?}"
    );

    // The same once more says so, and changes nothing.
    let tree = Tree::read(node.path());
    let again = run(&node, &["rollback", &first, "--yes"], 0);
    assert!(
        again
            .stdout
            .starts_with("There is nothing to roll back: no file is as the run"),
        "{again:?}"
    );
    assert_eq!(Tree::read(node.path()), tree);

    // The rollback is a run, and can be undone like any other.
    let second = runs_of(2);
    run(&node, &["rollback", &second, "--yes"], 0);
    is_as(&recovered, &node);
    run(&node, &["check"], 0);
    runs_of(3);
    is_settled(&node);
}

/// What somebody changed after the run is refused, or left alone; the rest comes back.
#[test]
fn what_was_changed_since_is_left_alone() {
    let node = Node::materialize(NODE);
    let before = Tree::read(node.path());
    run(&node, &RECOVER, 0);
    node.shell("echo >>etc/kubernetes/pki/apiserver.crt");
    let changed = Tree::read(node.path());
    let of = runs(&node).pop().unwrap();
    let refused = run(&node, &["rollback", &of, "--yes"], 3);
    assert!(
        refused
            .stderr
            .starts_with("error: refused (foreign-change): nothing was changed\n")
    );
    assert!(refused.stderr.contains(&format!(
        "rollback {of} --skip-foreign; to have the old one back: cp -a"
    )));
    assert_eq!(Tree::read(node.path()), changed);

    let back = run(&node, &["rollback", &of, "--yes", "--skip-foreign"], 1);
    assert!(
        back.stdout
            .contains("apiserver: /etc/kubernetes/pki/apiserver.crt stays as it was found"),
        "{back:?}"
    );
    let now = Tree::read(node.path()).timeless();
    let path = "/etc/kubernetes/pki/apiserver.crt";
    assert_eq!(now.entry(path), changed.timeless().entry(path));
    let others = before.timeless().differences(&now.without_state());
    assert!(
        others
            .iter()
            .all(|other| other == path || other.contains("kubelet-client-20")),
        "{others:?}"
    );
    let left = records(&node)
        .iter()
        .any(|record| record["event"]["kind"] == "left");
    assert!(left, "the journal does not say what was left");
}

#[test]
fn a_run_that_is_not_there() {
    let node = Node::materialize(NODE);
    run(&node, &RECOVER, 0);
    let told = run(
        &node,
        &["rollback", "20260101T000000.000Z-abcdef", "--yes"],
        2,
    );
    assert!(
        told.stderr
            .contains("there is no run 20260101T000000.000Z-abcdef"),
        "{told:?}"
    );
    assert!(told.stderr.contains("journal list"), "{told:?}");
}
