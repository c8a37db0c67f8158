//! Where there is nobody to ask, and nothing to read.

use crate::support::node::Node;
use crate::support::program::rekindle;

#[test]
fn a_node_without_its_api_server_names_the_other_ways() {
    let node = Node::materialize("ecdsa-p256-stacked");
    let run = rekindle(node.path(), &["tokens", "audit"]).expect(3);
    assert!(run.stdout.is_empty());
    for part in ["caused by: ", "tokens audit --snapshot FILE", "recover"] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
}

#[test]
fn a_snapshot_that_is_none_is_said_to_be_none() {
    let node = Node::empty();
    node.write("/noise", [0x55; 8192]);
    node.write("/short", b"k8s");
    node.write("/empty", b"");
    for (name, exit, part) in [
        ("noise", 3, "it is no bbolt database"),
        ("short", 3, "no whole number of pages"),
        ("empty", 3, "no whole number of pages"),
        ("missing", 2, "does not exist"),
        ("", 2, "not a regular file"),
    ] {
        let file = node.path().join(name);
        let file = file.to_str().unwrap();
        let run = rekindle(node.path(), &["tokens", "audit", "--snapshot", file]).expect(exit);
        assert!(run.stdout.is_empty());
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
        assert!(run.stderr.contains("hint: "), "{}", run.stderr);
    }
}
