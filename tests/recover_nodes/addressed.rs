//! What is said of a node in a folder names that folder in each command that is for it: pasted without, it would be about the
//! machine on which it is typed.

use std::path::Path;

use crate::support::node::Node;
use crate::support::program::{Run, rekindle};
use crate::support::worker::{Cluster, MACHINE_ID, WORKER};

const NODE: &str = "ecdsa-p256-stacked";
/// What is meant for another machine, or for none.
const ELSEWHERE: [&str; 8] = [
    "runbook ",
    "--help",
    // Which program wrote a journal.
    "0.",
    "node issue ",
    "csr sign ",
    "journal verify ./",
    "journal show ./",
    // Who holds the lock.
    "works on",
];

/// The commands that do not name the node in `root`.
fn astray(root: &Path, said: &Run) -> Vec<String> {
    let own = format!("--root {}", root.display());
    let mut astray = Vec::new();
    for text in [&said.stdout, &said.stderr] {
        for (at, word) in text.match_indices("rekindle ") {
            let before = text[..at].chars().next_back();
            // `.rekindle` is the end of a file's name.
            if before.is_some_and(|letter| !letter.is_whitespace() && letter != '`') {
                continue;
            }
            let command = &text[at + word.len()..];
            let is_elsewhere = ELSEWHERE.iter().any(|known| command.starts_with(known));
            if !command.starts_with(&own) && !is_elsewhere {
                astray.push(text[at..].lines().next().unwrap_or_default().to_owned());
            }
        }
    }
    astray
}

#[track_caller]
fn is_addressed(root: &Path, arguments: &[&str]) -> Run {
    let said = rekindle(root, arguments);
    let astray = astray(root, &said);
    assert!(astray.is_empty(), "{arguments:?}: {astray:#?}");
    said
}

#[test]
fn each_command_is_for_the_node_in_the_folder() {
    let node = Node::materialize(NODE);
    let root = node.path();
    let folder = root.with_file_name("out");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let out = folder.to_str().unwrap();
    let file = folder.join("jane.conf");
    let file = file.to_str().unwrap();
    let admin = node.file("/etc/kubernetes/admin.conf");
    let admin = admin.to_str().unwrap();
    let whoami = ["whoami", admin];
    let credential = |user| {
        let verb = ["credential", "issue", "--user", user, "--group", "oncall"];
        let rest = ["--reason", "a drill", "--out", file, "--yes"];
        [&verb[..], &rest[..]].concat()
    };
    for said in [
        is_addressed(root, &whoami),
        is_addressed(root, &credential("jane")),
    ] {
        let wanted = format!("rekindle --root {} recover", root.display());
        let text = said.stdout + &said.stderr;
        assert!(text.contains(&wanted), "{text}");
    }
    let csr = ["csr", "export", "--out", out];
    for arguments in [
        &["check"][..],
        &["plan"],
        &["plan", "-o", "json"],
        &["auth"],
        &["auth", "-o", "json"],
        &["tokens", "audit"],
        &["verify", "--timeout", "1s"],
        &["resume", "--yes"],
        &["rollback", "--yes"],
        &["backups", "list"],
        &["journal", "list"],
        &["credential", "list"],
        &["ca", "reissue", "--yes"],
        &csr,
        &credential("system:node:n"),
        &["recover", "--yes"],
        &["recover", "--yes", "--restart", "all"],
        &["check"],
        &["journal", "show"],
        &["journal", "verify"],
    ] {
        is_addressed(root, arguments);
    }
    let run = crate::support::journal::runs(&node).pop().unwrap();
    is_addressed(root, &["rollback", &run, "--yes"]);
}

#[test]
fn a_key_that_is_kept_elsewhere_is_asked_for_from_the_folder() {
    let node = Node::materialize(NODE);
    node.shell("mv etc/kubernetes/pki/front-proxy-ca.key kept.key");
    let out = node.path().with_file_name("out");
    std::fs::create_dir(&out).unwrap();
    let asked = ["csr", "export", "--out", out.to_str().unwrap()];
    let said = is_addressed(node.path(), &asked).expect(0);
    let import = format!("rekindle --root {} csr import ", node.path().display());
    assert!(said.stdout.contains(&import), "{}", said.stdout);
    is_addressed(node.path(), &["check"]);
    is_addressed(node.path(), &["recover", "--yes"]);
}

#[test]
fn a_worker_is_told_what_to_type_with_its_own_name_and_host() {
    let cluster = Cluster::of(NODE);
    let root = cluster.worker.path();
    let issue = format!("rekindle node issue {WORKER}={MACHINE_ID} --out DIR;");
    let install = format!("rekindle --root {} node install FILE", root.display());
    for verb in [&["check"][..], &["plan"], &["recover", "--yes"], &["auth"]] {
        let said = is_addressed(root, verb);
        assert!(said.stderr.contains(&issue), "{}", said.stderr);
        assert!(said.stderr.contains(&install), "{}", said.stderr);
    }
}
