//! What a run says to a program, and to nobody.

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::support::interruption::wait_for;
use crate::support::node::Node;
use crate::support::program::{Run, command, rekindle};
use crate::support::secrets::Secrets;
use crate::support::tree::Tree;

const NODE: &str = "ecdsa-p256-stacked";

fn events(told: &Run) -> Vec<Value> {
    told.stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    let mut kinds: Vec<&str> = events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    kinds.dedup();
    kinds
}

#[test]
fn a_program_is_told_of_each_step_as_it_happens() {
    let node = Node::materialize(NODE);
    let secrets = Secrets::of(&Tree::read(node.path()));
    let told = rekindle(node.path(), &["recover", "--yes", "-o", "json"]).expect(0);
    assert_eq!(told.stderr, "");
    assert!(!secrets.are_in(told.stdout.as_bytes()));
    let events = events(&told);
    assert_eq!(
        kinds(&events),
        ["begun", "prepared", "replaced", "touched", "ended", "exit"]
    );
    assert_eq!(events[0]["schema"], "rekindle.dev/events/v1");
    let replaced = events
        .iter()
        .filter(|event| event["event"] == "replaced")
        .count();
    assert_eq!(events[0]["steps"], 2 * replaced);
    let [.., ended, exit] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(exit["code"], 0);
    assert_eq!(ended["outcome"], "completed");
    assert_eq!(ended["run"], events[0]["run"]);
    assert_eq!(ended["proven"], Value::Null);
    // What is to be kept elsewhere can be kept by a program.
    let expected = node.path().with_file_name("expected");
    std::fs::write(&expected, ended["checkpoint"].as_str().unwrap()).unwrap();
    let verify = ["journal", "verify", "--expect", expected.to_str().unwrap()];
    rekindle(node.path(), &verify).expect(0);
}

#[test]
fn a_program_is_told_why_nothing_was_done() {
    let node = Node::materialize(NODE);
    node.shell("rm etc/kubernetes/pki/ca.key");
    let told = rekindle(node.path(), &["recover", "--yes", "-o", "json"]).expect(3);
    let events = events(&told);
    assert_eq!(kinds(&events), ["exit"]);
    assert_eq!(events[0]["code"], 3);
    assert_eq!(events[0]["refusals"][0]["code"], "ca-key-missing");
    // Whoever reads its log reads it too.
    assert!(told.stderr.contains("(ca-key-missing)"), "{told:?}");
}

#[test]
fn nobody_is_told_anything_but_the_exit_code() {
    let node = Node::materialize(NODE);
    for (verb, code) in [
        ("recover", 0),
        ("recover", 0),
        ("resume", 0),
        ("rollback", 0),
    ] {
        let told = rekindle(node.path(), &[verb, "--yes", "--quiet"]).expect(code);
        assert_eq!(
            (told.stdout.as_str(), told.stderr.as_str()),
            ("", ""),
            "{verb}"
        );
    }
    rekindle(node.path(), &["check"]).expect(0);
}

#[test]
fn who_is_not_listening_cannot_be_asked() {
    let node = Node::materialize(NODE);
    for verb in ["recover", "resume", "rollback"] {
        for form in [&["--quiet"][..], &["-o", "json"]] {
            let told = rekindle(node.path(), &[&[verb], form].concat()).expect(2);
            assert!(
                told.stderr
                    .contains("leaves nobody to ask\nhint: say --yes"),
                "{told:?}"
            );
        }
    }
}

/// A pipe that takes no more: the files are replaced and the journal is closed all the same, and whoever then ends the program is
/// obeyed.
#[test]
fn a_run_waits_for_nobody_who_does_not_read() {
    let node = Node::materialize(NODE);
    let mut rekindle_command = command(node.path(), &["recover", "--yes", "-o", "json"]);
    rekindle_command
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = rekindle_command.spawn().unwrap();
    let pipe = child.stdout.take().unwrap();
    fcntl(&pipe, FcntlArg::F_SETPIPE_SZ(4096)).unwrap();
    let is_complete = || {
        let verified = rekindle(node.path(), &["journal", "verify"]);
        verified.stdout.starts_with("COMPLETE\n").then_some(())
    };
    wait_for(is_complete);
    assert!(
        child.try_wait().unwrap().is_none(),
        "nobody has read its last events"
    );
    let pid = Pid::from_raw(child.id().try_into().unwrap());
    let ended = wait_for(|| {
        kill(pid, Signal::SIGTERM).unwrap();
        child.try_wait().unwrap()
    });
    assert_eq!(ended.signal(), Some(Signal::SIGTERM as i32));
    drop(pipe);
    rekindle(node.path(), &["check"]).expect(0);
}
