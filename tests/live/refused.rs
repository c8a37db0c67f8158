//! What cannot be done is refused before the first write, and what fails on the way leads back.

use crate::support::interruption::wait_for;
use crate::support::tree::Tree;
use crate::{SLEEPERS, files, journal, machine, run, with_commands};

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

/// One that does not start the kubelet: the files are as they should be, and the run has not come to its end.
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
    let told = machine.rekindle(&all).expect(5);
    for words in [
        "kubelet.service stands still",
        "kubelet.service could not be started",
        "no such thing",
        "--kubelet-start 'echo no such thing >&2; exit 5'",
    ] {
        assert!(told.stderr.contains(words), "{words}: {told:?}");
    }
    // Nobody is to take it for ended, and one that can start it does.
    let checked = machine.rekindle(&["check"]).expect(1).stdout;
    assert!(
        checked.contains("It has stopped kubelet.service"),
        "{checked}"
    );
    let told = run(&machine, &["resume", "--yes", "--timeout", "1s"]).expect(7);
    assert!(told.stdout.starts_with("Finished the run "), "{told:?}");
    wait_for(|| machine.pid_of("kubelet"));
    machine.rekindle(&["check"]).expect(0);
}

/// A slip of the keyboard is found before anything is stopped.
#[test]
fn a_command_that_there_is_not_is_refused() {
    let Some(machine) = machine() else {
        return;
    };
    machine.start_kubelet(&SLEEPERS);
    let before = Tree::read(machine.node().path());
    for verb in [&["plan"][..], &RECOVER] {
        let slip = [
            "--kubelet-stop",
            "kubelet-stopp now",
            "--kubelet-start",
            "true",
        ];
        let told = machine.rekindle(&[verb, &slip].concat());
        let words = "`kubelet-stopp now` cannot be run: there is no program kubelet-stopp";
        if verb[0] == "plan" {
            // By itself it does what is possible, and says what is not.
            assert!(told.stdout.contains(words), "{told:?}");
        }
        let all = [verb, &slip, &["--restart", "all"]].concat();
        let told = machine.rekindle(&all).expect(3);
        assert!(told.stderr.contains(words), "{told:?}");
        if verb[0] == "plan" {
            assert_eq!(Tree::read(machine.node().path()), before);
        }
    }
    assert_eq!(machine.statuses(SLEEPERS[0]), [0; 0]);
}

/// Something watches over the kubelet and starts it again: etcd is not copied while it may write, and no file is replaced.
#[test]
fn a_kubelet_that_comes_back_leads_back() {
    let Some(machine) = machine() else {
        return;
    };
    // It takes half a minute to end: long enough for that.
    machine.shell(&format!("touch /run/stubborn-{}", SLEEPERS[1]));
    machine.start_kubelet(&SLEEPERS);
    wait_for(|| machine.pid_of(SLEEPERS[1]));
    let before = files(&machine);
    let mut all = with_commands(&RECOVER);
    let start = all.last().unwrap().clone();
    let stop = all
        .iter_mut()
        .find(|word| word.contains("kubelet-stop'"))
        .unwrap();
    *stop = format!("{stop}; (sleep 3; setsid {start}) >/dev/null 2>&1 </dev/null &");
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let told = machine.rekindle(&all).expect(4);
    assert!(
        told.stderr
            .contains("was stopped, and runs again (process ")
            || told.stderr.contains("of that name still runs"),
        "{told:?}"
    );
    assert_eq!(before.differences(&files(&machine)), [""; 0]);
    machine.rekindle(&["journal", "verify"]).expect(0);
}
