//! A CA certificate that is gone while its key is here: found again in a kubeconfig, if it is the key's.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::golden;
use crate::support::node::Node;
use crate::support::program::rekindle;
use crate::support::tree::Tree;

const CLUSTER: &str = "/etc/kubernetes/pki/ca.crt";
const RUINS: [&str; 3] = ["rm", "truncate -s 0", "echo garbage | tee"];

#[test]
fn it_comes_back_out_of_a_kubeconfig() {
    for ruin in RUINS {
        let node = Node::materialize("rsa2048-stacked");
        let before = node.read(CLUSTER);
        node.shell(&format!("{ruin} etc/kubernetes/pki/ca.crt"));
        let plan = rekindle(node.path(), &["plan"]).expect(0);
        if ruin == "rm" {
            golden::compare(
                "tests/ca_reissue/found.plan.stdout",
                &plan.stdout,
                node.path(),
            );
        }
        rekindle(node.path(), &["recover", "--yes"]).expect(0);
        assert_eq!(node.read(CLUSTER), before, "{ruin}");
        let entry = Tree::read(node.path()).entry(CLUSTER).mode & 0o7777;
        assert_eq!(entry, 0o644, "{ruin}");
        rekindle(node.path(), &["check"]).expect(0);
        let verified = rekindle(node.path(), &["journal", "verify"]).expect(0);
        assert!(verified.stdout.starts_with("COMPLETE\n"), "{verified:?}");
    }
}

/// Whoever is trusted besides in a kubeconfig would sign for administrators, were it put into the file of clients' authorities.
#[test]
fn of_a_bundle_the_certificate_of_this_key_comes_back_and_the_others_are_named() {
    let node = Node::materialize("ca-bundle");
    let before = node.read(CLUSTER);
    node.shell("rm etc/kubernetes/pki/ca.crt");
    let run = rekindle(node.path(), &["recover", "--yes"]).expect(1);
    assert!(run.stdout.contains("trusts others besides"), "{run:?}");
    let after = node.read(CLUSTER);
    assert!(before.ends_with(&after) && after.len() < before.len());
}

/// Puts another authority into every kubeconfig but those of `spared`.
fn exchange_data(node: &Node, authority: &[u8], spared: &str) {
    let data = STANDARD.encode(authority);
    node.shell(&format!(
        "for file in etc/kubernetes/*.conf; do case $file in */{spared}) continue;; esac
         sed -i 's|certificate-authority-data: .*|certificate-authority-data: {data}|' $file; done"
    ));
}

#[test]
fn the_certificate_of_another_key_is_not_taken_whatever_its_name() {
    let node = Node::materialize("rsa2048-stacked");
    // The same name, CN=kubernetes, and another key.
    let stranger = Node::materialize("pkcs8-keys").read(CLUSTER);
    let own = node.read(CLUSTER);
    node.shell("rm etc/kubernetes/pki/ca.crt");
    exchange_data(&node, &stranger, "none");
    let before = Tree::read(node.path());
    let run = rekindle(node.path(), &["recover", "--yes"]).expect(3);
    assert!(
        run.stderr.contains("refused (ca-missing)") || run.stderr.contains("ca-missing.md"),
        "{run:?}"
    );
    assert_eq!(Tree::read(node.path()), before);
    // One right one among wrong ones is found.
    let node = Node::materialize("rsa2048-stacked");
    node.shell("rm etc/kubernetes/pki/ca.crt");
    exchange_data(&node, &stranger, "scheduler.conf");
    let plan = rekindle(node.path(), &["plan"]);
    assert!(plan.stdout.contains("scheduler.conf"), "{plan:?}");
    rekindle(node.path(), &["recover", "--yes"]);
    assert_eq!(node.read(CLUSTER), own);
}

/// A stranger's certificate is no model for a new key, wherever the authority is that did not sign it.
#[test]
fn found_again_it_tells_who_is_a_stranger() {
    for lost in ["", "etc/kubernetes/pki/ca.crt"] {
        let node = Node::materialize("rsa2048-stacked");
        let apiserver = "/etc/kubernetes/pki/apiserver.crt";
        node.write(apiserver, Node::materialize("pkcs8-keys").read(apiserver));
        node.shell(&format!("rm etc/kubernetes/pki/apiserver.key {lost}"));
        let before = Tree::read(node.path());
        let run = rekindle(node.path(), &["recover", "--yes"]).expect(3);
        assert!(run.stderr.contains("wrong-issuer"), "{lost}: {run:?}");
        assert_eq!(Tree::read(node.path()), before);
    }
}

/// It is all that is left to tell which kind of keys the cluster has.
#[test]
fn found_again_it_tells_the_kind_of_new_keys() {
    let node = Node::materialize("ecdsa-p256-stacked");
    node.shell(
        "sed -i 's|client-certificate-data: .*|client-certificate-data: bm9pc2U=|' etc/kubernetes/*.conf
        cd etc/kubernetes/pki; rm ca.crt apiserver.* apiserver-kubelet-client.*; rm -r ../../../var/lib/kubelet/pki",
    );
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    let key = String::from_utf8(node.read("/etc/kubernetes/pki/apiserver.key")).unwrap();
    assert!(key.contains("EC PRIVATE KEY"));
    rekindle(node.path(), &["check"]).expect(0);
}

#[test]
fn without_its_key_it_is_missing_as_before() {
    let node = Node::materialize("rsa2048-stacked");
    node.shell("rm etc/kubernetes/pki/ca.crt etc/kubernetes/pki/ca.key");
    let before = Tree::read(node.path());
    let run = rekindle(node.path(), &["recover", "--yes"]).expect(3);
    assert!(run.stderr.contains("ca-missing"), "{run:?}");
    assert_eq!(Tree::read(node.path()), before);
}

#[test]
fn found_again_and_expired_it_gets_new_dates_in_one_run() {
    let (node, expired) = crate::expired::node("ecdsa-p256-stacked");
    node.shell("rm etc/kubernetes/pki/ca.crt");
    let run = rekindle(node.path(), &crate::expired::REISSUE);
    if run.code == Some(0) {
        let left = crate::expired::holders(&Tree::read(node.path()), &expired[0].certificate);
        assert_eq!(left, Vec::<String>::new());
        rekindle(node.path(), &["check"]).expect(0);
    } else {
        assert_eq!(run.code, Some(3), "{run:?}");
        assert!(run.stderr.contains("ca-missing"), "{run:?}");
    }
}
