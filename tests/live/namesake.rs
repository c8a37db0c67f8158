//! What only has the name of a component: another etcd, for a workload or run by somebody else, in the node's own network.

use crate::support::interruption::wait_for;
use crate::support::machine::Machine;
use crate::{SLEEPERS, etcd, machine, run};

const RECOVER: [&str; 4] = ["recover", "--yes", "--timeout", "1s"];

/// Starts an etcd that no manifest knows.
fn start(machine: &Machine) -> u32 {
    let before = machine.pids_of("etcd");
    machine.shell(
        "PATH=$PATH:$(</run/path)
         setsid unshare --pid --fork etcd --name other --data-dir /run/other \
           --listen-client-urls http://127.0.0.1:9379 --advertise-client-urls http://127.0.0.1:9379 \
           --listen-peer-urls http://127.0.0.1:9380 --initial-advertise-peer-urls http://127.0.0.1:9380 \
           --initial-cluster other=http://127.0.0.1:9380 >/run/other.log 2>&1 </dev/null &",
    );
    wait_for(|| {
        let now = machine.pids_of("etcd");
        now.into_iter().find(|pid| !before.contains(pid))
    })
}

#[test]
fn another_etcd_beside_the_node_s_own_runs_on() {
    let Some(machine) = etcd::machine() else {
        return;
    };
    machine.start_kubelet(&["etcd", SLEEPERS[0], SLEEPERS[1]]);
    etcd::wait_until_up(&machine);
    let own = machine.pid_of("etcd").unwrap();
    let other = start(&machine);
    let planned = run(&machine, &["plan"]).expect(0).stdout;
    let note = format!("note: etcd (process {other}) is not this node's static pod, and runs on");
    assert!(planned.contains(&note), "{planned}");
    assert!(
        planned.contains(&format!("end etcd (process {own})")),
        "{planned}"
    );
    run(&machine, &RECOVER).expect(7);
    let now = machine.pids_of("etcd");
    assert!(
        now.contains(&other) && !now.contains(&own),
        "{own} {other} {now:?}"
    );
}

/// kubeadm's cluster is in an etcd that systemd runs beside the kubelet: nobody would start it again.
#[test]
fn an_etcd_that_is_no_static_pod_runs_on() {
    let Some(machine) = machine() else {
        return;
    };
    if etcd::machine().is_none() {
        return;
    }
    machine.shell("rm /etc/kubernetes/manifests/etcd.yaml");
    machine.start_kubelet(&SLEEPERS);
    let other = start(&machine);
    let told = run(&machine, &RECOVER).expect(7);
    assert_eq!(machine.pids_of("etcd"), [other], "{told:?}");
}
