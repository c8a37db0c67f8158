//! The node is not the one that somebody saw a plan of.

use super::situation::{NODE, compare, keeps_secrets};
use super::taken_up::{refuses, ways_out};
use crate::support::node::Node;
use crate::support::program::rekindle;
use crate::support::terminal::Terminal;
use crate::support::tree::Tree;

/// The digest that `plan` prints.
fn inventory(node: &Node) -> String {
    let plan = rekindle(node.path(), &["plan"]).expect(0);
    let mut lines = plan.stdout.lines();
    let digest = lines.find_map(|line| line.strip_prefix("Inventory "));
    digest.unwrap().to_owned()
}

#[test]
fn the_plan_was_made_before_a_change() {
    let node = Node::materialize(NODE);
    let planned = inventory(&node);
    node.shell("echo >>etc/kubernetes/pki/apiserver.crt");
    let arguments = ["recover", "--yes", "--inventory", &planned];
    let run = refuses(&node, &arguments, "inventory-changed");
    // The hint leads to a plan of what is there now, and its digest is good.
    let ways = ways_out(&run);
    let ["rekindle", "--root", _, "plan"] = ways[0].split(' ').collect::<Vec<_>>()[..] else {
        panic!("{run:?}");
    };
    let planned = inventory(&node);
    rekindle(node.path(), &["recover", "--yes", "--inventory", &planned]).expect(0);
}

/// What passes to the new files, or leads to them, is part of what was approved.
#[test]
fn whatever_a_plan_rests_on_is_part_of_it() {
    for change in [
        "chmod 0640 etc/kubernetes/pki/apiserver.crt",
        "chmod 0644 etc/kubernetes/manifests/etcd.yaml",
        "chmod 0400 etc/kubernetes/admin.conf",
        "chmod 0400 etc/kubernetes/pki/apiserver.key",
        "echo >>etc/kubernetes/pki/apiserver.key",
        "echo >>etc/kubernetes/pki/ca.key",
        "mv etc/kubernetes/pki etc/kubernetes/other; ln -s other etc/kubernetes/pki",
        "if [ \"$(id -u)\" = 0 ]; then chgrp 1000 etc/kubernetes/scheduler.conf; else chmod 0400 etc/kubernetes/scheduler.conf; fi",
    ] {
        let node = Node::materialize(NODE);
        let planned = inventory(&node);
        assert_eq!(inventory(&node.copy()), planned, "a copy is the same node");
        node.shell(change);
        let run = rekindle(node.path(), &["recover", "--yes", "--inventory", &planned]);
        assert!(
            run.stderr.contains("(inventory-changed)"),
            "{change}: {run:?}"
        );
        let planned = inventory(&node);
        rekindle(node.path(), &["recover", "--yes", "--inventory", &planned]).expect(0);
    }
}

/// Nobody knows how long a question stands there.
#[test]
fn the_node_changes_while_the_question_waits() {
    let node = Node::materialize(NODE);
    let mut terminal = Terminal::start(node.path(), &["recover"]);
    terminal.wait_for("[e]xplain: ");
    node.shell("echo >>etc/kubernetes/pki/apiserver.crt");
    let before = Tree::read(node.path());
    terminal.enter("y\n");
    let run = terminal.end().expect(3);
    assert!(run.stdout.contains("To be done on"), "{run:?}");
    keeps_secrets(&run);
    compare("inventory-changed", &run.stderr, node.path());
    assert_eq!(Tree::read(node.path()), before);

    let mut terminal = Terminal::start(node.path(), &["recover"]);
    terminal.wait_for("[e]xplain: ");
    terminal.enter("y\n");
    terminal.end().expect(0);
    rekindle(node.path(), &["check"]).expect(0);
}
