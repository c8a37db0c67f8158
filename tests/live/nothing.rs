//! Nothing to renew: what is well stays as it is, and what has an old credential is restarted.

use crate::support::machine::Machine;
use crate::support::node::Node;
use crate::support::program::rekindle;
use crate::support::tree::Tree;
use crate::{NODE, SLEEPERS, conditions, journal, run};

const RECOVER: [&str; 4] = ["recover", "--yes", "--timeout", "1s"];

/// Everything renewed and running, but etcd, which is not here.
fn running() -> Option<Machine> {
    let node = Node::materialize(NODE);
    node.shell("rm etc/kubernetes/manifests/etcd.yaml");
    // Not for as long as usual: who renews it again within the same second has something to renew.
    rekindle(node.path(), &["recover", "--yes", "--validity", "4000h"]).expect(0);
    let machine = Machine::boot(node)?;
    machine.start_kubelet(&["kube-apiserver", SLEEPERS[0], SLEEPERS[1]]);
    Some(machine)
}

/// The processes, the kubelet's last.
fn pids(machine: &Machine) -> Vec<u32> {
    let names = ["kube-apiserver", SLEEPERS[0], SLEEPERS[1], "kubelet"];
    names
        .iter()
        .map(|name| machine.pid_of(name).unwrap())
        .collect()
}

/// The scheduler's kubeconfig is renewed, and nobody restarts it.
fn renew_under_the_scheduler(machine: &Machine) {
    std::thread::sleep(std::time::Duration::from_millis(50));
    let arguments = [
        "recover",
        "--yes",
        "--only",
        "scheduler.conf",
        "--force",
        "--restart",
        "none",
    ];
    rekindle(machine.node().path(), &arguments).expect(0);
}

#[test]
fn what_is_well_is_left_alone() {
    let Some(machine) = running() else {
        return;
    };
    let (before, tree) = (pids(&machine), Tree::read(machine.node().path()));
    let told = run(&machine, &RECOVER).expect(0);
    assert!(
        told.stdout.starts_with("There is nothing to do: "),
        "{told:?}"
    );
    assert_eq!(pids(&machine), before);
    assert_eq!(Tree::read(machine.node().path()), tree);
}

#[test]
fn the_stale_one_alone_is_restarted_where_that_is_asked_for() {
    let Some(machine) = running() else {
        return;
    };
    renew_under_the_scheduler(&machine);
    let (before, tree) = (pids(&machine), Tree::read(machine.node().path()));
    let told = run(&machine, &[&RECOVER[..], &["--restart", "stale"]].concat()).expect(7);
    assert!(told.stdout.starts_with("Restarted /\n"), "{told:?}");
    let now = pids(&machine);
    assert_eq!(now[..2], before[..2]);
    assert!(
        now[2] != before[2] && now[3] != before[3],
        "{before:?} {now:?}"
    );
    let proven = conditions(&told.stdout, "proven");
    assert!(
        proven.contains(&"kube-scheduler process".to_owned()),
        "{proven:?}"
    );
    let acts = [
        "stop-service",
        "end-process kube-scheduler",
        "start-service",
    ];
    assert_eq!(journal::acts(&journal::events(&machine), "act-done"), acts);
    let same = Tree::read(machine.node().path()).without_state();
    assert_eq!(tree.without_state(), same, "there was nothing to renew");
    // And again there is nothing to do.
    run(&machine, &RECOVER).expect(0);
    assert_eq!(pids(&machine), now);
}

/// Nobody answers for the API server, and that is an outage.
#[test]
fn in_an_outage_everything_is_restarted_for_one_that_is_stale() {
    let Some(machine) = running() else {
        return;
    };
    renew_under_the_scheduler(&machine);
    let before = pids(&machine);
    let told = run(&machine, &RECOVER).expect(7);
    let now = pids(&machine);
    assert!(
        before.iter().zip(&now).all(|(before, now)| before != now),
        "{before:?} {now:?}"
    );
    assert_eq!(machine.statuses("kube-apiserver"), [0], "{told:?}");
    let verified = machine.rekindle(&["journal", "verify"]).expect(0);
    assert!(verified.stdout.starts_with("COMPLETE\n"), "{verified:?}");
}

/// A plan says what would be restarted, and touches nobody.
#[test]
fn a_plan_names_the_stale_one() {
    let Some(machine) = running() else {
        return;
    };
    renew_under_the_scheduler(&machine);
    let before = pids(&machine);
    let told = run(&machine, &["plan", "--restart", "stale"]).expect(0);
    let named = format!("end kube-scheduler (process {})", before[2]);
    assert!(told.stdout.contains(&named), "{}", told.stdout);
    assert!(
        told.stdout.contains("it still has the old credential"),
        "{}",
        told.stdout
    );
    assert!(
        !told.stdout.contains("end kube-controller-manager"),
        "{}",
        told.stdout
    );
    assert_eq!(pids(&machine), before);
}
