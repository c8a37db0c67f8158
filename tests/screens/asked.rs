//! What asks before it hands something out or changes an authority, what it says afterwards, and how a run ends that stopped.

use crate::screen::{machine, machine_of, node, rekindle, shown, typed};
use crate::support::machine::stand_in;
use crate::support::node::Node;
use crate::support::program::{binary, rekindle as run};
use crate::support::worker::{MACHINE_ID, WORKER};

const QUESTION: &str = "[e]xplain: ";

#[test]
fn new_dates_for_an_authority() {
    let Some(machine) = machine() else { return };
    let command = ["ca", "reissue", "ca", "--restart", "none"];
    let refused = [("To go on, type ", "no\n")];
    typed(rekindle(&machine, &command), &refused).expect("ca-reissue-declined");
    let answer = [("To go on, type ", "ca\n")];
    typed(rekindle(&machine, &command), &answer).expect("ca-reissue");
}

#[test]
fn a_credential_for_another_node() {
    let Some(machine) = machine() else { return };
    machine.shell("install -d -m 0700 /var/lib/bundles");
    let worker = format!("{WORKER}={MACHINE_ID}");
    let command = ["node", "issue", &worker, "--out", "/var/lib/bundles"];
    typed(rekindle(&machine, &command), &[(QUESTION, "y\n")]).expect("node-issue");
}

#[test]
fn requests_for_a_key_that_is_elsewhere() {
    let node = Node::materialize("external-etcd-no-key");
    let Some(machine) = machine_of(&node) else {
        return;
    };
    machine.shell("install -d -m 0700 /var/lib/requests");
    let command = ["csr", "export", "--out", "/var/lib/requests"];
    shown(rekindle(&machine, &command)).expect("csr-export");
}

#[test]
fn a_way_in_for_an_hour() {
    let node = node();
    run(node.path(), &["recover", "--yes", "--quiet"]).expect(0);
    node.shell("rm -r var/lib/rekindle");
    let Some(machine) = machine_of(&node) else {
        return;
    };
    let place = "/var/lib/jane.conf";
    let command = ["credential", "issue", "--user", "jane", "--group", "oncall"];
    let why = ["--reason", "API down", "--out", place];
    let command = [&command[..], &why].concat();
    typed(rekindle(&machine, &command), &[(QUESTION, "y\n")]).expect("credential-issue");
    shown(rekindle(&machine, &["credential", "list"])).expect("credential-alive");
    shown(rekindle(&machine, &["tokens", "audit"])).expect("tokens-audit-no-server");
    shown(rekindle(
        &machine,
        &["report", "--out", "/var/lib/page.html"],
    ))
    .expect("report");
}

#[test]
fn somebody_who_is_not_root() {
    let Some(machine) = machine() else { return };
    machine.shell(&format!("cp '{}' /run/rekindle", binary().display()));
    let user = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    let command = [&user[..], &["/run/rekindle", "recover"]].concat();
    shown(machine.command("setpriv".as_ref(), &command)).expect("recover-not-root");
}

/// Ctrl-C when the kubelet has been stopped.
#[test]
fn a_run_that_stopped_half_way() {
    let Some(machine) = machine() else { return };
    let start = stand_in("kubelet-start").display().to_string();
    let commands = [
        "--kubelet-stop",
        "kill -INT $PPID",
        "--kubelet-start",
        &start,
    ];
    let command = [&["recover", "--yes"], &commands[..]].concat();
    let screen = shown(rekindle(&machine, &command));
    screen.judge();
    let seen = screen.visible();
    assert!(
        seen.contains("resume and rollback start it again"),
        "{seen}"
    );
    assert!(seen.contains("rekindle resume"), "{seen}");
}

#[test]
fn a_drill_ends_with_where_to_go_on() {
    let Some(machine) = machine() else { return };
    let screen = shown(rekindle(&machine, &["drill", "--algorithm", "ECDSA-P256"]));
    screen.judge();
    let seen = screen.visible();
    assert!(seen.contains("The drill ended well"), "{seen}");
    assert!(seen.contains("--keep DIR leaves it"), "{seen}");
}
