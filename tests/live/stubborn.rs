//! Components that do not end when they are asked to. Their patience is what it is, so these take minutes: with
//! `REKINDLE_FULL` alone.

use std::time::{Duration, Instant};

use crate::support::interruption::wait_for;
use crate::{SLEEPERS, etcd, files, journal, machine, run};

fn is_wanted() -> bool {
    let is_wanted = std::env::var_os("REKINDLE_FULL").is_some();
    if !is_wanted {
        println!("skipped: takes minutes: scripts/test.sh --full");
    }
    is_wanted
}

/// All state is etcd's: it loses nothing.
#[test]
fn a_scheduler_is_ended_by_force_in_the_end() {
    if !is_wanted() {
        return;
    }
    let Some(machine) = machine() else {
        return;
    };
    machine.shell("touch /run/stubborn-kube-scheduler");
    machine.start_kubelet(&SLEEPERS);
    let begun = Instant::now();
    run(&machine, &["recover", "--yes", "--timeout", "1s"]).expect(7);
    assert!(
        begun.elapsed() > Duration::from_secs(30),
        "{:?}",
        begun.elapsed()
    );
    // By SIGKILL; unshare of util-linux 2.38 cannot say that of its child, and says 1.
    let statuses = machine.statuses("kube-scheduler");
    assert!(matches!(*statuses, [137 | 1]), "{statuses:?}");
    assert_eq!(machine.statuses("kube-controller-manager"), [0]);
    let acts = journal::acts(&journal::events(&machine), "act-done");
    assert!(
        acts.contains(&"end-process kube-scheduler".to_owned()),
        "{acts:?}"
    );
    machine.rekindle(&["check"]).expect(0);
}

/// It may have much to write, and is never ended by force: everything goes back.
#[test]
fn etcd_is_never_ended_by_force() {
    if !is_wanted() {
        return;
    }
    let Some(machine) = etcd::machine() else {
        return;
    };
    let stored = etcd::fill(&machine);
    machine.start_kubelet(&["etcd", SLEEPERS[0], SLEEPERS[1]]);
    etcd::wait_until_up(&machine);
    let before = files(&machine);
    let (kubelet, etcd) = (machine.pid_of("kubelet"), machine.pid_of("etcd").unwrap());
    machine.shell(&format!("kill -STOP {etcd}"));
    let told = run(&machine, &["recover", "--yes", "--timeout", "1s"]).expect(4);
    assert!(
        told.stderr
            .contains("has not ended within 90 s; it is never killed"),
        "{told:?}"
    );
    assert_eq!(machine.pid_of("etcd"), Some(etcd));
    assert_eq!(machine.statuses("etcd"), [0; 0]);
    wait_for(|| {
        machine
            .pid_of("kubelet")
            .filter(|now| Some(*now) != kubelet)
    });
    for component in SLEEPERS {
        wait_for(|| machine.pid_of(component));
    }
    assert_eq!(before.differences(&files(&machine)), [""; 0]);
    let verified = machine.rekindle(&["journal", "verify"]).expect(0);
    assert!(verified.stdout.starts_with("COMPLETE\n"), "{verified:?}");
    // When it can, it does as it was asked, loses nothing, and is started again.
    machine.shell(&format!("kill -CONT {etcd}"));
    wait_for(|| machine.pid_of("etcd").filter(|now| *now != etcd));
    assert_eq!(machine.statuses("etcd"), [0]);
    etcd::wait_until_up(&machine);
    run(&machine, &["recover", "--yes", "--timeout", "2s"]).expect(7);
    assert_eq!(etcd::read(&machine).keys, stored.keys);
}
