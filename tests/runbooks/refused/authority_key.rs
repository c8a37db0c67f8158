//! Something is wrong with the key of an authority.

use super::{broken_with_backup, ends_well, is_refused};
use crate::page::Page;

const FRESH: &str = "openssl ecparam -name prime256v1 -genkey -noout -out";

#[test]
fn another() {
    let mut page = Page::open("refused/ca-key-mismatch");
    // The certificate is right, and there is another one before it.
    let node = broken_with_backup(&format!(
        "cd etc/kubernetes/pki; {FRESH} ca.key; cat front-proxy-ca.crt ../../backup/pki/ca.crt >ca.crt"
    ));
    let Some(mut story) = page.begin(node) else {
        return;
    };
    is_refused(&story, "ca-key-mismatch");
    let backup = story
        .machine()
        .shell("openssl pkey -in /etc/backup/pki/ca.key -pubout | openssl sha256 -r | cut -c1-16");
    story.follow_to("openssl verify");
    let parts = story.run("for f in /root/aside/ca-[0-9]*");
    assert!(parts.contains(backup.trim()), "{parts}");
    story.run("openssl verify");
    story.run("install -d -m 0700 /root/aside     #");
    story
        .machine()
        .shell("cp /etc/backup/pki/ca.key /root/aside/");
    let found = story.run("openssl pkey -in /root/aside");
    assert_eq!(found.trim(), backup.trim());
    story.run("install -m 0600");
    ends_well(story);

    // The key is right: what the certificate did not sign says so, and a kubeconfig has the right one.
    let node = broken_with_backup("cd etc/kubernetes/pki; cat front-proxy-ca.crt >ca.crt");
    let mut story = page.begin(node).unwrap();
    is_refused(&story, "ca-key-mismatch");
    story.run("cd ");
    let pki = "cd /etc/kubernetes/pki/etcd; mv";
    story.machine().shell(&format!("{pki} ca.key elsewhere"));
    let keys = story.run("for f in ca.key");
    assert!(keys.contains("e3b0c44298fc1c14 etcd/ca.key"), "{keys}");
    story.machine().shell(&format!("{pki} elsewhere ca.key"));
    let certificates = story.run("for f in ca.crt");
    assert_ne!(keys[..16], certificates[..16]);
    story.code("openssl verify", 2);
    story.run("openssl verify");
    story.machine().shell(
        "sed -n 's/^ *certificate-authority-data: *//p' /etc/kubernetes/admin.conf | base64 -d >/etc/kubernetes/pki/ca.crt",
    );
    ends_well(story);
    page.end();
}

#[test]
fn missing() {
    let mut page = Page::open("refused/ca-key-missing");
    let node = broken_with_backup("rm etc/kubernetes/pki/ca.key");
    let Some(mut story) = page.begin(node) else {
        return;
    };
    is_refused(&story, "ca-key-missing");
    story.put("find / -xdev", "find /etc /root -xdev");
    let found = story.run("grep -E");
    assert!(found.contains("ca.key"), "{found}");
    let found = story.run("find /");
    assert!(found.contains("/etc/backup/pki/ca.key"), "{found}");
    story.run("install -d");
    story
        .machine()
        .shell("cp /etc/backup/pki/ca.key /root/aside/");
    story.run("install -m 0600");
    let key = story.run("openssl pkey");
    assert_eq!(story.run("openssl x509"), key);
    story.run("rekindle plan");
    story.put("rekindle recover", "rekindle recover --restart touch");
    // Nothing runs there that could be proven.
    story.code("rekindle recover", 7);
    story.run("rekindle recover");
    story.run("shred");
    story
        .machine()
        .shell("! test -e /etc/kubernetes/pki/ca.key && ! test -e /root/aside/ca.key");
    assert_eq!(story.machine().rekindle(&["check"]).code, Some(0));
    drop(story);

    let node = broken_with_backup("rm etc/kubernetes/pki/ca.key");
    let mut story = page.begin(node).unwrap();
    is_refused(&story, "ca-key-missing");
    story.machine().shell("cp /etc/backup/pki/ca.key /root/");
    story.put("rekindle recover", "rekindle recover --restart touch");
    story.code("rekindle recover", 7);
    story.run("install -m 0600 -o root -g root ca.key");
    story.run("ln -s");
    story.run("rekindle recover");
    story.run("rm ");
    assert_eq!(story.machine().rekindle(&["check"]).code, Some(0));
    drop(story);
    page.end();
}
