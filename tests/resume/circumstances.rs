//! What must not keep an interrupted run from its end: garbage all around, and a CA that cannot be used any more.

use crate::support::interruption::{is_possible, kill};
use crate::support::node::Node;
use crate::support::program::rekindle;
use crate::support::tree::Tree;
use crate::{NODE, RECOVER, RESUME, ROLLBACK, interrupted, is_as, run};

/// Neither way reads what it does not need.
#[test]
fn garbage_all_around() {
    if !is_possible() {
        return;
    }
    for verb in [RESUME, ROLLBACK] {
        let node = Node::materialize(NODE);
        let some = ["recover", "--yes", "--only", "apiserver,front-proxy-client"];
        kill(node.path(), &some, "renameat", 2);
        node.shell(
            "cd etc/kubernetes
             for file in *.conf manifests/*.yaml pki/etcd/*.crt pki/sa.*; do echo garbage >$file; done
             echo garbage >../../var/lib/kubelet/config.yaml",
        );
        let around = Tree::read(node.path());
        run(&node, &verb, 0);
        let changed = around.differences(&Tree::read(node.path()).without_state());
        let expected = |path: &String| {
            path.contains("/.rekindle-")
                || path.contains("/manifests/")
                || path.starts_with("/var/lib/rekindle")
                || path.ends_with("apiserver.crt")
                || path.ends_with("front-proxy-client.crt")
        };
        assert!(changed.iter().all(expected), "{verb:?}: {changed:?}");
    }
}

/// Without the CA's key nobody vouches for the key of the attempt: the two fingerprints do.
#[test]
fn the_key_of_the_authority_is_gone() {
    if !is_possible() {
        return;
    }
    let before = Tree::read(Node::materialize(NODE).path());
    for verb in [RESUME, ROLLBACK] {
        let node = interrupted(6);
        node.shell("mv etc/kubernetes/pki/ca.key ../");
        let told = run(&node, &verb, 0);
        let verified = rekindle(node.path(), &["journal", "verify"]).expect(6);
        assert!(
            verified.stdout.starts_with("NOT ANCHORED\n"),
            "{verified:?}"
        );
        let signed = told
            .stdout
            .lines()
            .find_map(|line| line.strip_prefix("Signed by sha256:"));
        let keys: Vec<&str> = verified
            .stdout
            .lines()
            .filter_map(|line| line.strip_prefix("  signed by sha256:"))
            .collect();
        assert_eq!(keys.last().copied(), signed, "{verified:?}");
        let arguments = ["journal", "verify", "--key", keys[0], "--key", keys[1]];
        let verified = run(&node, &arguments, 0);
        assert!(verified.stdout.starts_with("COMPLETE\n"), "{verified:?}");
        node.shell("mv ../ca.key etc/kubernetes/pki/");
        if verb == ROLLBACK {
            is_as(&before, &node);
        }
    }
}

/// What the run had left to a person is still said by whoever finishes it, with the exit code that says so.
#[test]
fn what_was_left_to_a_person_is_not_forgotten() {
    if !is_possible() {
        return;
    }
    let node = Node::materialize(NODE);
    node.shell("rm etc/kubernetes/scheduler.conf");
    kill(node.path(), &RECOVER, "renameat", 6);
    let finished = run(&node, &RESUME, 1);
    assert!(finished.stdout.contains("Left to you"), "{finished:?}");
    let path = node.file("/etc/kubernetes/scheduler.conf");
    let left = format!("scheduler.conf: {} does not exist\n", path.display());
    assert!(finished.stdout.contains(&left), "{finished:?}");
}

/// A line that was cut short is set aside, and the journal goes on behind the last whole one.
#[test]
fn the_last_line_was_cut_short() {
    if !is_possible() {
        return;
    }
    for verb in [RESUME, ROLLBACK] {
        let node = interrupted(6);
        node.shell("cd var/lib/rekindle/journal; truncate -s -40 *.jsonl");
        run(&node, &verb, 0);
        run(&node, &["journal", "verify"], 0);
        node.shell("ls var/lib/rekindle/journal/*.torn-*");
    }
}

/// A journal that says what nobody wrote leads nowhere, and the way out of the hint goes on without it.
#[test]
fn the_journal_is_damaged() {
    if !is_possible() {
        return;
    }
    let node = interrupted(6);
    node.shell("sed -i '5s/payload/pAyload/' var/lib/rekindle/journal/*.jsonl");
    let before = Tree::read(node.path());
    for arguments in [&["plan"][..], &RECOVER, &RESUME, &ROLLBACK, &["expire"]] {
        let told = run(&node, arguments, 6);
        assert!(told.stderr.contains("cannot be relied on\n"), "{told:?}");
        assert!(
            told.stderr.ends_with("\nrunbook: runbooks/half-way.md\n"),
            "{told:?}"
        );
    }
    let check = run(&node, &["check"], 1);
    assert!(
        check.stdout.contains("\nUnknown: the journal of the run "),
        "{check:?}"
    );
    let json = run(&node, &["check", "-o", "json"], 1);
    assert!(json.stdout.contains("cannot be relied on"), "{json:?}");
    assert_eq!(Tree::read(node.path()), before);

    let told = run(&node, &RECOVER, 6);
    let hint = told
        .stderr
        .lines()
        .find(|line| line.starts_with("hint: "))
        .unwrap();
    let (_, command) = hint.rsplit_once(": ").unwrap();
    let outside = node.path().parent().unwrap().display().to_string();
    node.shell(&command.replace("/root/", &outside));
    run(&node, &RECOVER, 0);
    run(&node, &["check"], 0);
}
