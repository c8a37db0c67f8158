//! What is dead: `check`, and what looks without changing anything.

use crate::screen::{machine, machine_of, node, rekindle, shown};
use crate::support::node::Node;

#[test]
fn everything_is_dead() {
    let Some(machine) = machine() else { return };
    let screen = shown(rekindle(&machine, &["check"]));
    screen.expect("check-all-dead");
    shown(rekindle(&machine, &["plan"])).expect("plan");
    shown(rekindle(&machine, &["verify", "--timeout", "1s"])).expect("verify-open");
    shown(rekindle(&machine, &["auth"])).expect("auth");
    shown(rekindle(
        &machine,
        &["whoami", "/etc/kubernetes/admin.conf"],
    ))
    .expect("whoami");
    // No line is lost where nothing has to scroll: what is dead, and what to do.
    assert_eq!(screen.visible(), screen.text());
}

#[test]
fn one_is_dead() {
    let node = node();
    let dead = node.read("/etc/kubernetes/pki/apiserver.crt");
    crate::support::program::rekindle(node.path(), &["recover", "--yes", "--quiet"]).expect(0);
    node.write("/etc/kubernetes/pki/apiserver.crt", dead);
    node.shell("rm -r var/lib/rekindle");
    let Some(machine) = machine_of(&node) else {
        return;
    };
    shown(rekindle(&machine, &["check"])).expect("check-one-dead");
    shown(rekindle(&machine, &["plan"])).expect("plan-one");
}

#[test]
fn all_is_well() {
    let node = node();
    crate::support::program::rekindle(node.path(), &["recover", "--yes", "--quiet"]).expect(0);
    let Some(machine) = machine_of(&node) else {
        return;
    };
    shown(rekindle(&machine, &["check"])).expect("check-well");
    shown(rekindle(&machine, &["backups", "list"])).expect("backups-list");
}

#[test]
fn three_keys_do_not_fit() {
    let node = node();
    let other = Node::materialize("rsa4096-stacked");
    for file in ["ca.key", "etcd/ca.key", "front-proxy-ca.key"] {
        let path = format!("/etc/kubernetes/pki/{file}");
        node.write(&path, other.read(&path));
    }
    let Some(machine) = machine_of(&node) else {
        return;
    };
    shown(rekindle(&machine, &["check"])).expect("check-authorities");
    shown(rekindle(&machine, &["recover"])).expect("recover-refused");
}

#[test]
fn there_is_no_node() {
    let Some(machine) = machine() else { return };
    machine.shell("mkdir /var/lib/nothing");
    let none = ["--root", "/var/lib/nothing", "check"];
    shown(rekindle(&machine, &none)).expect("check-no-node");
    shown(rekindle(&machine, &[])).expect("bare");
    shown(rekindle(&machine, &["recover", "--wihtin", "3d"])).expect("error-of-the-command-line");
    shown(rekindle(&machine, &["runbook", "exit-codes"])).expect("runbook");
}
