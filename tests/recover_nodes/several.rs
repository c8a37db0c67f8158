//! A node that is one of several: the plan says which others follow, in which order, and what to expect until then.
//!
//! After a change of wording: `SNAPSHOTS=overwrite cargo test --test recover_nodes`, and read the difference.

use serde_json::Value;

use crate::support::golden;
use crate::support::node::Node;
use crate::support::program::rekindle;

/// The second of two joined, and one that joined when two others were there.
fn nodes() -> [(&'static str, Node); 2] {
    let third = Node::materialize("joined-control-plane");
    third.edit("/etc/kubernetes/manifests/etcd.yaml", |text| {
        text.replace(
            "--initial-cluster=",
            "--initial-cluster=cp-3=https://[2001:db8::3]:2380,",
        )
    });
    [
        ("one-of-two", Node::materialize("joined-control-plane")),
        ("one-of-three", third),
    ]
}

/// The dates in the last column differ from day to day.
fn without_dates(text: &str) -> String {
    let line = |line: &str| match line.strip_suffix(" UTC") {
        Some(line) => {
            let words: Vec<&str> = line.rsplitn(5, ' ').collect();
            format!("{} [DATE]\n", words[4])
        }
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[test]
fn the_plan_of_a_node_names_the_others_and_their_order() {
    for (name, node) in nodes() {
        let plan = rekindle(node.path(), &["plan"]).expect(0);
        golden::compare(
            &format!("tests/recover_nodes/{name}.plan.stdout"),
            &without_dates(&plan.stdout),
            node.path(),
        );
    }
}

#[test]
fn programs_learn_the_same() {
    let [(_, two), (_, three)] = nodes();
    let cluster = |node: &Node| -> Value {
        let plan = rekindle(node.path(), &["plan", "-o", "json"]).expect(0);
        serde_json::from_str::<Value>(&plan.stdout).unwrap()["etcdCluster"].clone()
    };
    let known = cluster(&two);
    assert_eq!(known["membersAtLeast"], 2);
    assert_eq!(known["quorum"], 2);
    let known = cluster(&three);
    assert_eq!(known["thisNode"], "cp-2");
    assert_eq!(known["membersAtLeast"], 3);
    assert_eq!(known["quorum"], 2);
    let others = known["others"].as_array().unwrap();
    let names: Vec<&str> = others
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["cp-3", "cp-1"]);
    assert_eq!(others[0]["peerUrls"][0], "https://[2001:db8::3]:2380");
}

/// A node alone, etcd elsewhere, and a flag that nobody can read: nothing is claimed.
#[test]
fn where_no_other_node_is_known_none_is_spoken_of() {
    let alone = Node::materialize("ecdsa-p256-stacked");
    let odd = Node::materialize("joined-control-plane");
    odd.edit("/etc/kubernetes/manifests/etcd.yaml", |text| {
        text.replace("--initial-cluster=cp-1=", "--initial-cluster=cp-1,")
    });
    for (node, code) in [
        (alone, 0),
        (odd, 0),
        (Node::materialize("rsa3072-external-etcd"), 1),
    ] {
        let plan = rekindle(node.path(), &["plan"]).expect(code).stdout;
        assert!(!plan.contains("One of several"), "{plan}");
        let plan = rekindle(node.path(), &["plan", "-o", "json"])
            .expect(code)
            .stdout;
        let plan: Value = serde_json::from_str(&plan).unwrap();
        assert!(plan.get("etcdCluster").is_none(), "{plan}");
    }
}

/// Where nothing is to be done, nobody has to follow.
#[test]
fn a_node_that_needs_nothing_sends_nobody_on() {
    let [(_, node), _] = nodes();
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    let plan = rekindle(node.path(), &["plan"]).expect(0).stdout;
    assert!(!plan.contains("One of several"), "{plan}");
}
