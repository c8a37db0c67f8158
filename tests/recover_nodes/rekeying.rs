//! `--rekey`: every credential gets another key of the same kind, and is the same in all else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::support::der::{Lasting, of_pem};
use crate::support::golden;
use crate::support::leaf::{Leaf, leaves};
use crate::support::node::{Node, names};
use crate::support::openssl::{self, openssl};
use crate::support::program::rekindle;
use crate::support::tree::Tree;

const NODE: &str = "ecdsa-p256-stacked";
const REKEY: [&str; 3] = ["recover", "--yes", "--rekey"];
const LINK: &str = "/var/lib/kubelet/pki/kubelet-client-current.pem";

#[test]
fn every_key_of_every_node_is_another_of_its_kind() {
    for name in names() {
        let node = Node::materialize(&name);
        // Owners and modes that a new file would not have by itself.
        node.shell("chmod 0400 etc/kubernetes/*/front-proxy-client.key; chmod 0640 etc/kubernetes/*/apiserver.crt");
        if nix::unistd::geteuid().is_root() {
            node.shell("chgrp 4321 etc/kubernetes/admin.conf etc/kubernetes/*/apiserver.key");
        }
        // A copy of a person's: the old key in it stays as good as it was.
        node.shell("mkdir -p root/.kube; chmod 700 root/.kube; cp -p etc/kubernetes/admin.conf root/.kube/config");
        let left = name.contains("external-etcd");
        let before = Tree::read(node.path());
        let plan = rekindle(node.path(), &["plan", "--rekey"])
            .expect(i32::from(left))
            .stdout;
        assert!(!plan.contains("re-sign "), "{name}\n{plan}");
        let run = rekindle(node.path(), &REKEY).expect(i32::from(left));
        assert_eq!(run.stderr, "", "{name}");
        let after = Tree::read(node.path());
        let theirs = |leaf: &Leaf| left && leaf.file.ends_with("/apiserver-etcd-client.crt");
        let (old, new) = (leaves(&before), leaves(&after));
        assert_eq!(old.len(), new.len(), "{name}");
        for (old, new) in old.iter().zip(&new) {
            if theirs(old) {
                assert_eq!((&old.certificate, &old.key), (&new.certificate, &new.key));
                continue;
            }
            judge(&node, old, new, &name);
        }
        let keys: BTreeSet<String> = new.iter().map(fresh_key).collect();
        assert_eq!(keys.len(), new.len(), "{name}: no key is there twice");
        judge_files(&before, &after, &new, &theirs, &name);
        rekindle(node.path(), &["journal", "verify"]).expect(0);
        rekindle(node.path(), &["check"]).expect(i32::from(left));
        let again = rekindle(node.path(), &["recover", "--yes"]).expect(i32::from(left));
        assert!(
            !again.stdout.contains("Renewed the files of"),
            "{name}\n{}",
            again.stdout
        );
    }
}

/// The same certificate for another key of the same kind, which is its own, and good for what it is used for.
fn judge(node: &Node, old: &Leaf, new: &Leaf, name: &str) {
    let what = format!("{name} {}", new.file);
    let scratch = tempfile::tempdir().unwrap();
    let kind = |leaf: &Leaf| {
        let key = leaf.write(scratch.path()).1;
        let text = openssl(&["pkey", "-in", key.to_str().unwrap(), "-noout", "-text"]).unwrap();
        let curve = text
            .lines()
            .find(|line| line.starts_with("NIST CURVE"))
            .unwrap_or_default();
        format!("{} {curve}", text.lines().next().unwrap())
    };
    assert_eq!(kind(old), kind(new), "{what}");
    let before = openssl::read(&old.write(scratch.path()).0);
    let (certificate, key) = new.write(scratch.path());
    let after = openssl::read(&certificate);
    assert_ne!(before.public_key, after.public_key, "{what}");
    assert_ne!(before.serial, after.serial, "{what}");
    assert_eq!(after.public_key, openssl::public_half(&key), "{what}");
    let lasting = |leaf: &Leaf| Lasting::of(&of_pem(&leaf.certificate, "CERTIFICATE").unwrap().0);
    let (one, other) = (lasting(old), lasting(new));
    assert_eq!(
        one.rest[..3],
        other.rest[..3],
        "{what}: version, algorithm, subject"
    );
    if let Some(authority) = &new.authority {
        assert_eq!(one.issuer, other.issuer, "{what}: issuer");
        assert_eq!(one.extensions, other.extensions, "{what}: extensions");
        for purpose in new.purposes {
            let verified = openssl::verify(&certificate, &node.file(authority), purpose);
            assert_eq!(verified, Ok(()), "{what}: {purpose}");
        }
    }
}

fn fresh_key(leaf: &Leaf) -> String {
    let scratch = tempfile::tempdir().unwrap();
    openssl::public_half(&leaf.write(scratch.path()).1)
}

/// Certificates, their keys and what names them changed, with mode and owner kept; nothing else did.
fn judge_files(
    before: &Tree,
    after: &Tree,
    new: &[Leaf],
    theirs: &dyn Fn(&Leaf) -> bool,
    name: &str,
) {
    let mut expected = BTreeSet::new();
    for leaf in new.iter().filter(|leaf| !theirs(leaf)) {
        expected.insert(leaf.file.clone());
        if let Some(stem) = leaf.file.strip_suffix(".crt") {
            expected.insert(format!("{stem}.key"));
        }
    }
    for path in &expected {
        let now = after.entry(path);
        match before.get(path) {
            Some(old) => assert_eq!(old.label(), now.label(), "{name} {path}"),
            None => assert_eq!(now.mode & 0o7777, 0o600, "{name} {path}"),
        }
    }
    if before.get(LINK).is_some() {
        expected.insert(LINK.to_owned());
    }
    let changed = before.differences(&after.without_state());
    let changed: BTreeSet<String> = changed
        .into_iter()
        .filter(|path| !path.contains("/manifests/"))
        .collect();
    assert_eq!(changed, expected, "{name}");
}

