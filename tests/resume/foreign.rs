//! Somebody changes a file: while a run is interrupted, and under the hands of one.

use std::fs;

use crate::support::interruption::{Held, is_possible};
use crate::support::node::Node;
use crate::support::program::Run;
use crate::support::tree::Tree;
use crate::targets::{count, not_after, outcome, records};
use crate::{NODE, RECOVER, RESUME, ROLLBACK, interrupted, is_settled, run, says};

const SCHEDULER: &str = "/etc/kubernetes/scheduler.conf";
const ADMIN: &str = "/etc/kubernetes/admin.conf";
const LINK: &str = "/var/lib/kubelet/pki/kubelet-client-current.pem";

fn skip(node: &Node, verb: &str) -> Run {
    run(node, &[verb, "--yes", "--skip-foreign"], 1)
}

#[test]
fn resume_keeps_a_strangers_file_and_does_the_rest() {
    if !is_possible() {
        return;
    }
    let node = interrupted(6);
    node.write(SCHEDULER, "a stranger's");
    node.write(ADMIN, "a stranger's too, after the run had replaced it");
    let before = Tree::read(node.path());
    run(&node, &RESUME, 3);
    assert_eq!(Tree::read(node.path()), before);
    let told = skip(&node, "resume");
    for (name, path) in [("scheduler.conf", SCHEDULER), ("admin.conf", ADMIN)] {
        assert!(
            told.stdout
                .contains(&format!("{name}: {path} stays as it was found")),
            "{told:?}"
        );
        assert_eq!(Tree::read(node.path()).entry(path), before.entry(path));
    }
    assert_eq!(not_after(&node, &[SCHEDULER, ADMIN]), Vec::<String>::new());
    assert_eq!(outcome(&records(&node)), "half-way");
    assert_eq!(count(&records(&node), "skipped"), 2);
    is_settled(&node);
}

#[test]
fn rollback_keeps_a_strangers_file_and_takes_the_rest_back() {
    if !is_possible() {
        return;
    }
    let original = Tree::read(Node::materialize(NODE).path());
    let node = interrupted(6);
    node.write(ADMIN, "a stranger's");
    // What the run had not come to is of no concern for the way back, and named.
    node.write(SCHEDULER, "a stranger's too");
    let before = Tree::read(node.path());
    run(&node, &ROLLBACK, 3);
    assert_eq!(Tree::read(node.path()), before);
    let told = skip(&node, "rollback");
    assert!(
        told.stdout
            .contains(&format!("admin.conf: {ADMIN} stays as it was found")),
        "{told:?}"
    );
    let now = Tree::read(node.path()).without_state().timeless();
    assert_eq!(original.timeless().differences(&now), [ADMIN, SCHEDULER]);
    for path in [ADMIN, SCHEDULER] {
        assert_eq!(now.entry(path).bytes(), before.entry(path).bytes());
    }
    assert_eq!(outcome(&records(&node)), "half-way");
    is_settled(&node);
}

/// The dated file of the kubelet and the link to it: the one without the other would be no credential, or a stray one.
#[test]
fn a_file_of_the_kubelet_and_its_link_stay_together() {
    if !is_possible() {
        return;
    }
    let rotate = "cd var/lib/kubelet/pki; cp -a kubelet-client-2025*.pem kubelet-client-2031-01-01-00-00-00.pem
        ln -sfn kubelet-client-2031-01-01-00-00-00.pem kubelet-client-current.pem";
    let dated = |node: &Node| {
        let tree = Tree::read(node.path());
        let of_kubelet = |path: &&str| path.contains("/kubelet-client-20");
        tree.paths()
            .filter(of_kubelet)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };

    // Neither was made, and the kubelet has rotated: neither is made.
    let node = interrupted(6);
    node.shell(rotate);
    let before = dated(&node);
    skip(&node, "resume");
    assert_eq!(dated(&node), before);
    let destination = fs::read_link(node.file(LINK)).unwrap();
    assert_eq!(
        destination.to_str(),
        Some("kubelet-client-2031-01-01-00-00-00.pem")
    );
    is_settled(&node);

    // Both were made, and somebody wrote into the new file: the link still leads there, and both stay.
    let node = interrupted(13);
    let new = fs::read_link(node.file(LINK)).unwrap();
    let new = format!(
        "/var/lib/kubelet/pki/{}",
        new.file_name().unwrap().to_str().unwrap()
    );
    node.write(&new, "a stranger's");
    skip(&node, "rollback");
    let tree = Tree::read(node.path());
    assert_eq!(tree.entry(&new).bytes(), b"a stranger's");
    assert!(
        tree.entry(LINK)
            .destination()
            .ends_with(new.rsplit('/').next().unwrap())
    );
    is_settled(&node);
}

/// Between the look at the node and the exchange of that file: the run undoes what it did, and nothing is lost.
#[test]
fn a_file_changes_under_the_hands_of_a_recovery() {
    if !is_possible() {
        return;
    }
    let node = Node::materialize(NODE);
    let original = Tree::read(node.path());
    let held = Held::after(node.path(), &RECOVER, "renameat", 3);
    node.write(SCHEDULER, "a stranger's");
    let told = held.go_on().expect(4);
    says(&told, "changed-meanwhile", &node);
    let now = Tree::read(node.path()).without_state().timeless();
    assert_eq!(original.timeless().differences(&now), [SCHEDULER]);
    assert_eq!(now.entry(SCHEDULER).bytes(), b"a stranger's");
    assert_eq!(outcome(&records(&node)), "rolled-back");
    is_settled(&node);
}

/// The run that goes back finds a stranger's file: the rest goes back, the run stays unfinished, and says how to end it.
#[test]
fn a_file_changes_that_is_to_be_brought_back() {
    if !is_possible() {
        return;
    }
    let node = Node::materialize(NODE);
    let original = Tree::read(node.path());
    let held = Held::after(node.path(), &RECOVER, "renameat", 3);
    node.write(SCHEDULER, "a stranger's");
    node.write(ADMIN, "a stranger's, after it was replaced");
    let told = held.go_on().expect(5);
    says(&told, "not-brought-back", &node);
    let now = Tree::read(node.path()).without_state().timeless();
    assert_eq!(original.timeless().differences(&now), [ADMIN, SCHEDULER]);

    run(&node, &ROLLBACK, 3);
    run(&node, &RESUME, 3);
    skip(&node, "rollback");
    let now = Tree::read(node.path()).without_state().timeless();
    assert_eq!(original.timeless().differences(&now), [ADMIN, SCHEDULER]);
    is_settled(&node);
}

/// The same while the run is resumed: it stops there, half-way, and the next attempt refuses.
#[test]
fn a_file_changes_under_the_hands_of_a_resumption() {
    if !is_possible() {
        return;
    }
    let original = Tree::read(Node::materialize(NODE).path());
    let node = interrupted(4);
    let held = Held::after(node.path(), &RESUME, "renameat", 2);
    node.write(SCHEDULER, "a stranger's");
    let told = held.go_on().expect(5);
    says(&told, "not-finished", &node);
    run(&node, &RESUME, 3);
    let forth = node.copy();
    skip(&forth, "resume");
    assert_eq!(not_after(&forth, &[SCHEDULER]), Vec::<String>::new());
    is_settled(&forth);
    run(&node, &ROLLBACK, 3);
    skip(&node, "rollback");
    let now = Tree::read(node.path()).without_state().timeless();
    assert_eq!(original.timeless().differences(&now), [SCHEDULER]);
    is_settled(&node);
}
