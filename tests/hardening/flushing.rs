//! What a record relies on is on the disk before it: names too, not only what is behind them.

use super::NODE;
use super::trace::{Traced, traced};
use crate::support::node::Node;

const RECOVER: [&str; 2] = ["recover", "--yes"];
const AGAIN: [&str; 5] = ["recover", "--yes", "--force", "--validity", "9000h"];

/// The folders that are flushed before the first file is replaced and behind the first call of that name, without the root.
fn flushed(node: &Node, arguments: &[&str], behind: &str) -> Option<Vec<String>> {
    let options = ["-y", "-e", "trace=fsync,symlinkat,renameat,mkdirat"];
    let Traced { run, calls } = traced(node.path(), &options, arguments)?;
    run.expect(0);
    let first = |name: &str| {
        calls
            .iter()
            .position(|call| call.starts_with(name))
            .unwrap()
    };
    let between = &calls[first(behind)..first("renameat(")];
    let root = node.path().to_str().unwrap();
    let folder = |call: &String| {
        let (_, path) = call.strip_prefix("fsync(")?.split_once('<')?;
        Some(path.split_once('>')?.0.strip_prefix(root)?.to_owned())
    };
    Some(between.iter().filter_map(folder).collect())
}

#[test]
fn the_names_of_staged_files_are_flushed_before_the_commit_once_for_each_folder() {
    let node = Node::materialize(NODE);
    let Some(flushed) = flushed(&node, &RECOVER, "symlinkat(") else {
        return;
    };
    for folder in [
        "/etc/kubernetes",
        "/etc/kubernetes/pki",
        "/etc/kubernetes/pki/etcd",
        "/var/lib/kubelet/pki",
        "/var/lib/rekindle",
    ] {
        let times = flushed.iter().filter(|one| *one == folder).count();
        assert_eq!(times, 1, "{folder}: {flushed:#?}");
    }
}

/// Whoever made the state folder may have been killed before its name was flushed.
#[test]
fn the_name_of_a_folder_that_is_there_already_is_flushed_too() {
    let node = Node::materialize(NODE);
    node.shell("install -d -m 0700 var/lib/rekindle");
    let Some(flushed) = flushed(&node, &AGAIN, "mkdirat(") else {
        return;
    };
    assert_eq!(flushed[0], "/var/lib", "{flushed:#?}");
}
