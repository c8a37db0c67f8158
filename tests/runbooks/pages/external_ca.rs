//! `external-ca`: the node asks, the place with the key signs, the node installs.

use super::control_plane::NODE;
use crate::page::Page;
use crate::story::Story;
use crate::support::node::Node;

#[test]
fn external_ca() {
    let mut page = Page::open("external-ca");
    for is_by_rekindle in [true, false] {
        let Some(mut story) = page.begin(Node::materialize(NODE)) else {
            return;
        };
        // The place is a folder that the node does not know.
        story.machine().shell(
            "cd /etc/kubernetes/pki; mkdir -p /root/keys/etcd
             for name in ca etcd/ca front-proxy-ca; do cp -p $name.crt /root/keys/$name.crt; mv $name.key /root/keys/$name.key; done",
        );
        let (said, code) = story.types("rekindle recover");
        assert!(code == 3 && said.contains("ca-key-missing"), "{said}");
        story.run("install -d");
        let asked = story.run("rekindle csr export");
        let (_, seal) = asked.split_once("Sealed by sha256:").unwrap();
        story.types("cd /root/requests");
        story.put("DIR", "/root/keys");
        story.put(
            "--expect SHA256",
            &format!("--expect {}", seal.lines().next().unwrap()),
        );
        let installed = if is_by_rekindle {
            story.run("rekindle csr sign");
            story.code("rekindle csr import answer", 7);
            story.run("rekindle csr import answer")
        } else {
            by_openssl(&mut story)
        };
        let (_, key) = installed.split_once("Signed by sha256:").unwrap();
        let (said, code) = story.types("rekindle journal verify");
        assert!(code == 6 && said.starts_with("NOT ANCHORED"), "{said}");
        story.put(
            "--key SHA256",
            &format!("--key {}", key.lines().next().unwrap()),
        );
        story.run("rekindle journal verify");
        let (said, code) = story.types("rekindle check");
        assert_eq!(code, i32::from(!is_by_rekindle), "{said}");
        story.types("cd /root");
    }
    page.end();
}

/// Two of them, by another authority than Rekindle's.
fn by_openssl(story: &mut Story<'_>) -> String {
    story.run("openssl req");
    story.types("cp /root/keys/ca.crt /root/keys/ca.key .");
    story.run("openssl x509 -req");
    // The same for the other one.
    story.put("apiserver.csr", "admin.conf.csr");
    story.put("-out apiserver.crt", "-out admin.crt");
    story.run("openssl x509 -req");
    // The others are still to be asked for.
    story.code("rekindle csr import --certificate", 1);
    story.run("rekindle csr import --certificate")
}
