//! Something is wrong with the machine, the user or the command, and the node is good.

use std::fs;
use std::process::Command;

use nix::unistd::geteuid;

use super::situation::{NODE, Situation, compare, keeps_secrets};
use crate::support::interruption::{fail, is_possible, wait_for};
use crate::support::namespace;
use crate::support::node::Node;
use crate::support::program::{rekindle, rekindle_as};
use crate::support::terminal::Terminal;
use crate::support::tree::Tree;

#[test]
fn another_rekindle() {
    let node = Node::materialize(NODE);
    let mut asking = Terminal::start(node.path(), &["recover"]);
    asking.wait_for("[e]xplain: ");
    for arguments in [
        &["recover", "--yes"][..],
        &["expire"],
        &["rollback", "--yes"],
    ] {
        let run = rekindle(node.path(), arguments).expect(3);
        compare("another-rekindle", &without_pids(&run.stderr), node.path());
    }
    asking.enter("n\n");
    asking.end().expect(1);
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
}

/// The number of a process is another one each time.
fn without_pids(text: &str) -> String {
    let pid = text.split_once("pid ").unwrap().1;
    let pid: String = pid.chars().take_while(char::is_ascii_digit).collect();
    text.replace(&pid, "[PID]")
}

/// Whoever may read the folder may lock it, and a shared lock is enough to keep others away.
#[test]
fn another_program_has_locked_the_node() {
    let node = Node::materialize(NODE);
    let mut holder = Command::new("setpriv");
    if geteuid().is_root() {
        holder.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    }
    let mut holder = holder
        .args(["--", "flock", "--shared", "--no-fork"])
        .arg(node.file("/etc/kubernetes"))
        .args(["sleep", "60"])
        .spawn()
        .unwrap();
    let run = wait_for(|| {
        let run = rekindle(node.path(), &["rollback", "--yes"]);
        run.stderr.contains("sleep").then_some(run)
    });
    if geteuid().is_root() {
        compare(
            "another-rekindle.program",
            &without_pids(&run.expect(3).stderr),
            node.path(),
        );
    }
    // It is none of ours that works there.
    let check = rekindle(node.path(), &["check"]).expect(1);
    assert!(!check.stdout.contains("Under way"), "{check:?}");
    holder.kill().unwrap();
    holder.wait().unwrap();
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
}

/// The lock falls with the process: no call that could fail gives it back.
#[test]
fn the_kernel_cannot_unlock() {
    if !is_possible() {
        return;
    }
    let node = Node::materialize(NODE);
    for arguments in [
        ["recover", "--yes"],
        ["resume", "--yes"],
        ["rollback", "--yes"],
    ] {
        fail(node.path(), &arguments, "EIO", "flock", "2+").expect(0);
    }
    rekindle(node.path(), &["check"]).expect(0);
}

#[test]
fn no_node() {
    let node = Node::empty();
    for arguments in [&["plan"][..], &["recover", "--yes"]] {
        let run = rekindle(node.path(), arguments).expect(3);
        compare("no-node", &run.stderr, node.path());
    }
    assert_eq!(Tree::read(node.path()).paths().collect::<Vec<_>>(), ["/"]);
}

#[test]
fn no_such_root() {
    let node = Node::empty();
    let root = node.file("/missing");
    for arguments in [&["plan"][..], &["recover", "--yes"]] {
        let run = rekindle(&root, arguments).expect(3);
        compare("cannot-read", &run.stderr, node.path());
    }
}

#[test]
fn a_file_that_this_user_may_not_read() {
    const USER: u32 = 65534;
    if !geteuid().is_root() {
        println!("skipped: only root can become another user");
        return;
    }
    let node = Node::materialize(NODE);
    let program = node.path().with_file_name("rekindle");
    fs::copy(env!("CARGO_BIN_EXE_rekindle"), &program).unwrap();
    node.shell(&format!(
        "chown -h -R {USER}:{USER} .; chown root etc/kubernetes/admin.conf"
    ));
    let run = rekindle_as(&program, USER, node.path(), &["plan"]).expect(3);
    compare("cannot-read.permission", &run.stderr, node.path());
}

