//! A recovery that is killed at one of its acts: whoever takes it up starts the kubelet again, whichever way it goes.

use crate::etcd;
use crate::moment::{Moment, Scene, calls, scene};
use crate::support::interruption;
use crate::support::tree::Tree;
use crate::{SLEEPERS, files, run};

/// Kills a recovery then, and hands the machine on; `None` where that cannot be done here.
fn interrupted(moment: Moment, is_filled: bool) -> Option<Scene> {
    if !interruption::is_possible() {
        return None;
    }
    let scene = scene(is_filled)?;
    moment.kill(&scene, calls()?);
    Some(scene)
}

/// The kubelet was stopped, so somebody has to start it.
fn demands_a_service_manager(scene: &Scene, verb: &str) {
    let all = || Tree::read(scene.machine.node().path()).without_data();
    let tree = all();
    for how in [&[][..], &["--restart", "none"]] {
        let arguments = [&[verb, "--yes"], how].concat();
        let told = scene.machine.rekindle(&arguments).expect(3);
        assert!(told.stderr.contains("(no-service-manager)"), "{told:?}");
    }
    assert_eq!(tree.differences(&all()), [""; 0]);
}

#[track_caller]
fn everything_runs(scene: &Scene) {
    for name in ["kubelet", "etcd", SLEEPERS[0], SLEEPERS[1]] {
        interruption::wait_for(|| scene.machine.pid_of(name));
    }
    etcd::wait_until_up(&scene.machine);
    let statuses = scene.machine.statuses("etcd");
    assert!(statuses.iter().all(|status| *status == 0), "{statuses:?}");
    let verified = scene.machine.rekindle(&["journal", "verify"]).expect(0);
    assert!(verified.stdout.starts_with("COMPLETE\n"), "{verified:?}");
}

fn is_resumed(moment: Moment) {
    let Some(scene) = interrupted(moment, moment == Moment::Copying) else {
        return;
    };
    demands_a_service_manager(&scene, "resume");
    let copy = "stat -c %W-%i /var/lib/rekindle/etcd/* 2>/dev/null || true";
    let made = scene.machine.shell(copy);
    let resume = [
        "resume",
        "--yes",
        "--etcd-copy",
        "always",
        "--timeout",
        "1s",
    ];
    let told = run(&scene.machine, &resume).expect(7);
    assert!(told.stdout.starts_with("Finished the run "), "{told:?}");
    everything_runs(&scene);
    scene.machine.rekindle(&["check"]).expect(0);
    // A copy that is whole is not made again: what etcd has done since is not what was there before.
    if matches!(moment, Moment::BeforeTheStart | Moment::StartAnnounced) {
        assert_eq!(scene.machine.shell(copy), made);
    }
    if let Some(stored) = &scene.stored {
        assert_eq!(etcd::read(&scene.machine).keys, stored.keys);
        let copies = scene.machine.shell("echo /var/lib/rekindle/etcd/*");
        assert_eq!(etcd::read_copy(&scene.machine, copies.trim()), *stored);
    }
}

fn is_rolled_back(moment: Moment) {
    let Some(scene) = interrupted(moment, false) else {
        return;
    };
    demands_a_service_manager(&scene, "rollback");
    let told = run(&scene.machine, &["rollback", "--yes"]).expect(7);
    assert!(told.stdout.starts_with("Rolled back the run "), "{told:?}");
    let differences = scene
        .before
        .timeless()
        .differences(&files(&scene.machine).timeless());
    assert_eq!(differences, [""; 0]);
    everything_runs(&scene);
    // What is there for a copy is whole.
    let left = scene
        .machine
        .shell("ls -A /var/lib/rekindle/etcd 2>/dev/null || true");
    let is_copied = matches!(moment, Moment::BeforeTheStart | Moment::StartAnnounced);
    assert_eq!(left.lines().count(), usize::from(is_copied), "{left}");
    assert!(!left.contains(".part"), "{left}");
}

#[test]
fn resumed_after_the_stop_was_announced() {
    is_resumed(Moment::Announced);
}

#[test]
fn resumed_after_etcd_s_end() {
    is_resumed(Moment::EtcdEnded);
}

#[test]
fn resumed_in_the_middle_of_the_copy() {
    is_resumed(Moment::Copying);
}

#[test]
fn resumed_before_the_start() {
    is_resumed(Moment::BeforeTheStart);
}

#[test]
fn resumed_after_the_start_was_announced() {
    is_resumed(Moment::StartAnnounced);
}

#[test]
fn rolled_back_after_the_stop_was_announced() {
    is_rolled_back(Moment::Announced);
}

#[test]
fn rolled_back_after_etcd_s_end() {
    is_rolled_back(Moment::EtcdEnded);
}

#[test]
fn rolled_back_in_the_middle_of_the_copy() {
    is_rolled_back(Moment::Copying);
}

#[test]
fn rolled_back_before_the_start() {
    is_rolled_back(Moment::BeforeTheStart);
}

#[test]
fn rolled_back_after_the_start_was_announced() {
    is_rolled_back(Moment::StartAnnounced);
}
