//! `RootlessControlPlane` of kubeadm: each component has a user of its own, and each file is of the user who reads it.

use nix::unistd::geteuid;

use crate::support::interruption::{is_possible, kill};
use crate::support::node::Node;
use crate::support::openssl;
use crate::support::program::rekindle;
use crate::support::tree::Tree;

/// The manifests name etcd 2001, the API server 2002, the controller manager 2003, the scheduler 2004, and 2005 as the group that
/// reads `sa.key`; the files are theirs.
const ROOTLESS: &str = "
    cd etc/kubernetes
    as() {
        sed -i \"s/^  securityContext:\\$/  securityContext:\\n    runAsUser: $2\\n    runAsGroup: $2\\n    supplementalGroups:\\n    - 2005/\" \\
            manifests/$1.yaml
    }
    own() { chown $1 $2; chmod $3 $2; }
    as etcd 2001; as kube-apiserver 2002; as kube-controller-manager 2003; as kube-scheduler 2004
    for name in server peer; do own 2001:2001 pki/etcd/$name.key 600; done
    for name in apiserver apiserver-kubelet-client apiserver-etcd-client front-proxy-client; do own 2002:2002 pki/$name.key 600; done
    own 2002:2002 pki/sa.pub 600
    own root:2005 pki/sa.key 640
    own 2003:2003 controller-manager.conf 600
    own 2004:2004 scheduler.conf 600
    own root:2005 pki/ca.key 640";

/// `None`, with a line that says so, where this user cannot give files away.
fn rootless() -> Option<Node> {
    if !geteuid().is_root() {
        println!("skipped: only root may give a file away");
        return None;
    }
    let node = Node::materialize("ecdsa-p256-stacked");
    node.shell(ROOTLESS);
    Some(node)
}

/// Owner, mode and attributes of all that was there.
fn labels_are_kept(before: &Tree, after: &Tree) {
    for path in before.paths() {
        let is_exchanged = path.contains("/kubelet-client-");
        if !is_exchanged {
            let (one, other) = (before.entry(path), after.entry(path));
            assert_eq!(one.label(), other.label(), "{path}");
        }
    }
}

#[test]
fn each_file_stays_with_the_user_who_reads_it() {
    let Some(node) = rootless() else {
        return;
    };
    let before = Tree::read(node.path());
    let run = rekindle(node.path(), &["recover", "--yes"]).expect(0);
    assert_eq!(run.stderr, "");
    rekindle(node.path(), &["check"]).expect(0);
    rekindle(node.path(), &["journal", "verify"]).expect(0);
    let after = Tree::read(node.path());
    labels_are_kept(&before, &after);
    assert_eq!(
        after.entry("/etc/kubernetes/scheduler.conf").owner,
        (2004, 2004)
    );
    for (leaf, authority, purpose) in [
        ("apiserver", "ca", "sslserver"),
        ("etcd/peer", "etcd/ca", "sslclient"),
        ("front-proxy-client", "front-proxy-ca", "sslclient"),
    ] {
        let file = |stem: &str| node.file(&format!("/etc/kubernetes/pki/{stem}.crt"));
        assert_eq!(
            openssl::verify(&file(leaf), &file(authority), purpose),
            Ok(())
        );
    }
    // And back: the copies keep their owners, and are believed.
    let runs = std::fs::read_dir(node.file("/var/lib/rekindle/backups")).unwrap();
    let run = runs.last().unwrap().unwrap().file_name();
    rekindle(node.path(), &["rollback", run.to_str().unwrap(), "--yes"]).expect(0);
    let back = Tree::read(node.path()).without_state().timeless();
    let differences = before.timeless().differences(&back);
    let is_added = |path: &String| path.contains("/kubelet-client-20");
    assert!(differences.iter().all(is_added), "{differences:?}");
}

/// What the manifests say may be gone by then: the journal has it.
#[test]
fn an_interrupted_run_knows_whose_the_files_are() {
    if !is_possible() {
        return;
    }
    for (verb, is_after) in [("resume", true), ("rollback", false)] {
        let Some(node) = rootless() else {
            return;
        };
        let before = Tree::read(node.path());
        // In the middle: the kubeconfigs of the components are neither all old nor all new.
        kill(node.path(), &["recover", "--yes"], "renameat", 7);
        node.shell("cp -a etc/kubernetes/manifests keep; for file in etc/kubernetes/manifests/*; do echo garbage >$file; done");
        rekindle(node.path(), &[verb, "--yes"]).expect(0);
        node.shell("for file in keep/*; do cat $file >etc/kubernetes/manifests/$(basename $file); done; rm -r keep");
        labels_are_kept(&before, &Tree::read(node.path()));
        let code = i32::from(!is_after);
        rekindle(node.path(), &["check"]).expect(code);
    }
}

#[test]
fn nobody_else_is_let_in_by_it() {
    for (script, refusal, said) in [
        // The user of another component.
        (
            "chown 2003 etc/kubernetes/pki/apiserver.key",
            "foreign-owner",
            "belongs to uid 2003",
        ),
        // Nobody's user at all.
        (
            "chown 2009 etc/kubernetes/scheduler.conf",
            "foreign-owner",
            "belongs to uid 2009",
        ),
        // A file that no component reads.
        (
            "chown 2002 etc/kubernetes/admin.conf",
            "foreign-owner",
            "belongs to uid 2002",
        ),
        // A folder: its owner could exchange what is in it.
        (
            "chown 2001 etc/kubernetes/pki/etcd",
            "foreign-owner",
            "belongs to uid 2001",
        ),
        (
            "chgrp 2006 etc/kubernetes/pki/ca.key",
            "secret-exposed",
            "ca.key holds a secret and has mode 0640",
        ),
        (
            "chmod 644 etc/kubernetes/pki/ca.key",
            "secret-exposed",
            "ca.key holds a secret and has mode 0644",
        ),
        (
            "chmod 660 etc/kubernetes/pki/ca.key",
            "writable-by-others",
            "ca.key",
        ),
        (
            "chmod 640 etc/kubernetes/admin.conf; chgrp 2005 etc/kubernetes/admin.conf",
            "secret-exposed",
            "admin.conf holds a secret and has mode 0640",
        ),
        // The manifest does not say so any more.
        (
            "sed -i '/runAsUser/d' etc/kubernetes/manifests/kube-scheduler.yaml",
            "foreign-owner",
            "belongs to uid 2004",
        ),
    ] {
        let Some(node) = rootless() else {
            return;
        };
        node.shell(script);
        let before = Tree::read(node.path());
        let run = rekindle(node.path(), &["recover", "--yes"]).expect(3);
        let refused = format!("refused ({refusal})");
        assert!(run.stderr.contains(&refused), "{script}\n{}", run.stderr);
        assert!(run.stderr.contains(said), "{script}\n{}", run.stderr);
        assert_eq!(Tree::read(node.path()), before, "{script}");
    }
}
