//! What an interrupted run had not come to, or could not bring back: nobody is told that all is well with it.

use crate::support::interruption::{Held, fail, inject, is_possible};
use crate::support::node::Node;
use crate::support::terminal::Terminal;
use crate::support::tree::Tree;
use crate::targets::{count, outcome, records};
use crate::{NODE, RECOVER, RESUME, ROLLBACK, interrupted, is_settled, run};

const SCHEDULER: &str = "/etc/kubernetes/scheduler.conf";

/// The run had not come to the file, so going back does nothing about it; that it is not as before is said.
#[test]
fn a_file_that_vanished_before_the_run_came_to_it_is_named_on_the_way_back() {
    if !is_possible() {
        return;
    }
    let original = Tree::read(Node::materialize(NODE).path());
    let node = interrupted(6);
    node.shell("rm etc/kubernetes/scheduler.conf");
    let told = run(&node, &ROLLBACK, 1);
    assert!(told.stdout.contains("Left to you"), "{told:?}");
    let words = format!(
        "scheduler.conf: {SCHEDULER} is not as it was before the run, which has not made it so: found nothing"
    );
    assert!(told.stdout.contains(&words), "{told:?}");
    let lines = told.stdout.lines();
    let mut commands = lines.filter_map(|line| line.split_once("to have the old one back: "));
    let (_, command) = commands.next().unwrap();
    assert_eq!(outcome(&records(&node)), "rolled-back");
    assert_eq!(count(&records(&node), "left"), 1);
    let now = Tree::read(node.path()).without_state().timeless();
    assert_eq!(original.timeless().differences(&now), [SCHEDULER]);
    is_settled(&node);
    // What is said to do does it.
    node.shell(command);
    let now = Tree::read(node.path()).without_state().timeless();
    assert_eq!(original.timeless().differences(&now), Vec::<String>::new());
}

/// The same of a file that an attempt had brought back, before the next one came.
#[test]
fn a_file_that_was_changed_after_it_was_brought_back_is_named() {
    if !is_possible() {
        return;
    }
    let node = interrupted(6);
    let stop = "renameat:signal=SIGTERM:when=2";
    inject(node.path(), &ROLLBACK, &[stop]).expect(5);
    let back = records(&node);
    let back = back
        .iter()
        .find(|record| record["event"]["kind"] == "rolled-back")
        .unwrap();
    let number = usize::try_from(back["event"]["change"].as_u64().unwrap()).unwrap();
    let all = records(&node);
    let commit = all
        .iter()
        .find(|record| record["event"]["kind"] == "commit")
        .unwrap();
    let target = commit["event"]["changes"][number]["target"]
        .as_str()
        .unwrap();
    node.write(target, "a stranger's");
    let told = run(&node, &ROLLBACK, 1);
    assert!(
        told.stdout
            .contains(&format!("{target} is not as it was before the run")),
        "{told:?}"
    );
    is_settled(&node);
}

/// A recovery that fails and goes back by itself says so too.
#[test]
fn a_file_that_vanished_is_named_where_a_recovery_undoes_itself() {
    if !is_possible() {
        return;
    }
    let node = Node::materialize(NODE);
    let held = Held::after(node.path(), &RECOVER, "renameat", 3);
    node.shell(
        "cd etc/kubernetes; echo >>pki/apiserver-kubelet-client.crt; rm scheduler.conf pki/etcd/server.crt",
    );
    let told = held.go_on().expect(4);
    // That one stopped it, as the error says.
    assert!(!told.stderr.contains("warning: apiserver"), "{told:?}");
    for path in [SCHEDULER, "/etc/kubernetes/pki/etcd/server.crt"] {
        let words = format!(
            ": {path} is not as it was before the run, which has not made it so: found nothing"
        );
        let mut lines = told.stderr.lines();
        let is_told = lines.any(|line| line.starts_with("warning: ") && line.ends_with(&words));
        assert!(is_told, "{told:?}");
    }
    is_settled(&node);
}

/// Five files are the new ones, and none could be brought back: that is what every verb says.
#[test]
fn a_file_whose_undoing_failed_counts_as_replaced() {
    if !is_possible() {
        return;
    }
    let before = Tree::read(Node::materialize(NODE).path());
    for (when, left) in [("6+", 5), ("6..7", 1)] {
        let node = Node::materialize(NODE);
        fail(node.path(), &RECOVER, "EIO", "renameat", when).expect(5);
        let now = Tree::read(node.path()).without_state().without_staged();
        let changed = before.timeless().differences(&now.timeless());
        assert_eq!(changed.len(), left, "{changed:?}");
        let check = run(&node, &["check"], 1);
        let words = format!("on its way back, with {left} of 14 files still replaced.");
        assert!(check.stdout.contains(&words), "{check:?}");
        let list = run(&node, &["journal", "list"], 0);
        assert!(list.stdout.contains(&format!("{left} of 14")), "{list:?}");
        let verified = run(&node, &["journal", "verify"], 5);
        assert!(
            verified.stdout.contains(&format!(": {left} changed,")),
            "{verified:?}"
        );
        run(&node, &ROLLBACK, 0);
        is_settled(&node);
    }
}

/// Whoever is asked may say yes and have it: what stands in the way is said before, and `check` says it too.
#[test]
fn nobody_is_asked_what_will_be_refused() {
    if !is_possible() {
        return;
    }
    let node = interrupted(6);
    node.write("/etc/kubernetes/admin.conf", "a stranger's");
    let before = Tree::read(node.path());
    for verb in ["resume", "rollback"] {
        let told = Terminal::start(node.path(), &[verb]).end().expect(3);
        assert_eq!(told.stdout, "", "{told:?}");
        assert!(told.stderr.contains("refused (foreign-change)"), "{told:?}");
        let check = run(&node, &["check"], 1);
        assert!(
            check.stdout.contains(&format!(
                "As it is, {verb} is refused (foreign-change: admin.conf: "
            )),
            "{check:?}"
        );
    }
    assert_eq!(Tree::read(node.path()), before);
    node.shell("cp -a var/lib/rekindle/backups/*/etc/kubernetes/admin.conf etc/kubernetes/");
    let check = run(&node, &["check"], 1);
    assert!(check.stdout.contains("As it is, resume"), "{check:?}");
    assert!(!check.stdout.contains("As it is, rollback"), "{check:?}");
    run(&node, &RESUME, 3);
    run(&node, &ROLLBACK, 0);
    is_settled(&node);
}
