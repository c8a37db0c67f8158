//! What an interrupted run needs to go on, or to go back, is not there any more.

use super::situation::{NODE, compare};
use super::taken_up::{follow, going_back, interrupted, is_settled, refuses, ways_out};
use crate::support::interruption::{calls, inject, is_possible};
use crate::support::node::Node;
use crate::support::program::rekindle;
use crate::support::tree::Tree;

/// Each command of the hint ends the run with the code of the same place, or leads to where that command does.
fn judge(node: &Node, arguments: &[&str], name: &str, codes: &[i32]) {
    for (way, code) in codes.iter().enumerate() {
        let node = node.copy();
        let run = refuses(&node, arguments, name);
        let ways = ways_out(&run);
        assert_eq!(ways.len(), codes.len(), "{run:?}");
        follow(&node, &ways[way], *code);
        is_settled(&node);
        rekindle(node.path(), &["recover", "--yes"]).expect(0);
        rekindle(node.path(), &["check"]).expect(0);
    }
}

#[test]
fn a_new_file_that_was_removed() {
    if !is_possible() {
        return;
    }
    let node = interrupted(6);
    node.shell("rm etc/kubernetes/pki/etcd/.rekindle-*-peer.crt");
    judge(&node, &["resume", "--yes"], "staged-file-lost", &[0, 1]);
}

#[test]
fn a_new_file_that_was_damaged() {
    if !is_possible() {
        return;
    }
    let node = interrupted(6);
    node.shell("echo >>$(echo etc/kubernetes/pki/etcd/.rekindle-*-peer.crt)");
    judge(&node, &["resume", "--yes"], "staged-file-lost", &[0, 1]);
}

#[test]
fn a_copy_of_an_old_file_that_was_removed() {
    if !is_possible() {
        return;
    }
    let node = interrupted(6);
    node.shell("rm var/lib/rekindle/backups/*/etc/kubernetes/admin.conf");
    judge(&node, &["rollback", "--yes"], "backup-lost", &[0, 1]);
}

#[test]
fn a_copy_of_an_old_file_that_was_damaged() {
    if !is_possible() {
        return;
    }
    let node = interrupted(6);
    node.shell("echo >>$(echo var/lib/rekindle/backups/*/etc/kubernetes/admin.conf)");
    judge(
        &node,
        &["rollback", "--yes"],
        "backup-lost.damaged",
        &[0, 1],
    );
}

/// There is no way forward any more: without the one that is left the run could never end.
#[test]
fn a_copy_that_was_lost_on_the_way_back() {
    if !is_possible() {
        return;
    }
    let node = going_back();
    node.shell("rm var/lib/rekindle/backups/*/etc/kubernetes/admin.conf");
    judge(
        &node,
        &["rollback", "--yes"],
        "backup-lost.going-back",
        &[1],
    );
}

#[test]
fn the_file_that_the_old_link_led_to() {
    if !is_possible() {
        return;
    }
    let node = interrupted(13);
    node.shell("rm var/lib/kubelet/pki/kubelet-client-2025*.pem");
    judge(&node, &["rollback", "--yes"], "backup-lost.link", &[0, 1]);
}

/// What the disk does not show may be the old one, the new one or a stranger's.
#[test]
fn a_file_that_cannot_be_looked_at() {
    if !is_possible() {
        return;
    }
    let interrupted = interrupted(6);
    let links = ["readlinkat"];
    for verb in ["resume", "rollback"] {
        let node = interrupted.copy();
        let arguments = [verb, "--yes"];
        let order = calls(node.copy().path(), &arguments, &[], &links);
        let admin = |call: &String| call.contains("\"admin.conf\"");
        let number = order.iter().position(admin).unwrap() + 1;
        let fault = format!("readlinkat:error=EIO:when={number}");
        let before = Tree::read(node.path());
        let run = inject(node.path(), &arguments, &[&fault]).expect(3);
        compare(&format!("cannot-read.{verb}"), &run.stderr, node.path());
        assert_eq!(Tree::read(node.path()), before);
        assert_eq!(ways_out(&run).len(), 2, "{run:?}");
        // It was for this once.
        follow(&node, ways_out(&run).last().unwrap(), 0);
        is_settled(&node);
    }
}

/// Of a run that came to its end: somebody pruned the backups.
#[test]
fn the_backup_of_an_ended_run() {
    let node = Node::materialize(NODE);
    rekindle(node.path(), &["recover", "--yes", "--only", "admin.conf"]).expect(0);
    rekindle(node.path(), &["backups", "prune", "--keep", "0", "--yes"]).expect(0);
    let run = latest_run(&node);
    let refused = refuses(&node, &["rollback", &run, "--yes"], "backup-lost.ended");
    let ways = ways_out(&refused);
    assert_eq!(ways.len(), 1, "{refused:?}");
    let told = follow(&node, &ways[0], 1);
    assert!(told.stdout.contains("nothing to roll back"), "{told:?}");
    assert!(told.stdout.contains("Left to you"), "{told:?}");
}

/// A later run of this program replaced the files: that is nobody else, and nothing that was lost.
#[test]
fn a_later_run_is_to_be_taken_back_first() {
    let node = Node::materialize(NODE);
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    let behind = Tree::read(node.path()).without_state().timeless();
    let first = latest_run(&node);
    let again = ["recover", "--yes", "--force", "--validity", "9000h"];
    rekindle(
        node.path(),
        &[&again[..], &["--only", "admin.conf,kubelet.conf"]].concat(),
    )
    .expect(0);
    let refused = refuses(&node, &["rollback", &first, "--yes"], "later-run");
    let ways = ways_out(&refused);
    assert_eq!(ways.len(), 2, "{refused:?}");

    let skipping = node.copy();
    let told = refuses(&skipping, &["rollback", &first, "--yes"], "later-run");
    follow(&skipping, &ways_out(&told)[1], 1);
    is_settled(&skipping);

    follow(&node, &ways[0], 0);
    let now = Tree::read(node.path()).without_state().timeless();
    // The kubelet's newer file, to which nothing leads.
    assert_eq!(behind.differences(&now).len(), 1);
    rekindle(node.path(), &["rollback", &first, "--yes"]).expect(0);
    is_settled(&node);
}

/// A hint that names a folder which was pruned leads nowhere.
#[test]
fn a_copy_that_was_pruned_is_not_named_as_a_way() {
    let node = Node::materialize(NODE);
    rekindle(node.path(), &["recover", "--yes", "--only", "admin.conf"]).expect(0);
    rekindle(node.path(), &["backups", "prune", "--keep", "0", "--yes"]).expect(0);
    node.write("/etc/kubernetes/admin.conf", "a stranger's");
    let run = latest_run(&node);
    let refused = refuses(&node, &["rollback", &run, "--yes"], "foreign-change.pruned");
    assert!(!refused.stderr.contains("cp -a"), "{refused:?}");
}

fn latest_run(node: &Node) -> String {
    let list = rekindle(node.path(), &["journal", "list"]).expect(0).stdout;
    let line = list.lines().last().unwrap();
    line.split(' ').next().unwrap().to_owned()
}
