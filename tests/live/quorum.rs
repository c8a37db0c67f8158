//! One of three members, the others down as it was: recovered, up, and without a quorum. Nothing says that etcd is healthy.

use crate::etcd;
use crate::support::node::Node;
use crate::{conditions, run};

/// The others are at addresses that this machine has and where nobody listens.
fn with_others(node: &Node) {
    node.edit("/etc/kubernetes/manifests/etcd.yaml", |text| {
        text.replace(
            "--initial-cluster=",
            "--initial-cluster=cp-2=https://127.0.0.2:2380,cp-3=https://127.0.0.3:2380,",
        )
    });
}

#[test]
fn a_member_that_waits_for_the_others_is_not_called_healthy() {
    let Some(machine) = etcd::machine() else {
        return;
    };
    with_others(machine.node());
    machine.start_kubelet(&["etcd"]);
    let told = run(&machine, &["recover", "--yes", "--timeout", "8s"]).expect(7);
    let report = &told.stdout;
    assert!(
        conditions(report, "OPEN").contains(&"etcd health".to_owned()),
        "{report}"
    );
    assert!(!report.contains("healthy"), "{report}");
    // Lines are as wide as they are: said in one breath.
    let words: Vec<&str> = report.split_whitespace().collect();
    let words = words.join(" ");
    for said in [
        "no quorum: etcd is up and has no leader: 3 members are known, and 2 of them must be up",
        "go on with cp-2, cp-3, one after the other: rekindle check",
        "etcd has no quorum: this node is up, and the API answers nobody until enough of the others are up too.",
    ] {
        assert!(words.contains(said), "{said}\n{report}");
    }
    let verified = machine.rekindle(&["verify", "--timeout", "3s"]).expect(1);
    assert!(verified.stdout.contains("no quorum"), "{}", verified.stdout);
    assert!(!verified.stdout.contains("healthy"), "{}", verified.stdout);
}
