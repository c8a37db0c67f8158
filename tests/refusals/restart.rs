//! A restart that was asked for and is not possible: nothing is begun.

use std::path::Path;

use super::machine::numberless;
use super::situation::{NODE, compare};
use crate::support::namespace::{self, MACHINE};
use crate::support::node::Node;
use crate::support::program::rekindle;
use crate::support::tree::Tree;

const VERBS: [&str; 2] = ["plan", "recover --yes"];

#[test]
fn of_a_node_in_a_folder() {
    let node = Node::materialize(NODE);
    let before = Tree::read(node.path());
    for choice in ["all", "stale", "stamp", "move"] {
        for verb in [&["plan"][..], &["recover", "--yes"]] {
            let run = rekindle(node.path(), &[verb, &["--restart", choice]].concat()).expect(3);
            let stderr = run.stderr.replace(choice, "[CHOICE]");
            compare("restart-elsewhere", &stderr, node.path());
        }
    }
    assert_eq!(Tree::read(node.path()), before);
    // What the hint names is possible.
    rekindle(node.path(), &["recover", "--yes", "--restart", "touch"]).expect(0);
}

#[test]
fn by_nobody() {
    on_the_machine("no-service-manager", "", "--restart all");
    // Of its own accord it does what is possible, and says what is not.
    let node = Node::materialize(NODE);
    let script = format!("{MACHINE}\nexec env -i \"$0\" plan");
    if let Some(run) = namespace::run(&script, node.path()) {
        let run = run.expect(0);
        let said = "As it is, nothing can be restarted: systemd does not run this machine";
        assert!(run.stdout.contains(said), "{}", run.stdout);
    }
}

#[test]
fn by_a_kubelet_that_does_not_run() {
    on_the_machine("kubelet-not-running", "", "--restart stamp");
}

/// A kubelet that does nothing is enough to be asked for one.
#[test]
fn by_an_annotation_for_which_there_is_no_line() {
    let node = Node::materialize(NODE);
    let manifest = "/etc/kubernetes/manifests/kube-scheduler.yaml";
    node.edit(manifest, |pod| {
        pod.replace(
            "metadata:\n",
            "metadata: {name: kube-scheduler}\nignored:\n",
        )
    });
    let kubelet = "bash -c 'exec -a kubelet sleep 60' & sleep 0.2";
    on_the_machine_of(&node, "manifest-not-editable", kubelet, "--restart stamp");
}

#[test]
fn of_a_unit_that_is_not_there() {
    systemd_says(
        "kubelet-service-unusable",
        "echo ActiveState=inactive; echo LoadState=not-found",
    );
}

#[test]
fn of_a_unit_that_is_masked() {
    systemd_says(
        "kubelet-service-unusable.masked",
        "echo ActiveState=inactive; echo LoadState=masked",
    );
}

#[test]
fn by_a_systemd_that_does_not_answer() {
    systemd_says(
        "kubelet-service-unusable.silent",
        "echo Failed to connect to bus: No such file or directory >&2; exit 1",
    );
}

#[test]
fn with_a_copy_for_which_there_is_no_room() {
    on_the_machine(
        "etcd-copy-impossible",
        "mkdir -m 700 /var/lib/rekindle; mount -t tmpfs -o size=1m,mode=700 tmpfs /var/lib/rekindle
         mkdir -m 700 /var/lib/etcd; head -c 5000000 /dev/zero >/var/lib/etcd/db",
        "--etcd-copy always --restart all --kubelet-stop false --kubelet-start false",
    );
}

#[test]
fn with_a_copy_of_what_is_not_stopped() {
    in_a_folder("etcd-copy-impossible.running", NODE);
}

#[test]
fn with_a_copy_of_what_is_elsewhere() {
    in_a_folder("etcd-copy-impossible.external", "rsa3072-external-etcd");
}

fn in_a_folder(name: &str, node: &str) {
    let node = Node::materialize(node);
    let before = Tree::read(node.path());
    for verb in [&["plan"][..], &["recover", "--yes"]] {
        let run = rekindle(node.path(), &[verb, &["--etcd-copy", "always"]].concat()).expect(3);
        compare(name, &run.stderr, node.path());
    }
    assert_eq!(Tree::read(node.path()), before);
}

