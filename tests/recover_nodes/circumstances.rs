//! Who runs it, where, and what happens around it.

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::Stdio;

use nix::fcntl::{Flock, FlockArg};

use crate::support::namespace::{self, MACHINE};
use crate::support::node::Node;
use crate::support::program::{Run, command, rekindle, rekindle_as};
use crate::support::tree::Tree;

const NODE: &str = "ecdsa-p256-stacked";
/// nobody, and somebody who is not even that.
const USER: u32 = 65534;
const OTHER: u32 = 4321;

#[test]
fn in_a_folder_of_ones_own_nobody_need_be_root() {
    let Some(stage) = Stage::set(USER) else {
        return;
    };
    stage.run(&["recover", "--yes"]).expect(0);
    stage.run(&["check"]).expect(0);
    stage.run(&["journal", "verify"]).expect(0);
    let tree = Tree::read(stage.node.path());
    for path in tree.paths() {
        assert_eq!(tree.entry(path).owner, (USER, USER), "{path}");
    }
}

#[test]
fn a_folder_of_somebody_else_is_refused() {
    let Some(stage) = Stage::set(OTHER) else {
        return;
    };
    let before = Tree::read(stage.node.path());
    let run = stage.run(&["recover", "--yes"]).expect(3);
    assert!(run.stderr.contains("belongs to uid 4321"), "{}", run.stderr);
    // Not root's either: its owner could exchange files under root's hands.
    let run = rekindle(stage.node.path(), &["recover", "--yes"]).expect(3);
    assert!(run.stderr.contains("belongs to uid 4321"), "{}", run.stderr);
    assert_eq!(Tree::read(stage.node.path()), before);
}

#[test]
fn a_folder_of_root_is_refused_to_others() {
    let Some(stage) = Stage::set(0) else {
        return;
    };
    let before = Tree::read(stage.node.path());
    let run = stage.run(&["recover", "--yes"]).expect(3);
    assert!(run.stderr.contains("permission denied"), "{}", run.stderr);
    assert_eq!(Tree::read(stage.node.path()), before);
}

#[test]
fn a_run_that_lacked_only_its_last_checkpoint_is_over_when_resume_brought_it() {
    let node = Node::materialize(NODE);
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    node.shell("sed -i '$d' var/lib/rekindle/journal/*.jsonl");
    rekindle(node.path(), &["recover", "--yes"]).expect(3);
    rekindle(node.path(), &["resume", "--yes"]).expect(0);
    rekindle(node.path(), &["journal", "verify"]).expect(0);
    rekindle(node.path(), &["resume", "--yes"]).expect(0);
    rekindle(node.path(), &["check"]).expect(0);
    // For longer: within the same second there would be nothing to gain.
    let again = ["recover", "--yes", "--force", "--validity", "9000h"];
    rekindle(node.path(), &again).expect(0);
}

#[test]
fn on_the_machine_itself_files_are_repaired_and_nothing_is_claimed_about_processes() {
    let node = Node::materialize(NODE);
    let script = format!("{MACHINE}\nexec env -i \"$0\" recover --yes --reason test");
    let Some(run) = namespace::run(&script, node.path()) else {
        println!("skipped: a mount namespace is not permitted here");
        return;
    };
    let run = run.expect(7);
    for said in [
        "The files are replaced; nothing can be restarted: systemd does not run this machine",
        "Next: rekindle recover --kubelet-stop COMMAND --kubelet-start COMMAND; by hand: rekindle runbook full-expiry#by-hand",
    ] {
        assert!(run.stdout.contains(said), "{}", run.stdout);
    }
    assert!(
        run.stdout.contains("Journal   /var/lib/rekindle/journal/"),
        "{}",
        run.stdout
    );
    assert_eq!(run.stderr, "");
    rekindle(node.path(), &["check"]).expect(0);
}

