//! What the kubelet reads of a node cannot be parsed.

use super::{NODE, broken, refuses};
use crate::page::{Page, Reason};
use crate::support::node::Node;

const PLAN: &str = "rekindle plan";

#[test]
fn of_the_kubelet() {
    let mut page = Page::open("refused/kubelet-config-invalid");
    let node =
        broken("sed -i 's/^kind: .*/kind: KubeProxyConfiguration/' var/lib/kubelet/config.yaml");
    let Some(mut story) = page.begin(node) else {
        return;
    };
    refuses(&mut story, PLAN, "kubelet-config-invalid");
    story.may_find_nothing("journalctl");
    story.follow_to("install -m 0644");
    let other = Node::materialize(NODE);
    let other = other.file("/var/lib/kubelet/config.yaml");
    story.machine().shell(&format!(
        "cp '{}' /root/aside/from-other-node.yaml",
        other.display()
    ));
    story.follow();
    let own = story.run("grep -nE");
    assert!(
        own.contains("staticPodPath: /etc/kubernetes/manifests"),
        "{own}"
    );
    story.run(PLAN);
    story.is_mended();
    drop(story);
    page.end();
}

#[test]
fn of_a_static_pod() {
    let mut page = Page::open("refused/manifest-invalid");
    page.skip("systemctl stop", Reason::Systemd);
    let node = broken("sed -i 's/^metadata:$/metadata: [/' etc/kubernetes/manifests/etcd.yaml");
    let Some(mut story) = page.begin(node) else {
        return;
    };
    refuses(&mut story, PLAN, "manifest-invalid");
    // Somebody who knows what is wrong.
    story.types("printf '%s\\n' '#!/bin/sh' 'exec sed -i \"s/^metadata: \\\\[/metadata:/\" \"$1\"' >/run/bin/vi; chmod 755 /run/bin/vi");
    story.code("kubectl label", 1);
    story.follow_to("printf");
    story.code("kubectl label", 0);
    if story.has("kubectl") {
        assert_eq!(story.run("kubectl label").trim(), "pod/etcd");
    }
    story.run(PLAN);
    story.is_mended();
    drop(story);

    let broken =
        broken(": >x; sed -i 's/^spec:$/spec: {/' etc/kubernetes/manifests/kube-scheduler.yaml");
    let mut story = page.begin(broken).unwrap();
    refuses(&mut story, PLAN, "manifest-invalid");
    story.put("ADDRESS", "192.0.2.10");
    story.put("VERSION", "v1.36.2");
    story.run("install -d");
    story.follow();
    if story.has("kubeadm") {
        story.run(PLAN);
        story.is_mended();
        let good = Node::materialize(NODE);
        let manifest = "/etc/kubernetes/manifests/kube-scheduler.yaml";
        assert_eq!(story.machine().node().read(manifest), good.read(manifest));
    }
    drop(story);
    page.end();
}