/// A systemd whose `systemctl` does no more than `script`.
fn systemd_says(name: &str, script: &str) {
    if !Path::new("/usr/bin/systemctl").exists() {
        println!("skipped: there is no systemctl here in whose place another could be put");
        return;
    }
    let systemd = format!(
        "mkdir -p /run/systemd/system; mount -t tmpfs -o mode=755 tmpfs /mnt
         printf '#!/bin/sh\\n%s\\n' '{script}' >/mnt/systemctl; chmod 755 /mnt/systemctl
         mount --bind /mnt/systemctl /usr/bin/systemctl"
    );
    on_the_machine(name, &systemd, "--restart all");
}

/// On the machine's own root, as `setting` makes it, what `arguments` ask for is refused, and nothing is changed.
fn on_the_machine(name: &str, setting: &str, arguments: &str) {
    on_the_machine_of(&Node::materialize(NODE), name, setting, arguments);
}

fn on_the_machine_of(node: &Node, name: &str, setting: &str, arguments: &str) {
    let before = Tree::read(node.path());
    for verb in VERBS {
        let script = format!("{MACHINE}\n{setting}\nexec env -i \"$0\" {verb} {arguments}");
        let Some(run) = namespace::run(&script, node.path()) else {
            println!("skipped: a mount namespace is not permitted here");
            return;
        };
        compare(name, &numberless(&run.expect(3).stderr), node.path());
    }
    assert_eq!(Tree::read(node.path()), before);
}

/// Ctrl-C right after the kubelet was stopped: nothing says more plainly what is to be done.
#[test]
fn of_a_kubelet_that_an_interrupted_run_has_stopped() {
    let node = Node::materialize(NODE);
    node.shell("mkdir -m 700 var/lib/rekindle");
    let on_the_machine = |arguments: &str| {
        let script = format!("{MACHINE}\nenv -i \"$0\" {arguments}");
        namespace::run(&script, node.path())
    };
    let start = "--kubelet-start 'touch /etc/kubernetes/started'";
    let stop = "--kubelet-stop 'kill -INT $PPID'";
    let Some(run) = on_the_machine(&format!("recover --yes {stop} {start}")) else {
        println!("skipped: a mount namespace is not permitted here");
        return;
    };
    let stopped = "It has stopped kubelet.service; resume and rollback start it again, with --kubelet-stop 'kill -INT $PPID' --kubelet-start 'touch /etc/kubernetes/started'.";
    let run = run.expect(5);
    assert!(run.stderr.contains(stopped), "{}", run.stderr);
    let checked = on_the_machine("check").unwrap().expect(1);
    assert!(checked.stdout.contains(stopped), "{}", checked.stdout);
    let before = Tree::read(node.path());
    for verb in ["resume", "rollback"] {
        let run = on_the_machine(&format!("{verb} --yes")).unwrap().expect(3);
        compare("no-service-manager.taken-up", &run.stderr, node.path());
    }
    assert_eq!(Tree::read(node.path()), before);
    // Whatever is restarted, the kubelet is started; nothing runs here that could be proven.
    let resume = format!("resume --yes --restart none --kubelet-stop true {start}");
    let run = on_the_machine(&resume).unwrap().expect(7);
    assert!(node.file("/etc/kubernetes/started").exists());
    assert!(
        run.stdout.contains("no process was restarted"),
        "{}",
        run.stdout
    );
    rekindle(node.path(), &["check"]).expect(0);
    rekindle(node.path(), &["journal", "verify"]).expect(0);
}

/// A rescue system has no kubelet to start: the node's own starts when it boots.
#[test]
fn of_no_kubelet_where_the_node_became_a_folder() {
    let node = Node::materialize(NODE);
    node.shell("mkdir -m 700 var/lib/rekindle");
    let script = format!(
        "{MACHINE}\nenv -i \"$0\" recover --yes --kubelet-stop 'kill -INT $PPID' --kubelet-start true"
    );
    let Some(run) = namespace::run(&script, node.path()) else {
        println!("skipped: a mount namespace is not permitted here");
        return;
    };
    run.expect(5);
    rekindle(node.path(), &["resume", "--yes"]).expect(0);
    rekindle(node.path(), &["check"]).expect(0);
}

/// The shell of a container with the machine's `/proc`: whatever runs has other numbers there.
#[test]
fn of_processes_that_cannot_be_seen() {
    let node = Node::materialize(NODE);
    let before = Tree::read(node.path());
    let restart = "--restart all --kubelet-stop false --kubelet-start false";
    for verb in VERBS {
        let script = format!("{MACHINE}\nexec unshare --pid --fork env -i \"$0\" {verb} {restart}");
        let Some(run) = namespace::run(&script, node.path()) else {
            return;
        };
        compare("processes-hidden", &run.expect(3).stderr, node.path());
        assert_eq!(Tree::read(node.path()), before);
    }
}
