//! A restart by the manifests, while the kubelet stays up. That a real kubelet takes a changed manifest for another pod, and
//! what that does to etcd, is for the rehearsals.

use std::path::Path;

use crate::support::interruption::{is_possible, wait_for};
use crate::support::machine::Machine;
use crate::support::node::Node;
use crate::support::program::{Run, binary};
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

const MANIFEST: &str = "/etc/kubernetes/manifests/kube-scheduler.yaml";

/// Killed while the scheduler's manifest is away: the dot-file beside it is the manifest.
fn killed_while_it_is_away() -> Option<(Machine, String)> {
    if !is_possible() {
        return None;
    }
    let machine = running()?;
    // The kubelet's link is exchanged by the same call, and comes first: the third manifest is the scheduler's.
    let call = "renameat2";
    let recover = ["recover", "--yes", "--restart", "move", "--timeout", "1s"];
    let options = [
        "-e",
        "trace=renameat2,rename",
        "-e",
        &format!("inject={call}:signal=SIGKILL:when=7"),
    ];
    let program = binary();
    let mut all = vec!["-o", "/dev/null"];
    all.extend(options);
    all.push(program.to_str().unwrap());
    all.extend(recover);
    let ended = Run::of(machine.command(Path::new("strace"), &all));
    assert_eq!(ended.code, None, "{ended:?}");
    let folder = "/etc/kubernetes/manifests";
    let list = machine.shell(&format!("cd {folder} && ls -A"));
    let aside = list
        .lines()
        .find(|name| name.starts_with(".rekindle-aside-"));
    let aside = aside.unwrap_or_else(|| panic!("{list}"));
    assert!(aside.ends_with("-kube-scheduler.yaml"), "{list}");
    Some((machine, format!("{folder}/{aside}")))
}

#[test]
fn a_manifest_that_is_away_comes_back_whichever_way_the_run_goes() {
    for verb in ["resume", "rollback"] {
        let Some((machine, aside)) = killed_while_it_is_away() else {
            return;
        };
        let checked = machine.rekindle(&["check"]).expect(1).stdout;
        let away = format!("It has moved {MANIFEST} away; resume and rollback move it back.");
        assert!(checked.contains(&away), "{checked}");
        let verified = machine
            .rekindle(&["verify", "--timeout", "0s"])
            .expect(1)
            .stdout;
        assert!(verified.contains("is unfinished"), "{verified}");
        run(&machine, &[verb, "--yes", "--timeout", "1s"]).expect(7);
        machine.shell(&format!("test ! -e {aside} && test -e {MANIFEST}"));
        wait_for(|| machine.pid_of("kube-scheduler"));
        machine.rekindle(&["journal", "verify"]).expect(0);
    }
}

/// Configuration management has noticed that it was missing.
#[test]
fn a_manifest_that_somebody_made_anew_meanwhile_stays_and_both_are_named() {
    let Some((machine, aside)) = killed_while_it_is_away() else {
        return;
    };
    machine.shell(&format!(
        "sed 's/^/# new\\n&/;q' {aside} >{MANIFEST}; cat {aside} >>{MANIFEST}"
    ));
    let theirs = machine.shell(&format!("cat {MANIFEST}"));
    let told = run(&machine, &["resume", "--yes", "--timeout", "1s"]).expect(1);
    let warning = format!(
        "{MANIFEST} was made anew by somebody else while it was away, and stays; the one that was there before is {aside}"
    );
    assert!(told.stdout.contains(&warning), "{told:?}");
    assert_eq!(machine.shell(&format!("cat {MANIFEST}")), theirs);
    machine.shell(&format!("test -e {aside}"));
    // And it is over.
    let again = run(&machine, &["resume", "--yes"]).expect(0);
    assert!(
        again.stdout.starts_with("There is nothing to resume"),
        "{again:?}"
    );
    machine.rekindle(&["journal", "verify"]).expect(0);
}
