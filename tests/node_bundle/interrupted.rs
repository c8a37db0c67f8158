//! An installation that is interrupted goes forward or back as any run does.

use std::path::Path;

use crate::NODE;
use crate::support::interruption::{fail, inject, is_possible, kill, making};
use crate::support::node::Node;
use crate::support::openssl::verify;
use crate::support::program::rekindle;
use crate::support::tree::Tree;
use crate::support::worker::{Cluster, LINK, install};

/// After the commit: before the new file is there, which takes a name that nothing has, and before the link leads to it.
const PLACES: [(&str, usize); 2] = [("renameat2", 1), ("renameat", 1)];

#[track_caller]
fn is_installed(cluster: &Cluster, node: &Node) {
    let tree = Tree::read(node.path());
    let new = tree.entry(LINK).destination().to_str().unwrap().to_owned();
    let authority = cluster.plane.file("/etc/kubernetes/pki/ca.crt");
    verify(&node.file(&new), &authority, "sslclient").unwrap();
    is_clear(&tree);
}

#[track_caller]
fn is_clear(tree: &Tree) {
    let left = tree.paths().find(|path| path.contains("/.rekindle-"));
    assert_eq!(left, None);
}

fn killed(cluster: &Cluster, bundle: &Path, (call, number): (&str, usize)) -> Node {
    let node = cluster.worker.copy();
    let bundle = bundle.to_str().unwrap();
    let arguments = ["node", "install", bundle, "--yes"];
    kill(node.path(), &arguments, call, number);
    node
}

#[test]
fn resume_and_rollback_lead_from_everywhere_to_an_end() {
    if !is_possible() {
        return;
    }
    let cluster = Cluster::of(NODE);
    let bundle = cluster.issue();
    let before = Tree::read(cluster.worker.path()).without_state().timeless();
    for place in PLACES {
        let node = killed(&cluster, &bundle, place);
        let other = node.copy();
        // Nothing else begins meanwhile.
        let refused = install(&node, &bundle).expect(3);
        assert!(refused.stderr.contains("unfinished-run"), "{refused:?}");
        let forth = rekindle(node.path(), &["resume", "--yes"]).expect(0);
        assert!(forth.stdout.contains("Finished the run 2"), "{forth:?}");
        is_installed(&cluster, &node);

        rekindle(other.path(), &["rollback", "--yes"]).expect(0);
        let back = Tree::read(other.path());
        is_clear(&back);
        let back = back.without_state().timeless();
        assert_eq!(before.differences(&back), Vec::<String>::new(), "{place:?}");
        install(&other, &bundle).expect(0);
        is_installed(&cluster, &other);
    }
}

#[test]
fn before_the_commit_nothing_has_happened() {
    if !is_possible() {
        return;
    }
    let cluster = Cluster::of(NODE);
    let bundle = cluster.issue();
    let before = Tree::read(cluster.worker.path()).without_state().timeless();
    let node = killed(&cluster, &bundle, ("symlinkat", 2));
    let resumed = rekindle(node.path(), &["resume", "--yes"]).expect(1);
    assert!(resumed.stdout.contains("cleared away"), "{resumed:?}");
    assert!(resumed.stdout.contains("node install"), "{resumed:?}");
    let after = Tree::read(node.path());
    is_clear(&after);
    let after = after.without_state().timeless();
    assert_eq!(before.differences(&after), Vec::<String>::new());
    install(&node, &bundle).expect(0);
    is_installed(&cluster, &node);
}

#[test]
fn a_disk_that_fails_leaves_the_old_credential() {
    if !is_possible() {
        return;
    }
    let cluster = Cluster::of(NODE);
    let bundle = cluster.issue();
    let before = Tree::read(cluster.worker.path()).without_state().timeless();
    let path = bundle.to_str().unwrap();
    let arguments = ["node", "install", path, "--yes"];
    fail(cluster.worker.path(), &arguments, "EIO", "renameat", "1").expect(4);
    let after = Tree::read(cluster.worker.path()).without_state().timeless();
    assert_eq!(before.differences(&after), Vec::<String>::new());
}

/// Of several files either all are there or none.
#[test]
fn a_bundle_that_cannot_be_written_takes_the_others_with_it() {
    if !is_possible() {
        return;
    }
    let cluster = Cluster::of(NODE);
    let one = "w-1=5d2f3f0c6b2e4a0f9d8c7b6a5f4e3d2c";
    let two = "w-2=0123456789abcdef0123456789abcdef";
    let arguments = ["node", "issue", one, two, "--out", cluster.out(), "--yes"];
    let second = making(cluster.plane.copy().path(), &arguments, "w-2.rekindle-node");
    for file in std::fs::read_dir(cluster.out()).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
    let when = second.to_string();
    // The first one stays where it is, and that is told.
    let plane = cluster.plane.copy();
    let full = format!("openat:error=ENOSPC:when={when}");
    let faults = [&full, "unlink:error=EROFS", "unlinkat:error=EROFS"];
    let run = inject(plane.path(), &arguments, &faults).expect(5);
    for words in [
        "w-1.rekindle-node could not be removed",
        "good until its certificate ends",
    ] {
        assert!(run.stderr.contains(words), "{words}: {run:?}");
    }
    std::fs::remove_file(Path::new(cluster.out()).join("w-1.rekindle-node")).unwrap();
    let run = fail(cluster.plane.path(), &arguments, "ENOSPC", "openat", &when);
    let run = run.expect(4);
    assert!(run.stderr.contains("w-2.rekindle-node"), "{run:?}");
    assert_eq!(std::fs::read_dir(cluster.out()).unwrap().count(), 0);
    let verified = rekindle(cluster.plane.path(), &["journal", "verify"]).expect(0);
    assert!(verified.stdout.contains("rolled back"), "{verified:?}");
    rekindle(cluster.plane.path(), &arguments).expect(0);
}