#[test]
fn on_the_machine_itself_only_root_may() {
    let node = Node::materialize(NODE);
    let before = Tree::read(node.path());
    for verb in ["check", "plan", "recover --yes", "journal verify"] {
        let script = format!(
            "{MACHINE}\nmount -t tmpfs -o mode=755 tmpfs /mnt; cp \"$0\" /mnt/rekindle\n\
             exec env -i /usr/bin/setpriv --reuid=65534 --regid=65534 --clear-groups /mnt/rekindle {verb}"
        );
        let Some(run) = namespace::run(&script, node.path()) else {
            println!("skipped: a mount namespace is not permitted here");
            return;
        };
        if verb == "journal verify" {
            run.expect(2);
            continue;
        }
        let run = run.expect(3);
        assert!(
            run.stderr.contains("refused (not-root)"),
            "{verb}: {}",
            run.stderr
        );
    }
    assert_eq!(Tree::read(node.path()), before);
}

#[test]
fn two_at_once_are_one_too_many() {
    let node = Node::materialize(NODE);
    let before = Tree::read(node.path());
    let folder = fs::File::open(node.file("/etc/kubernetes")).unwrap();
    let lock = Flock::lock(folder, FlockArg::LockExclusiveNonblock).unwrap();
    let run = rekindle(node.path(), &["recover", "--yes"]).expect(3);
    let named = format!("pid {})", std::process::id());
    assert!(
        run.stderr.contains("refused (another-rekindle)"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains(&named), "{}", run.stderr);
    // Who only looks need not wait.
    rekindle(node.path(), &["check"]).expect(1);
    rekindle(node.path(), &["plan"]).expect(0);
    assert_eq!(Tree::read(node.path()), before);
    drop(lock);
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
}

#[test]
fn a_reader_that_goes_away_does_no_harm() {
    let node = Node::materialize(NODE);
    for arguments in [
        &["check"][..],
        &["plan"],
        &["plan", "-o", "json"],
        &["recover", "--yes"],
    ] {
        let mut child = command(node.path(), arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut stderr)
            .unwrap();
        let status = child.wait().unwrap();
        assert!(status.code().is_some(), "{arguments:?} ended by {status}");
        if arguments == ["recover", "--yes"] {
            assert_eq!(status.code(), Some(0));
            assert!(stderr.contains(".checkpoint"), "{stderr}");
        } else {
            assert_eq!(stderr, "", "{arguments:?}");
        }
    }
    rekindle(node.path(), &["check"]).expect(0);
    rekindle(node.path(), &["journal", "verify"]).expect(0);
}

#[test]
fn closed_standard_streams_are_not_taken_for_files() {
    let node = Node::materialize(NODE);
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", "exec \"$0\" --root \"$1\" recover --yes <&- >&- 2>&-"])
        .arg(env!("CARGO_BIN_EXE_rekindle"))
        .arg(node.path());
    Run::of(shell).expect(0);
    rekindle(node.path(), &["check"]).expect(0);
    rekindle(node.path(), &["journal", "verify"]).expect(0);
}

/// Files with the names that the kubelet's new one may get in so many seconds.
fn take_names(node: &Node, seconds: u32) {
    node.shell(&format!(
        "umask 077; seq 0 {seconds} | sed 's/.*/now + & seconds/' | date -u -f - +%Y-%m-%d-%H-%M-%S |
         while read date; do echo foreign >var/lib/kubelet/pki/kubelet-client-$date.pem; done"
    ));
}

/// So that a recovery may follow a rolled-back one within a second: its file has no link that leads there any more.
#[test]
fn a_name_that_is_taken_is_passed_over() {
    let node = Node::materialize(NODE);
    take_names(&node, 60);
    let before = Tree::read(node.path());
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    rekindle(node.path(), &["check"]).expect(0);
    let after = Tree::read(node.path());
    for path in before
        .paths()
        .filter(|path| path.contains("/kubelet-client-20"))
    {
        assert_eq!(before.entry(path), after.entry(path), "{path}");
    }
}

