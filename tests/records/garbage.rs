//! A node on which nothing else is in order: every certificate, key, kubeconfig and manifest is garbage, or gone. What looks at
//! journals and backups works all the same, and so do `resume` and `rollback`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rekindle::digest::Sha256Digest;
use serde_json::Value;

use crate::support::node::Node;
use crate::support::tree::{Content, Tree};
use crate::{elsewhere, interrupted, journal, recovered, renew, run, runs, tamper};

/// What is done to a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ruin {
    Garbage,
    Gone,
}

/// Ruins every file of Kubernetes but these.
fn ruin(node: &Node, how: Ruin, but: &[String]) {
    let tree = Tree::read(node.path()).without_state();
    let mut ruined = 0;
    for path in tree.paths() {
        let is_staged = path.contains("/.rekindle-");
        if is_staged || but.iter().any(|spared| spared == path) {
            continue;
        }
        if let Content::File(bytes) = &tree.entry(path).content {
            match how {
                Ruin::Garbage => {
                    let garbage: Vec<u8> = bytes.iter().map(|byte| byte ^ 0x5a).collect();
                    node.write(path, garbage);
                }
                Ruin::Gone => std::fs::remove_file(node.file(path)).unwrap(),
            }
            ruined += 1;
        }
    }
    assert!(ruined > 10, "{ruined} files were ruined");
}

/// The changes that a run committed to, read without this program.
fn changes(node: &Node, name: &str) -> Vec<Value> {
    let bytes = node.read(&journal(name));
    let lines = bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    let commit = lines
        .map(|line| {
            let line: Value = serde_json::from_slice(line).unwrap();
            let payload = STANDARD.decode(line["payload"].as_str().unwrap()).unwrap();
            serde_json::from_slice::<Value>(&payload).unwrap()
        })
        .find(|record| record["event"]["kind"] == "commit")
        .unwrap();
    commit["event"]["changes"].as_array().unwrap().clone()
}

fn targets(changes: &[Value]) -> Vec<String> {
    let targets = changes
        .iter()
        .map(|change| change["target"].as_str().unwrap());
    targets.map(str::to_owned).collect()
}

/// Holds what is at a target against what the journal says of it.
#[track_caller]
fn is_at(tree: &Tree, change: &Value, which: &str) {
    let target = change["target"].as_str().unwrap();
    let found = tree.get(target).map(|entry| &entry.content);
    let state = &change[which];
    match found {
        None => assert!(state.is_null(), "{target} is missing"),
        Some(Content::Link(destination)) => {
            assert_eq!(state["symlink"].as_str(), destination.to_str(), "{target}");
        }
        Some(Content::File(bytes)) => {
            let digest = Sha256Digest::of(bytes).to_string();
            assert_eq!(state["sha256"].as_str(), Some(digest.as_str()), "{target}");
        }
        Some(other) => panic!("{target}: {other:?}"),
    }
}

#[test]
fn what_looks_at_journals_and_backups_needs_nothing_else_of_the_node() {
    for how in [Ruin::Garbage, Ruin::Gone] {
        let node = recovered();
        renew(&node, "apiserver");
        let (_folder, folder) = elsewhere();
        let authority = folder.join("ca.crt");
        std::fs::write(&authority, node.read("/etc/kubernetes/pki/ca.crt")).unwrap();
        let authority = authority.to_str().unwrap();
        ruin(&node, how, &[]);
        let before = Tree::read(node.path());
        let listed = run(&node, &["journal", "list"], 0).stdout;
        assert_eq!(listed.matches(" completed\n").count(), 2, "{listed}");
        run(&node, &["journal", "show"], 0);
        let verified = run(&node, &["journal", "verify", "--ca", authority], 0);
        assert!(verified.stdout.starts_with("COMPLETE\n"), "{verified:?}");
        // Without one to believe there is no verdict, but a way out.
        let refused = run(&node, &["journal", "verify"], 3);
        assert!(refused.stderr.contains("--ca FILE"), "{refused:?}");
        let archive = folder.join("export.tar");
        let archive = archive.to_str().unwrap();
        run(&node, &["journal", "export", "--out", archive], 0);
        let listed = run(&node, &["backups", "list"], 0).stdout;
        assert_eq!(listed.lines().count(), 4, "{listed}");
        for verb in ["resume", "rollback"] {
            let told = run(&node, &[verb, "--yes"], 0).stdout;
            assert!(told.starts_with("There is nothing to "), "{told}");
        }
        assert_eq!(Tree::read(node.path()), before, "looking wrote something");
        let told = run(&node, &["backups", "prune", "--keep", "1", "--yes"], 0).stdout;
        assert!(told.ends_with("Removed 1 backup; 1 left.\n"), "{told}");
        // And with a journal that does not verify beside the good one.
        tamper(&node, &runs(&node)[0], 3);
        let listed = run(&node, &["journal", "list"], 0).stdout;
        assert!(listed.contains("? (broken in line 3)\n"), "{listed}");
        run(&node, &["journal", "show", &runs(&node)[0]], 6);
        run(&node, &["backups", "list"], 0);
    }
}

