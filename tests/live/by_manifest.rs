//! A restart by the manifests, while the kubelet stays up. That a real kubelet takes a changed manifest for another pod, and
//! what that does to etcd, is for the rehearsals.

use crate::support::machine::Machine;
use crate::support::node::Node;
use crate::{NODE, SLEEPERS, files, journal, run};

const PODS: [&str; 3] = ["kube-apiserver", SLEEPERS[0], SLEEPERS[1]];

/// Expired, and running, but etcd, which is not here.
fn running() -> Option<Machine> {
    let node = Node::materialize(NODE);
    node.shell("rm etc/kubernetes/manifests/etcd.yaml");
    let machine = Machine::boot(node)?;
    machine.start_kubelet(&PODS);
    Some(machine)
}

/// Restarts everything so: each component is a new one, and known to be newer than its credential.
fn restarts(how: &str) {
    let Some(machine) = running() else {
        return;
    };
    let (before, kubelet) = (
        PODS.map(|name| machine.pid_of(name)),
        machine.pid_of("kubelet"),
    );
    let old = files(&machine);
    let told = run(
        &machine,
        &["recover", "--yes", "--restart", how, "--timeout", "1s"],
    )
    .expect(7);
    for (name, before) in PODS.iter().zip(before) {
        let now = machine.pid_of(name);
        assert!(now.is_some() && now != before, "{name}: {before:?} {now:?}");
        assert_eq!(machine.statuses(name), [0], "{name}");
    }
    assert_eq!(machine.pid_of("kubelet"), kubelet);
    let events = journal::events(&machine);
    let is_process =
        |event: &&serde_json::Value| event["kind"] == "proof" && event["condition"] == "process";
    for proof in events.iter().filter(is_process) {
        assert_eq!(proof["proven"], true, "{proof}: {}", told.stdout);
    }
    // Nothing lies beside the manifests, and they say what they said.
    let manifest = "/etc/kubernetes/manifests/kube-scheduler.yaml";
    let now = files(&machine);
    let added = now
        .paths()
        .filter(|path| path.starts_with("/etc/kubernetes/manifests/") && old.get(path).is_none());
    assert_eq!(added.count(), 0);
    let is_same = old.entry(manifest).bytes() == now.entry(manifest).bytes();
    assert_eq!(is_same, how == "move");
    machine.rekindle(&["check"]).expect(0);
    let verified = machine.rekindle(&["journal", "verify"]).expect(0);
    assert!(verified.stdout.starts_with("COMPLETE\n"), "{verified:?}");
}

#[test]
fn annotated_manifests_make_new_processes() {
    restarts("stamp");
}

#[test]
fn manifests_that_go_and_come_make_new_processes() {
    restarts("move");
}