#[test]
fn what_somebody_else_put_in_the_way_stays_and_all_the_rest_is_undone() {
    let node = Node::materialize(NODE);
    // More than are looked at.
    take_names(&node, 720);
    let before = Tree::read(node.path());
    let run = rekindle(node.path(), &["recover", "--yes"]).expect(4);
    assert!(
        run.stderr.contains("everything is as it was before"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("changed by somebody else"),
        "{}",
        run.stderr
    );
    // A file that was exchanged and brought back is a new one, of another time.
    let after = Tree::read(node.path()).without_state().timeless();
    assert_eq!(before.timeless().differences(&after), Vec::<String>::new());
    let verified = rekindle(node.path(), &["journal", "verify"]).expect(0);
    assert!(verified.stdout.contains(" undone"), "{}", verified.stdout);
}

/// A node and the program where another user can reach them.
struct Stage {
    node: Node,
    program: PathBuf,
}

impl Stage {
    /// The node belongs to `owner`. `None`, with a line that says so, where this user cannot become another.
    fn set(owner: u32) -> Option<Self> {
        if !nix::unistd::geteuid().is_root() {
            println!("skipped: only root can become another user");
            return None;
        }
        let node = Node::materialize(NODE);
        let program = node.path().with_file_name("rekindle");
        fs::copy(env!("CARGO_BIN_EXE_rekindle"), &program).unwrap();
        node.shell(&format!("chown -R -h {owner}:{owner} ."));
        Some(Self { node, program })
    }

    /// Runs it as nobody.
    fn run(&self, arguments: &[&str]) -> Run {
        rekindle_as(&self.program, USER, self.node.path(), arguments)
    }
}

/// `setfacl -d -m u:1000:r` on a folder: each file that is created in it is given an ACL, which the files that were there
/// before do not have.
#[test]
fn a_default_acl_of_a_folder_does_not_pass_to_a_replaced_file() {
    /// acl(5), as the kernel takes it: version 2; tag, permissions, id.
    const ENTRIES: [(u16, u16, u32); 5] = [
        (0x01, 7, u32::MAX),
        (0x02, 4, 1000),
        (0x04, 5, u32::MAX),
        (0x10, 7, u32::MAX),
        (0x20, 5, u32::MAX),
    ];
    let mut acl = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in ENTRIES {
        acl.extend([tag.to_le_bytes(), permissions.to_le_bytes()].concat());
        acl.extend(id.to_le_bytes());
    }
    let node = Node::materialize(NODE);
    let folders = [
        "/etc/kubernetes",
        "/etc/kubernetes/pki",
        "/etc/kubernetes/pki/etcd",
        "/var/lib",
        "/var/lib/kubelet/pki",
    ];
    for folder in folders {
        if xattr::set(node.file(folder), "system.posix_acl_default", &acl).is_err() {
            println!("skipped: this file system has no ACLs");
            return;
        }
    }
    let acls = |node: &Node| {
        let tree = Tree::read(node.path());
        let paths = tree.paths().map(|path| node.file(path));
        let has_acl = |path: &PathBuf| {
            !path.is_symlink()
                && path.is_file()
                && xattr::get(path, "system.posix_acl_access")
                    .unwrap()
                    .is_some()
        };
        paths.filter(has_acl).collect::<Vec<_>>()
    };
    let before = Tree::read(node.path());
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    let own = |path: &PathBuf| {
        let path = path.to_str().unwrap();
        path.contains("/var/lib/rekindle/journal/")
    };
    let mut with_acl = acls(&node);
    with_acl.retain(|path| !own(path));
    assert_eq!(with_acl, Vec::<PathBuf>::new());
    let run = fs::read_dir(node.file("/var/lib/rekindle/backups")).unwrap();
    let run = run.last().unwrap().unwrap().file_name();
    rekindle(node.path(), &["rollback", run.to_str().unwrap(), "--yes"]).expect(0);
    let after = Tree::read(node.path()).without_state().timeless();
    let differences = before.timeless().differences(&after);
    let expected = |path: &String| path.contains("/kubelet-client-20");
    assert!(differences.iter().all(expected), "{differences:?}");
}