#[test]
fn resume_reaches_the_end_when_all_but_its_targets_is_ruined() {
    for how in [Ruin::Garbage, Ruin::Gone] {
        let Some(node) = interrupted() else {
            return;
        };
        let name = runs(&node).pop().unwrap();
        let changes = changes(&node, &name);
        assert_eq!(changes.len(), 14);
        let authority = node.read("/etc/kubernetes/pki/ca.crt");
        ruin(&node, how, &targets(&changes));
        // A manifest that is gone cannot be touched: the files are settled, and a person is told.
        let code = i32::from(how == Ruin::Gone);
        let told = run(&node, &["resume", "--yes"], code);
        let tree = Tree::read(node.path());
        for change in &changes {
            is_at(&tree, change, "after");
        }
        is_clean(&tree);
        verify(&node, &told.stdout, &authority);
    }
}

#[test]
fn rollback_reaches_the_beginning_when_all_but_its_targets_is_ruined() {
    for how in [Ruin::Garbage, Ruin::Gone] {
        let Some(node) = interrupted() else {
            return;
        };
        let name = runs(&node).pop().unwrap();
        let changes = changes(&node, &name);
        let before = Tree::read(Node::materialize(crate::NODE).path());
        let authority = node.read("/etc/kubernetes/pki/ca.crt");
        ruin(&node, how, &targets(&changes));
        let told = run(&node, &["rollback", "--yes"], 0);
        let tree = Tree::read(node.path());
        for change in &changes {
            is_at(&tree, change, "before");
            let target = change["target"].as_str().unwrap();
            match (before.get(target), tree.get(target)) {
                (Some(before), Some(now)) => assert_eq!(before.label(), now.label(), "{target}"),
                (before, now) => assert_eq!(before.is_some(), now.is_some(), "{target}"),
            }
        }
        is_clean(&tree);
        verify(&node, &told.stdout, &authority);
    }
}

#[track_caller]
fn is_clean(tree: &Tree) {
    let left: Vec<&str> = tree
        .paths()
        .filter(|path| path.contains("/.rekindle-") || path.ends_with(".reserve"))
        .collect();
    assert_eq!(left, Vec::<&str>::new());
}

/// The journal verifies with the CA of before and the key that the attempt printed: nobody could certify that.
#[track_caller]
fn verify(node: &Node, told: &str, authority: &[u8]) {
    let (_folder, folder) = elsewhere();
    let file = folder.join("ca.crt");
    std::fs::write(&file, authority).unwrap();
    let key = told
        .lines()
        .find_map(|line| line.strip_prefix("Signed by "));
    let (file, key) = (file.to_str().unwrap(), key.unwrap());
    let arguments = ["journal", "verify", "--ca", file, "--key", key];
    let verified = run(node, &arguments, 0);
    assert!(verified.stdout.starts_with("COMPLETE\n"), "{verified:?}");
    assert!(verified.stdout.contains("  attempts  2\n"), "{verified:?}");
}
