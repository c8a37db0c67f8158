//! A node in a folder whose name a shell would take apart: each command that is printed can be pasted all the same.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::situation::NODE;
use crate::support::interruption::{is_possible, kill};
use crate::support::node::Node;
use crate::support::program::{Run, binary, rekindle};

const FOLDER: &str = "sp ace/no'de; echo $HOME";

/// A node in such a folder below an empty one.
fn node() -> (Node, PathBuf) {
    let around = Node::empty();
    let root = around.path().join(FOLDER);
    fs::create_dir_all(root.parent().unwrap()).unwrap();
    let node = Node::materialize(NODE);
    let mut copy = Command::new("cp");
    copy.arg("-a").arg(node.path()).arg(&root);
    Run::of(copy).expect(0);
    (around, root)
}

/// Pastes a command, as it was printed, into a shell that knows this program.
#[track_caller]
fn paste(command: &str, code: i32) -> Run {
    let program = binary();
    let mut shell = Command::new("sh");
    shell
        .env_clear()
        .env(
            "PATH",
            format!("{}:/usr/bin:/bin", program.parent().unwrap().display()),
        )
        .args(["-c", command]);
    Run::of(shell).expect(code)
}

/// What stands in a text between two others.
fn between<'a>(text: &'a str, before: &str, behind: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap();
    rest.split_once(behind).unwrap().0
}

#[test]
fn the_commands_of_a_refusal() {
    let (_around, root) = node();
    let exposed = root.join("etc/kubernetes/admin.conf");
    let mode = |path: &Path| {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    };
    fs::set_permissions(
        &exposed,
        std::os::unix::fs::PermissionsExt::from_mode(0o644),
    )
    .unwrap();
    let refused = rekindle(&root, &["plan"]).expect(3);
    paste(between(&refused.stderr, "hint: ", "\n"), 0);
    assert_eq!(mode(&exposed), 0o600);
    // One that passes the path on to a second command.
    let certificate = root.join("etc/kubernetes/pki/apiserver.crt");
    fs::hard_link(&certificate, root.join("other")).unwrap();
    let refused = rekindle(&root, &["plan"]).expect(3);
    paste(between(&refused.stderr, "name: ", "\n"), 0);
    let told = rekindle(&root, &["check"]).expect(1).stdout;
    let plan = between(&told, "What would be done: ", "\n");
    assert!(paste(plan, 0).stdout.contains("re-sign apiserver"));
}

#[test]
fn the_ways_out_of_an_unfinished_run() {
    if !is_possible() {
        return;
    }
    let (_around, root) = node();
    kill(&root, &["recover", "--yes"], "renameat", 6);
    let admin = root.join("etc/kubernetes/admin.conf");
    fs::write(&admin, "somebody else's").unwrap();
    let refused = rekindle(&root, &["resume", "--yes"]).expect(3);
    paste(
        between(&refused.stderr, "old one back: ", ", then go back"),
        0,
    );
    let back = between(&refused.stderr, "then go back: ", "\n");
    paste(&format!("{back} --yes"), 0);
    rekindle(&root, &["recover", "--yes"]).expect(0);
    rekindle(&root, &["check"]).expect(0);
}
