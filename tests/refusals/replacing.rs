//! What keeps a file from being replaced, though its folder can be written. Only `recover` looks for it, and it does so
//! before the first byte.

use std::path::Path;
use std::process::Command;

use super::machine::numberless;
use super::situation::{NODE, Situation, compare, keeps_secrets};
use crate::support::namespace;
use crate::support::node::Node;
use crate::support::program::{Run, command, rekindle};
use crate::support::tree::Tree;

#[test]
fn an_immutable_file() {
    held("immutable", "chattr +i etc/kubernetes/pki/apiserver.crt");
}

#[test]
fn an_immutable_folder() {
    held("immutable.folder", "chattr +i etc/kubernetes/pki/etcd");
}

#[test]
fn a_file_that_may_only_grow() {
    held(
        "immutable.append-only",
        "chattr +a etc/kubernetes/admin.conf",
    );
}

/// A manifest is not replaced, and one that cannot be touched is worth a warning.
#[test]
fn an_immutable_manifest_stands_in_nobodys_way() {
    let node = Node::materialize(NODE);
    let Some(_held) = Held::by(&node, "chattr +i etc/kubernetes/manifests/etcd.yaml") else {
        return;
    };
    let run = rekindle(node.path(), &["recover", "--yes"]).expect(1);
    assert!(run.stdout.contains("warning: touch"), "{}", run.stdout);
    rekindle(node.path(), &["check"]).expect(0);
}

#[test]
fn a_file_on_which_another_is_mounted() {
    let Situation { node, .. } = Situation::new("mount-point");
    let script = r#"file="$1/etc/kubernetes/pki/apiserver.crt"; mount --bind "$file" "$file"
        exec env -i "$0" --root "$1" recover --yes"#;
    let before = Tree::read(node.path());
    let Some(run) = namespace::run(script, node.path()) else {
        println!("skipped: a mount namespace is not permitted here");
        return;
    };
    let run = run.expect(3);
    keeps_secrets(&run);
    compare("mount-point", &run.stderr, node.path());
    assert_eq!(Tree::read(node.path()), before);
    // As the hint says, which is two commands.
    let (_, hint) = run.stderr.split_once("take it off: ").unwrap();
    let commands = hint.lines().next().unwrap();
    let script = script.replace("exec", &format!("{commands}\n        exec"));
    namespace::run(&script, node.path()).unwrap().expect(0);
    rekindle(node.path(), &["check"]).expect(0);
}

#[test]
fn a_shell_that_writes_no_large_files() {
    let node = Node::materialize(NODE);
    let before = Tree::read(node.path());
    let recover = command(node.path(), &["recover", "--yes"]);
    let mut limited = Command::new("prlimit");
    limited
        .arg("--fsize=100000")
        .arg(recover.get_program())
        .args(recover.get_args());
    let run = Run::of(limited).expect(3);
    compare("disk-full.limit", &numberless(&run.stderr), node.path());
    assert_eq!(Tree::read(node.path()), before);
}

/// `recover` refuses what the script did; then its hints are followed, and it does not.
fn held(name: &'static str, script: &str) {
    let Situation { node, .. } = Situation::new(name);
    let Some(_held) = Held::by(&node, script) else {
        return;
    };
    let before = Tree::read(node.path());
    let run = rekindle(node.path(), &["recover", "--yes"]).expect(3);
    keeps_secrets(&run);
    compare(name, &run.stderr, node.path());
    assert_eq!(Tree::read(node.path()), before);
    let hints = run
        .stderr
        .lines()
        .filter_map(|line| line.strip_prefix("hint: "));
    for hint in hints {
        node.shell(hint.split_once(": ").unwrap().1);
    }
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    rekindle(node.path(), &["check"]).expect(0);
}

/// Whatever the test comes to, the folder can be removed afterwards.
struct Held<'a>(&'a Path);

impl<'a> Held<'a> {
    /// `None`, with a line that says so, where this user or this file system cannot.
    fn by(node: &'a Node, script: &str) -> Option<Self> {
        let mut shell = Command::new("sh");
        shell.args(["-ec", script]).current_dir(node.path());
        if !shell.output().unwrap().status.success() {
            println!("skipped: chattr is not permitted here");
            return None;
        }
        Some(Self(node.path()))
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut chattr = Command::new("chattr");
        // Links have no attributes, and are complained of.
        let _ = chattr.args(["-f", "-R", "-i", "-a"]).arg(self.0).output();
    }
}
