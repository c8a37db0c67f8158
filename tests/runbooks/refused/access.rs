//! Who owns a file, and who may read it.

use super::{NODE, broken, refuses};
use crate::page::Page;
use crate::support::node::Node;

const ADMIN: &str = "/etc/kubernetes/admin.conf";
const PLAN: &str = "rekindle plan";

/// Somebody with an account of their own on the machine.
const ACCOUNT: &str = "echo mallory:x:4321:4321::/home/mallory:/bin/bash >>/etc/passwd; echo mallory:x:4321: >>/etc/group";

#[test]
fn of_somebody_else() {
    let mut page = Page::open("refused/foreign-owner");
    let node = broken("chown 4321 etc/kubernetes/admin.conf etc/kubernetes/pki/etcd");
    let Some(mut story) = page.begin(node) else {
        return;
    };
    story.machine().shell(ACCOUNT);
    story.put("FILE", ADMIN);
    refuses(&mut story, PLAN, "foreign-owner");
    assert!(story.run("id ").contains("mallory"));
    assert!(story.run("namei -l").contains("mallory"));
    assert_eq!(
        story
            .run("find /etc/kubernetes /var/lib")
            .lines()
            .filter(|line| line.contains("mallory"))
            .count(),
        2
    );
    let own = story.run("openssl x509 -in /etc/kubernetes/pki/ca.crt");
    let known = story.run("sed -n");
    assert!(own.contains("ingerprint=") && own == known, "{own}{known}");
    // kubeadm's manifests name none.
    story.may_find_nothing("grep -A4");
    story.follow();
    let (noted, _) = story.types("cat /root/aside/owners");
    assert_eq!(
        noted
            .lines()
            .filter(|line| line.starts_with("chown -h mallory:"))
            .count(),
        2,
        "{noted}"
    );
    story.types("chown -h root:root /etc/kubernetes/admin.conf /etc/kubernetes/pki/etcd");
    story.run(PLAN);
    story.is_mended();
    story.run("sh /root/aside/owners");
    let (owner, _) = story.types(&format!("stat -c %U {ADMIN}"));
    assert_eq!(owner.trim(), "mallory");
    drop(story);
    page.end();
}

#[test]
fn open_to_others() {
    let mut page = Page::open("refused/secret-exposed");
    let node = broken(
        "chmod 644 etc/kubernetes/pki/ca.key; chmod 640 etc/kubernetes/admin.conf; find var/lib/kubelet/pki -type f -exec chmod 644 {} +",
    );
    let Some(mut story) = page.begin(node) else {
        return;
    };
    story.machine().shell(ACCOUNT);
    story.put("FILE", "/etc/kubernetes/pki/ca.key");
    refuses(&mut story, PLAN, "secret-exposed");
    let found = story.run("find /etc/kubernetes /var/lib/kubelet/pki -type f");
    for part in ["ca.key", "admin.conf", ".pem"] {
        assert!(found.contains(part), "{found}");
    }
    story.run("namei -l");
    assert!(story.run("awk").contains("mallory"));
    story.follow();
    story.run(PLAN);
    story.is_mended();
    let again = "rekindle recover --force --validity 9000h --restart touch";
    story.types("chmod 755 /var/lib/rekindle/journal");
    refuses(&mut story, again, "secret-exposed");
    story.types("chmod go= /var/lib/rekindle/journal");
    let (said, code) = story.types(again);
    assert_eq!(code, 7, "{said}");
    drop(story);

    // A copy of a node that lost its modes.
    let mut story = page.begin(Node::materialize(NODE)).unwrap();
    for folder in ["/etc/kubernetes", "/var/lib/kubelet/pki"] {
        story.put(&format!("{folder} "), &format!("/home/node{folder} "));
    }
    story.types("mkdir /home/node; cp -r --parents /etc/kubernetes /var/lib/kubelet /home/node; find /home/node -type f -exec chmod 644 {} +");
    let plan = "rekindle --root /home/node plan";
    refuses(&mut story, plan, "secret-exposed");
    story.run("find /etc/kubernetes /var/lib/kubelet/pki -type f");
    let close = story.types("find /home/node/etc/kubernetes /home/node/var/lib/kubelet/pki -type f \\( -name '*.key' -o -name '*.conf' -o -name '*.pem' \\) -perm /077 -exec chmod go= {} +");
    assert_eq!(close.1, 0);
    let (said, code) = story.types(plan);
    assert_eq!(code, 0, "{said}");
    drop(story);
    page.end();
}
