//! Something is wrong with the certificate of an authority.

use super::{broken_with_backup, ends_well, is_refused};
use crate::page::{Page, Reason};
use crate::support::authority::{MAY_SIGN, PRINTABLE, VALID, sign_itself};
use crate::support::node::Node;
use crate::support::openssl::openssl;

/// Each kubeconfig gets the `ca.crt` that is there.
const COPIES: &str = "sed -i \"s|certificate-authority-data: .*|certificate-authority-data: $(base64 -w0 etc/kubernetes/pki/ca.crt)|\" etc/kubernetes/*.conf";
const NO_SERVICE_MANAGER: (&str, &str) = ("rekindle recover", "rekindle recover --restart touch");

#[test]
fn cannot_sign() {
    let mut page = Page::open("refused/ca-cannot-sign");
    let node = broken_with_backup("");
    let no_authority = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyCertSign";
    sign_itself(&node, VALID, no_authority, PRINTABLE);
    let Some(mut story) = page.begin(node) else {
        return;
    };
    is_refused(&story, "ca-cannot-sign");
    let found = story.run("openssl x509 -in /etc/kubernetes/pki/ca.crt");
    assert!(found.contains("CA:FALSE"), "{found}");
    story.follow_to("openssl x509 -in /root/aside/ca.crt -noout -subject");
    let found = story.run("openssl x509 -in /root/aside/ca.crt -noout -subject");
    assert!(found.contains("CA:TRUE"), "{found}");
    story.follow();
    ends_well(story);
    page.end();
}

fn expired() -> Node {
    let node = broken_with_backup("");
    let dates = ("20160101000000Z", "20260101000000Z");
    // Go makes the identifier otherwise than openssl, and what was signed names it.
    let certificate = node.file("/etc/kubernetes/pki/ca.crt");
    let certificate = ["x509", "-in", certificate.to_str().unwrap()];
    let identifier = ["-noout", "-ext", "subjectKeyIdentifier"];
    let said = openssl(&[&certificate[..], &identifier].concat()).unwrap();
    let identifier = said.lines().last().unwrap().trim();
    let extensions = format!("{MAY_SIGN}\nsubjectKeyIdentifier={identifier}");
    sign_itself(&node, dates, &extensions, PRINTABLE);
    node.shell(COPIES);
    node
}

#[test]
fn has_expired() {
    let mut page = Page::open("refused/ca-expired");
    let Some(mut story) = page.begin(expired()) else {
        return;
    };
    is_refused(&story, "ca-expired");
    story.run("date -u; openssl");
    story.put(
        "rekindle ca reissue",
        "rekindle ca reissue --confirm ca --restart touch",
    );
    // Nothing runs there that could be proven.
    story.code("rekindle ca reissue", 7);
    let said = story.run("rekindle ca reissue");
    assert!(said.contains("/var/lib/rekindle/ca"), "{said}");
    story.run("rekindle check");
    drop(story);

    let mut story = page.begin(expired()).unwrap();
    story.put(NO_SERVICE_MANAGER.0, NO_SERVICE_MANAGER.1);
    story.code("rekindle recover", 7);
    story.follow();
    story.run("rekindle check");
    let kubeconfigs = story.machine().shell(
        "grep -h certificate-authority-data /etc/kubernetes/*.conf | sort -u | sed 's/.*: //' | base64 -d | cmp - /etc/kubernetes/pki/ca.crt && echo same",
    );
    assert_eq!(kubeconfigs, "same\n");
    drop(story);
    page.end();
}

#[test]
fn is_missing() {
    let mut page = Page::open("refused/ca-missing");
    // Every kubeconfig names the file; one from elsewhere has a copy in it.
    let node = broken_with_backup(
        "rm etc/kubernetes/pki/ca.crt
         sed -i 's|certificate-authority-data: .*|certificate-authority: /etc/kubernetes/pki/ca.crt|' etc/kubernetes/*.conf",
    );
    let Some(mut story) = page.begin(node) else {
        return;
    };
    is_refused(&story, "ca-missing");
    let found = story.run("grep -h -E");
    assert!(
        found.contains("--client-ca-file=/etc/kubernetes/pki/ca.crt"),
        "{found}"
    );
    story.put("/etc/kubernetes/admin.conf", "/etc/backup/admin.conf");
    story.follow();
    ends_well(story);

    let node = broken_with_backup("rm etc/kubernetes/pki/ca.crt etc/kubernetes/pki/ca.key");
    let mut story = page.begin(node).unwrap();
    is_refused(&story, "ca-missing");
    story.run("install -d");
    story.run("sed -n");
    story.run("openssl verify");
    story.run("install -m");
    is_refused(&story, "ca-key-missing");
    drop(story);

    for (authority, signed) in [
        ("etcd/ca", "etcd/server"),
        ("front-proxy-ca", "front-proxy-client"),
    ] {
        let node = broken_with_backup(&format!("rm etc/kubernetes/pki/{authority}.crt"));
        let mut story = page.begin(node).unwrap();
        is_refused(&story, "ca-missing");
        story.run("install -d");
        story.machine().shell(&format!(
            "cp /etc/backup/pki/{authority}.crt /root/aside/ca.crt"
        ));
        story.put("pki/ca.", &format!("pki/{authority}."));
        story.put("pki/apiserver", &format!("pki/{signed}"));
        let certificate = story.run("openssl x509 -in /root/aside/ca.crt -noout -pubkey");
        assert_eq!(story.run("openssl pkey -in"), certificate);
        story.run("openssl verify");
        story.run("install -m");
        ends_well(story);
    }
    page.end();
}

#[test]
fn is_not_yet_valid() {
    let mut page = Page::open("refused/ca-not-yet-valid");
    let node = broken_with_backup("");
    let dates = ("20350101000000Z", "20360101000000Z");
    sign_itself(&node, dates, MAY_SIGN, PRINTABLE);
    let Some(mut story) = page.begin(node) else {
        return;
    };
    is_refused(&story, "ca-not-yet-valid");
    story.run("date -u");
    story.run("openssl x509 -in /etc/kubernetes/pki/ca.crt");
    // The clock is right: the page on a missing authority has the right one.
    story
        .machine()
        .shell("install -m 0644 /etc/backup/pki/ca.crt /etc/kubernetes/pki/ca.crt");
    story.code("rekindle check", 1);
    story.run("rekindle check");
    ends_well(story);
    page.skip("timedatectl", Reason::Systemd);
    page.skip("systemctl", Reason::Systemd);
    page.skip("date -u -s", Reason::Clock);
    page.skip("hwclock", Reason::Clock);
    page.end();
}