#[test]
fn the_plan_says_what_becomes_of_the_keys() {
    let node = Node::materialize(NODE);
    let plan = rekindle(node.path(), &["plan", "--rekey"]).expect(0);
    golden::compare(
        "tests/recover_nodes/plans/rekey.stdout",
        &plan.stdout,
        node.path(),
    );
}

/// A copy of admin.conf that is refreshed has to have its key; with another one it would be a file that nobody asked for.
#[test]
fn a_persons_copy_stays_and_is_named() {
    for refresh in [None, Some("--refresh-kubeconfigs")] {
        let node = Node::materialize(NODE);
        node.shell("echo 'root:x:0:0::/root:/bin/sh' >etc/passwd; mkdir -p root/.kube; chmod 700 root root/.kube");
        rekindle(node.path(), &["recover", "--yes"]).expect(0);
        node.shell("cp -p etc/kubernetes/admin.conf root/.kube/config");
        let before = node.read("/root/.kube/config");
        let plan = rekindle(node.path(), &["plan", "--rekey"]).expect(0).stdout;
        assert!(
            plan.contains("~root/.kube/config   copy of admin.conf"),
            "{plan}"
        );
        let asked = REKEY.into_iter().chain(refresh).collect::<Vec<_>>();
        let run = rekindle(node.path(), &asked).expect(i32::from(refresh.is_some()));
        let words = "~root/.kube/config: it is a copy of admin.conf, which gets another key now";
        assert_eq!(
            run.stdout.contains(words),
            refresh.is_some(),
            "{}",
            run.stdout
        );
        assert_eq!(node.read("/root/.kube/config"), before);
        rekindle(node.path(), &["journal", "verify"]).expect(0);
    }
}

/// Once more, back, forward: each time all pairs fit.
#[test]
fn a_run_with_new_keys_is_taken_back_to_the_old_ones() {
    for name in [NODE, "rsa2048-stacked"] {
        let node = Node::materialize(name);
        let before = Tree::read(node.path());
        rekindle(node.path(), &REKEY).expect(0);
        let list = rekindle(node.path(), &["journal", "list"]).expect(0).stdout;
        let run = list
            .split_whitespace()
            .find(|word| word.starts_with("20"))
            .unwrap();
        rekindle(node.path(), &["rollback", run, "--yes"]).expect(0);
        let after = Tree::read(node.path()).without_state();
        let changed = before.timeless().differences(&after.timeless());
        // The kubelet's dated file stays beside the link.
        assert!(
            changed
                .iter()
                .all(|path| path.contains("/kubelet-client-2")),
            "{changed:?}"
        );
        rekindle(node.path(), &REKEY).expect(0);
        rekindle(node.path(), &["check"]).expect(0);
    }
}

#[test]
fn a_key_that_another_file_leads_to_is_replaced_where_it_lies() {
    let node = Node::materialize(NODE);
    node.shell(
        "cd etc/kubernetes/pki; mkdir private; mv apiserver.key private/; ln -s private/apiserver.key apiserver.key",
    );
    let old = node.read("/etc/kubernetes/pki/private/apiserver.key");
    rekindle(node.path(), &REKEY).expect(0);
    let key = node.file("/etc/kubernetes/pki/apiserver.key");
    assert!(std::fs::symlink_metadata(&key).unwrap().is_symlink());
    assert_ne!(node.read("/etc/kubernetes/pki/private/apiserver.key"), old);
    fits(
        &node,
        "/etc/kubernetes/pki/apiserver.crt",
        "/etc/kubernetes/pki/apiserver.key",
    );
}

fn fits(node: &Node, certificate: &str, key: &str) {
    let of = |path: &str| node.file(path);
    assert_eq!(
        openssl::read(&of(certificate)).public_key,
        openssl::public_half(Path::new(&of(key)))
    );
}

/// What a journal knows a key by is its public half, in which all of its lines agree with the certificate.
#[test]
fn the_journal_knows_each_key_by_its_public_half() {
    let node = Node::materialize(NODE);
    rekindle(node.path(), &REKEY).expect(0);
    let tree = Tree::read(node.path());
    let path = tree.paths().find(|path| path.ends_with(".jsonl")).unwrap();
    let mut keys = BTreeMap::new();
    for line in tree.entry(path).text().lines() {
        let event = event(line);
        if event["kind"] != "commit" {
            continue;
        }
        for change in event["changes"].as_array().unwrap() {
            let target = change["target"].as_str().unwrap().to_owned();
            if target.ends_with(".key") {
                for state in ["before", "after"] {
                    assert!(change[state]["sha256"].is_null(), "{change}");
                    assert_eq!(change[state]["public-key"].as_str().unwrap().len(), 64);
                }
                keys.insert(target, change["after"]["public-key"].clone());
            }
        }
    }
    assert_eq!(keys.len(), 8, "{keys:?}");
}

fn event(line: &str) -> serde_json::Value {
    use base64::Engine;

    let envelope: serde_json::Value = serde_json::from_str(line).unwrap();
    let payload = base64::engine::general_purpose::STANDARD
        .decode(envelope["payload"].as_str().unwrap())
        .unwrap();
    let mut record: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    record["event"].take()
}
