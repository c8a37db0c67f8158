//! What cannot be done is refused before the first write, and what fails on the way leads back.

use crate::support::interruption::wait_for;
use crate::support::tree::Tree;
use crate::{SLEEPERS, conditions, files, journal, machine, run, with_commands};

const RECOVER: [&str; 4] = ["recover", "--yes", "--timeout", "1s"];

#[test]
fn nothing_is_written_where_the_kubelet_cannot_be_stopped() {
    let Some(machine) = machine() else {
        return;
    };
    machine.start_kubelet(&SLEEPERS);
    let before = Tree::read(machine.node().path());
    for how in ["all", "stale"] {
        let told = machine
            .rekindle(&["recover", "--yes", "--restart", how])
            .expect(3);
        assert!(told.stderr.contains("(no-service-manager)"), "{told:?}");
    }
    let told = run(
        &machine,
        &[
            "recover",
            "--yes",
            "--restart",
            "touch",
            "--etcd-copy",
            "always",
        ],
    );
    assert!(told.expect(3).stderr.contains("(etcd-copy-impossible)"));
    let folder = machine.node().path().to_str().unwrap();
    let all = with_commands(&["--root", folder, "recover", "--yes", "--restart", "all"]);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let told = machine.rekindle(&all).expect(3);
    assert!(told.stderr.contains("(restart-elsewhere)"), "{told:?}");
    assert_eq!(Tree::read(machine.node().path()), before);
    // By itself it then does what is possible, and says what that is worth.
    let told = machine.rekindle(&["recover", "--yes"]).expect(7);
    assert!(told.stdout.contains("nothing can be restarted"), "{told:?}");
    assert_eq!(machine.statuses(SLEEPERS[0]), [0; 0]);
}

/// A command that stops the kubelet and then fails: everything goes back, and the kubelet is started again.
#[test]
fn a_stop_that_fails_leads_back_and_the_kubelet_runs() {
    let Some(machine) = machine() else {
        return;
    };
    machine.start_kubelet(&SLEEPERS);
    let (before, kubelet) = (files(&machine), machine.pid_of("kubelet"));
    let mut all = with_commands(&RECOVER);
    let stop = all
        .iter_mut()
        .find(|word| word.contains("kubelet-stop'"))
        .unwrap();
    stop.push_str("; echo no more >&2; exit 9");
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let told = machine.rekindle(&all).expect(4);
    assert!(
        told.stderr.contains("exit status 9") && told.stderr.contains("no more"),
        "{told:?}"
    );
    wait_for(|| {
        machine
            .pid_of("kubelet")
            .filter(|now| Some(*now) != kubelet)
    });
    assert_eq!(before.differences(&files(&machine)), [""; 0]);
    assert_eq!(machine.statuses(SLEEPERS[0]), [0; 0]);
    let events = journal::events(&machine);
    assert_eq!(
        journal::acts(&events, "act-intent"),
        ["stop-service", "start-service"]
    );
    assert_eq!(journal::acts(&events, "act-done"), ["start-service"]);
    machine.rekindle(&["journal", "verify"]).expect(0);
}

/// One that does not start the kubelet: the files are as they should be, and the rest is said.
#[test]
fn a_start_that_fails_is_said() {
    let Some(machine) = machine() else {
        return;
    };
    machine.start_kubelet(&SLEEPERS);
    let mut all = with_commands(&RECOVER);
    all.pop();
    all.push("echo no such thing >&2; exit 5".to_owned());
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let told = machine.rekindle(&all).expect(1);
    assert!(
        told.stdout.contains("kubelet.service could not be started"),
        "{told:?}"
    );
    assert!(told.stdout.contains("no such thing"), "{told:?}");
    assert!(
        conditions(&told.stdout, "OPEN").contains(&"kubelet process".to_owned()),
        "{told:?}"
    );
    machine.rekindle(&["check"]).expect(0);
}
