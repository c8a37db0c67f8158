//! Every file of a node is opened beneath its root: by `openat2`, or by `openat` where there is none.

use super::NODE;
use super::trace::{Traced, traced};
use crate::support::node::Node;
use crate::support::program::rekindle;
use crate::support::tree::Tree;

const RECOVER: [&str; 2] = ["recover", "--yes"];

#[test]
fn nothing_is_opened_by_a_path_but_the_root_and_what_the_kernel_makes() {
    let node = Node::materialize(NODE);
    let options = ["-e", "trace=open,openat,openat2,creat"];
    let Some(Traced { run, calls }) = traced(node.path(), &options, &RECOVER) else {
        return;
    };
    run.expect(0);
    let root = format!("\"{}\"", node.path().display());
    let (beneath, by_path): (Vec<&String>, Vec<&String>) = calls
        .iter()
        .filter(|call| call.contains('('))
        .partition(|call| call.starts_with("openat2("));
    if beneath[0].contains("= -1 ENOSYS") || beneath[0].contains("= -1 EPERM") {
        println!("skipped: openat2 is not to be had here: {}", beneath[0]);
        return;
    }
    assert!(beneath.len() > 100, "{beneath:#?}");
    let resolve = [
        "RESOLVE_BENEATH",
        "RESOLVE_NO_SYMLINKS",
        "RESOLVE_NO_MAGICLINKS",
    ];
    for call in beneath {
        assert!(resolve.iter().all(|flag| call.contains(flag)), "{call}");
    }
    let expected = ["\"/proc/", "\"/sys/", "\"/etc/machine-id\"", root.as_str()];
    for call in by_path {
        assert!(expected.iter().any(|path| call.contains(path)), "{call}");
    }
}

/// A kernel before 5.6, and a container runtime that does not know the call.
#[test]
fn without_openat2_everything_ends_the_same() {
    let usual = Node::materialize(NODE);
    rekindle(usual.path(), &RECOVER).expect(0);
    for error in ["ENOSYS", "EPERM"] {
        let node = Node::materialize(NODE);
        let inject = format!("inject=openat2:error={error}");
        let options = ["-e", "trace=openat,openat2", "-e", &inject];
        let Some(Traced { run, calls }) = traced(node.path(), &options, &RECOVER) else {
            return;
        };
        assert_eq!(run.expect(0).stderr, "");
        let asked = calls.iter().filter(|call| call.starts_with("openat2("));
        assert_eq!(asked.count(), 1, "it is asked for once");
        rekindle(node.path(), &["check"]).expect(0);
        rekindle(node.path(), &["journal", "verify"]).expect(0);
        assert_eq!(shape(&node), shape(&usual), "{error}");
    }
}

/// A link where a folder or a file should be, seen with and without the call.
#[test]
fn without_openat2_the_same_is_refused() {
    for script in [
        "ln -sf ../../../../../../x etc/kubernetes/pki/apiserver.crt",
        "ln -sfn /.. etc/kubernetes/manifests/up; rm -r etc/kubernetes/pki/etcd; ln -s ../../../../../x etc/kubernetes/pki/etcd",
        "rm etc/kubernetes/admin.conf; mkfifo -m 600 etc/kubernetes/admin.conf",
        "chmod 777 etc/kubernetes/pki",
    ] {
        let node = Node::materialize(NODE);
        node.shell(script);
        let before = Tree::read(node.path());
        let usual = rekindle(node.path(), &RECOVER).expect(3);
        let options = ["-e", "trace=openat2", "-e", "inject=openat2:error=ENOSYS"];
        let Some(Traced { run, .. }) = traced(node.path(), &options, &RECOVER) else {
            return;
        };
        assert_eq!(run.expect(3).stderr, usual.stderr);
        assert_eq!(Tree::read(node.path()), before);
    }
}

/// An `EPERM` that is meant stays one, and the call is not given up for it.
#[test]
fn a_denial_is_not_taken_for_a_missing_call() {
    let node = Node::materialize(NODE);
    let trace = ["-e", "trace=openat,openat2"];
    let Some(Traced { calls, .. }) = traced(node.path(), &trace, &["check"]) else {
        return;
    };
    let by_path = calls.iter().take_while(|call| call.starts_with("openat("));
    // Beneath the root both say no.
    let inject = [
        format!("inject=openat:error=EPERM:when={}+", by_path.count() + 1),
        "inject=openat2:error=EPERM:when=40".to_owned(),
    ];
    let options = [&trace[..], &["-e", &inject[0], "-e", &inject[1]]].concat();
    let Traced { run, calls } = traced(node.path(), &options, &["check"]).unwrap();
    assert!(run.code.is_some(), "{run:?}");
    let denied = |name: &str| {
        let denied = |call: &String| call.starts_with(name) && call.contains("(INJECTED)");
        calls.iter().position(denied)
    };
    let (first, second) = (denied("openat2(").unwrap(), denied("openat(").unwrap());
    assert_eq!(second, first + 1);
    assert!(
        calls[second..]
            .iter()
            .any(|call| call.starts_with("openat2("))
    );
}

/// Path and mode of everything but the journal's and the kubelet's dated names.
fn shape(node: &Node) -> Vec<(String, u32)> {
    let tree = Tree::read(node.path()).without_state();
    let mut shape: Vec<(String, u32)> = tree
        .paths()
        .map(|path| (path.to_owned(), tree.entry(path).mode))
        .collect();
    for (path, _) in &mut shape {
        path.retain(|letter| !letter.is_ascii_digit());
    }
    shape
}
