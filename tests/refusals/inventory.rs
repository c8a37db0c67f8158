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
    let last = plan.stdout.lines().last().unwrap();
    last.strip_prefix("Inventory ").unwrap().to_owned()
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
