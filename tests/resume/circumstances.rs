//! What must not keep an interrupted run from its end: garbage all around, and a CA that cannot be used any more.

use crate::support::interruption::{fail, is_possible, kill};
use crate::support::node::Node;
use crate::support::program::{Run, rekindle};
use crate::support::tree::Tree;
use crate::{NODE, RECOVER, RESUME, ROLLBACK, interrupted, is_as, is_settled, run, says};

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
    // Made anew it cannot be: nothing says for which version.
    node.shell(
        "sed -i 's/\\(image: [^:]*\\):v.*/\\1@sha256:0123/' etc/kubernetes/manifests/kube-apiserver.yaml
         rm etc/kubernetes/scheduler.conf",
    );
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

/// What no crash leaves, and what could not be set aside.
#[test]
fn a_megabyte_is_no_line_that_was_cut_short() {
    if !is_possible() {
        return;
    }
    let node = interrupted(6);
    node.shell("head -c 1100000 /dev/zero | tr '\\0' x >>$(echo var/lib/rekindle/journal/*.jsonl)");
    let before = Tree::read(node.path());
    for verb in [RESUME, ROLLBACK] {
        let told = run(&node, &verb, 6);
        assert!(
            told.stderr
                .contains("the line has 1100000 bytes, more than any record"),
            "{told:?}"
        );
    }
    assert_eq!(Tree::read(node.path()), before);
}

/// The disk of the journal is full, or fails: nothing is done that could not be recorded, and all of it can be done later.
#[test]
fn the_journal_cannot_be_written() {
    if !is_possible() {
        return;
    }
    let before = Tree::read(Node::materialize(NODE).path());
    let node = Node::materialize(NODE);
    let told = fail(node.path(), &RECOVER, "ENOSPC", "fdatasync", "8+").expect(5);
    says(&told, "journal-full", &node);
    for verb in [RESUME, ROLLBACK] {
        let unchanged = Tree::read(node.path()).without_state();
        let told = fail(node.path(), &verb, "ENOSPC", "fdatasync", "1+").expect(5);
        says(&told, "journal-full.again", &node);
        assert_eq!(Tree::read(node.path()).without_state(), unchanged);
    }
    let back = node.copy();
    run(&node, &RESUME, 0);
    is_settled(&node);
    run(&back, &ROLLBACK, 0);
    is_as(&before, &back);
}

/// A step that fails undoes the run, and what is to be mended is said.
#[test]
fn a_file_cannot_be_replaced() {
    if !is_possible() {
        return;
    }
    let node = Node::materialize(NODE);
    let before = Tree::read(node.path());
    let told = fail(node.path(), &RECOVER, "EIO", "renameat", "4").expect(4);
    says(&told, "not-replaced", &node);
    is_as(&before, &node);
    is_settled(&node);
}

/// A manifest that cannot be touched undoes nothing: that is a warning.
#[test]
fn a_manifest_cannot_be_touched() {
    if !is_possible() {
        return;
    }
    let node = Node::materialize(NODE);
    let told = fail(node.path(), &RECOVER, "EPERM", "utimensat", "1").expect(1);
    let warnings = told
        .stdout
        .lines()
        .filter(|line| line.starts_with("warning: "));
    let stderr = warnings.fold(String::new(), |text, line| text + line + "\n");
    says(&Run { stderr, ..told }, "not-touched", &node);
    is_settled(&node);
    run(&node, &["check"], 0);
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
        says(&told, "journal-damaged", &node);
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

/// What a run changes is committed to before its first change: a manifest cannot be added to it, and is not silently left out.
#[test]
fn an_interrupted_run_takes_up_no_change_of_manifests() {
    if !is_possible() {
        return;
    }
    for strategy in ["stamp", "move"] {
        for verb in [RESUME, ROLLBACK] {
            let node = interrupted(6);
            let before = Tree::read(node.path());
            let refused = run(&node, &[verb[0], verb[1], "--restart", strategy], 2);
            let told =
                format!("error: --restart {strategy} is not for a run that was begun without it");
            assert!(refused.stderr.starts_with(&told), "{refused:?}");
            assert!(refused.stderr.contains("--restart all"), "{refused:?}");
            assert_eq!(before, Tree::read(node.path()));
        }
    }
}
