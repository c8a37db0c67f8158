//! More than one thing is wrong, or what is wrong is not asked for.

use super::situation::{NODE, Situation};
use crate::support::node::Node;
use crate::support::program::rekindle;
use crate::support::tree::Tree;

/// Three refusals of different kinds, and the way to go on with what is good.
#[test]
fn all_is_said_at_once() {
    let situation = Situation::by_shell(
        "key-mismatch.several",
        "cd etc/kubernetes
         : >pki/front-proxy-ca.crt; chmod 644 scheduler.conf; cp -p pki/etcd/peer.key admin.key
         sed -i 's/client-key-data: .*/client-key: admin.key/' admin.conf",
    );
    let node = situation.judge().into_node();
    let run = rekindle(node.path(), &["plan"]).expect(3);
    let hint = run.stderr.lines().last().unwrap();
    let others = hint
        .strip_prefix("hint: to go on with the others first: --only ")
        .unwrap();
    let arguments = ["recover", "--yes", "--only", others];
    rekindle(node.path(), &arguments).expect(0);
    let check = rekindle(node.path(), &["check"]).expect(1);
    let broken = |line: &&str| {
        ["front-proxy-client", "scheduler.conf", "admin.conf"]
            .iter()
            .any(|name| line.starts_with(name))
    };
    for line in check
        .stdout
        .lines()
        .skip(1)
        .take(13)
        .filter(|line| !broken(line))
    {
        assert!(line.ends_with("valid"), "{line}");
    }
}

#[test]
fn what_is_not_asked_for_is_no_obstacle() {
    let node = Node::materialize(NODE);
    node.write("/etc/kubernetes/pki/apiserver.crt", "garbage");
    node.write("/etc/kubernetes/scheduler.conf", "garbage");
    node.shell("chmod 666 etc/kubernetes/pki/etcd/server.crt");
    node.shell(": >etc/kubernetes/pki/front-proxy-ca.crt");
    let before = Tree::read(node.path());
    rekindle(node.path(), &["recover", "--yes", "--only", "admin.conf"]).expect(0);
    let after = Tree::read(node.path()).without_state();
    assert_eq!(before.differences(&after), ["/etc/kubernetes/admin.conf"]);
}
