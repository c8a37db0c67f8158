//! The dated file of the kubelet and the link to it: what becomes of one becomes of the other, also where an attempt was killed
//! between them.

use std::fs;

use crate::support::interruption::{inject, is_possible, kill};
use crate::support::node::Node;
use crate::targets::{count, records};
use crate::{NODE, RECOVER, RESUME, ROLLBACK, interrupted, is_settled, run};

const LINK: &str = "/var/lib/kubelet/pki/kubelet-client-current.pem";

/// Where the run puts the kubelet's new file: the one path at which there was nothing.
fn dated(node: &Node) -> String {
    let records = records(node);
    let mut changes = records
        .iter()
        .filter_map(|record| record["event"]["changes"].as_array())
        .flatten();
    let new = changes.find(|change| change["before"].is_null()).unwrap();
    new["target"].as_str().unwrap().to_owned()
}

/// Kills the verb with `--skip-foreign` at each of its flushes of the journal in turn, then goes on without that, or with it
/// where it is refused, and judges each end.
fn killed_at_each_flush(
    node: &Node,
    verb: &[&'static str; 2],
    judge: &dyn Fn(&Node, &str),
) -> usize {
    let skip = [&verb[..], &["--skip-foreign"]].concat();
    for number in 1.. {
        let node = node.copy();
        let fault = format!("fdatasync:signal=SIGKILL:when={number}");
        let killed = inject(node.path(), &skip, &[&fault]);
        if killed.code.is_some() {
            return number;
        }
        let case = format!("{verb:?} killed at flush {number}");
        let again = crate::support::program::rekindle(node.path(), verb);
        if again.code == Some(3) {
            assert!(again.stderr.contains("foreign-change"), "{case}: {again:?}");
            run(&node, &skip, 1);
        }
        judge(&node, &case);
        is_settled(&node);
    }
    unreachable!("a run has no end of flushes");
}

#[test]
fn the_link_does_not_lead_to_a_strangers_file() {
    if !is_possible() {
        return;
    }
    // Nothing of the kubelet's was made yet.
    let node = interrupted(12);
    let path = dated(&node);
    let name = path.rsplit('/').next().unwrap();
    fs::write(node.file(&path), "a stranger's").unwrap();
    let kills = killed_at_each_flush(&node, &RESUME, &|node, case| {
        let link = fs::read_link(node.file(LINK)).unwrap();
        assert!(!link.ends_with(name), "{case}");
        assert_eq!(node.read(&path), b"a stranger's", "{case}");
        assert_eq!(count(&records(node), "skipped"), 2, "{case}");
    });
    assert!(kills > 4, "{kills}");
}

#[test]
fn the_new_file_is_not_taken_from_under_a_strangers_link() {
    if !is_possible() {
        return;
    }
    let node = Node::materialize(NODE);
    kill(node.path(), &RECOVER, "utimensat", 1);
    let path = dated(&node);
    let name = path.rsplit('/').next().unwrap();
    // The same file by another name: still in use.
    node.shell(&format!(
        "ln -sfn ./{name} var/lib/kubelet/pki/kubelet-client-current.pem"
    ));
    let kills = killed_at_each_flush(&node, &ROLLBACK, &|node, case| {
        assert!(node.file(&path).exists(), "{case}");
        assert_eq!(count(&records(node), "skipped"), 2, "{case}");
    });
    assert!(kills > 4, "{kills}");
}