/// One cause, however many files: it is said once.
#[test]
fn nothing_that_this_user_may_read() {
    const USER: u32 = 65534;
    if !geteuid().is_root() {
        println!("skipped: only root can become another user");
        return;
    }
    let node = Node::materialize(NODE);
    let program = node.path().with_file_name("rekindle");
    fs::copy(env!("CARGO_BIN_EXE_rekindle"), &program).unwrap();
    node.shell("chmod go= var/lib/kubelet etc/kubernetes/manifests");
    let run = rekindle_as(&program, USER, node.path(), &["plan"]).expect(3);
    compare("cannot-read.everything", &run.stderr, node.path());
    assert!(run.stderr.lines().count() < 10, "{}", run.stderr);
}

#[test]
fn not_root() {
    let node = Node::materialize(NODE);
    // The machine's own root without a node, and this user nobody: never with what is really there.
    let script = "mount -t tmpfs -o mode=755 tmpfs /etc; mount -t tmpfs -o mode=755 tmpfs /mnt; cp \"$0\" /mnt/rekindle
        exec env -i /usr/bin/setpriv --reuid=65534 --regid=65534 --clear-groups /mnt/rekindle plan";
    let Some(run) = namespace::run(script, node.path()) else {
        println!("skipped: a mount namespace is not permitted here");
        return;
    };
    compare("not-root", &run.expect(3).stderr, node.path());
}

/// Somebody opened the folder of the journals that earlier runs left.
#[test]
fn a_journal_for_everybody_to_read() {
    let node = Node::materialize(NODE);
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    node.shell("chmod 755 var/lib/rekindle/journal");
    let before = Tree::read(node.path());
    let again = ["recover", "--yes", "--force", "--validity", "9000h"];
    let run = rekindle(node.path(), &again).expect(3);
    compare("secret-exposed.journal", &run.stderr, node.path());
    assert_eq!(Tree::read(node.path()), before);
    node.shell("chmod go= var/lib/rekindle/journal");
    rekindle(node.path(), &again).expect(0);
}

/// Of the machine's own node nothing is read even: that it is the machine's is enough.
#[test]
fn a_rehearsal_on_the_machine_itself() {
    let node = Node::materialize(NODE);
    let script = "mount -t tmpfs -o mode=755 tmpfs /etc; exec env -i \"$0\" expire --root /";
    let Some(run) = namespace::run(script, node.path()) else {
        println!("skipped: a mount namespace is not permitted here");
        return;
    };
    compare("node-is-live", &run.expect(3).stderr, node.path());
}

#[test]
fn a_full_disk() {
    mounted(
        "disk-full",
        "mkdir \"$1/var/lib/rekindle\"; mount -t tmpfs -o size=64k,mode=700 tmpfs \"$1/var/lib/rekindle\"",
    );
}

#[test]
fn no_inode_left() {
    mounted(
        "disk-full.files",
        "mkdir \"$1/var/lib/rekindle\"; mount -t tmpfs -o nr_inodes=8,mode=700 tmpfs \"$1/var/lib/rekindle\"",
    );
}

#[test]
fn a_disk_that_cannot_be_written() {
    mounted(
        "read-only-file-system",
        "mount --bind \"$1/etc/kubernetes\" \"$1/etc/kubernetes\"; mount -o remount,bind,ro \"$1/etc/kubernetes\"",
    );
}

/// What only shows when it comes to writing: `recover` refuses it, before the first byte.
fn mounted(name: &'static str, mount: &str) {
    let Situation { node, .. } = Situation::new(name);
    let script = format!("{mount}\nexec env -i \"$0\" --root \"$1\" recover --yes");
    let before = Tree::read(node.path());
    let Some(run) = namespace::run(&script, node.path()) else {
        println!("skipped: a mount namespace is not permitted here");
        return;
    };
    let run = run.expect(3);
    keeps_secrets(&run);
    compare(name, &numberless(&run.stderr), node.path());
    // The place to mount on is the test's; nothing lies in it, on the mount or below.
    let after = Tree::read(node.path());
    let differences = before.differences(&after);
    assert!(
        differences.is_empty() || differences == ["/var/lib/rekindle"],
        "{differences:?}"
    );
}

/// Sizes of disks differ from run to run.
pub fn numberless(text: &str) -> String {
    let words: Vec<&str> = text
        .split(' ')
        .map(|word| match word.parse::<u64>() {
            Ok(0) | Err(_) => word,
            Ok(_) => "[NUMBER]",
        })
        .collect();
    words.join(" ")
}
