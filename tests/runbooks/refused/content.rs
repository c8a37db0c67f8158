//! The content of a file is not what it should be.

use super::{broken, broken_with_backup, ends_well, is_refused};
use crate::page::Page;

/// Puts the three bytes before a file, below `/etc/kubernetes`.
fn marked(file: &str) -> String {
    format!(
        "cd etc/kubernetes; {{ printf '\\357\\273\\277'; cat {file}; }} >new; cat new >{file}; rm new"
    )
}

#[test]
fn byte_order_mark() {
    let mut page = Page::open("refused/byte-order-mark");
    for (name, looks) in [
        ("pki/apiserver.crt", "openssl x509"),
        ("pki/ca.key", "openssl pkey"),
        ("scheduler.conf", "kubectl config view"),
    ] {
        let Some(mut story) = page.begin(broken(&marked(name))) else {
            return;
        };
        is_refused(&story, "byte-order-mark");
        story.put("FILE", &format!("/etc/kubernetes/{name}"));
        story.put("NAME", name.rsplit('/').next().unwrap());
        let found = story.run("head -c 3");
        assert_eq!(found.trim(), "ef bb bf");
        story.run("install -d");
        story.run("tail -c +4");
        if looks.starts_with("openssl") || crate::programs::find("kubectl").is_some() {
            story.run(looks);
        }
        ends_well(story);
    }
    let utf16 = "cd etc/kubernetes/pki; iconv -f UTF-8 -t UTF-16 apiserver.crt >new; cat new >apiserver.crt; rm new";
    let mut story = page.begin(broken(utf16)).unwrap();
    is_refused(&story, "byte-order-mark");
    story.put("FILE", "/etc/kubernetes/pki/apiserver.crt");
    story.put("NAME", "apiserver.crt");
    let found = story.run("head -c 3");
    assert!(found.trim().starts_with("ff fe"), "{found}");
    story.run("install -d");
    story.run("iconv");
    story.run("openssl x509");
    ends_well(story);
    page.shows("kubectl config view");
    page.end();
}

#[test]
fn damaged_certificate() {
    let mut page = Page::open("refused/certificate-damaged");
    for (name, damage) in [
        ("etcd/ca", "echo This is no certificate. >etcd/ca.crt"),
        ("front-proxy-ca", "sed -i s/MII/MJI/ front-proxy-ca.crt"),
    ] {
        let node = broken_with_backup(&format!("cd etc/kubernetes/pki; {damage}"));
        let Some(mut story) = page.begin(node) else {
            return;
        };
        is_refused(&story, "certificate-damaged");
        story.put("FILE", &format!("/etc/kubernetes/pki/{name}.crt"));
        story.put("pki/etcd/ca.", &format!("pki/{name}."));
        let has_block = name == "front-proxy-ca";
        story.code("grep -n", i32::from(!has_block));
        story.code("openssl x509 -in FILE", 1);
        story.code("openssl asn1parse", 1);
        story.run("grep -n");
        story.run("openssl x509 -in FILE");
        story.run("openssl asn1parse");
        story.run("install -d");
        story
            .machine()
            .shell(&format!("cp /etc/backup/pki/{name}.crt /root/aside/ca.crt"));
        let certificate = story.run("openssl x509 -in /root/aside/ca.crt");
        assert_eq!(story.run("openssl pkey"), certificate);
        story.run("install -m");
        ends_well(story);
    }

    // As kubeadm never lays it out.
    let node = broken(
        "cd etc/kubernetes; install -d ../kept
         sed -n 's/^ *client-certificate-data: *//p' admin.conf | base64 -d >../kept/admin.crt
         (umask 077; sed -n 's/^ *client-key-data: *//p' admin.conf | base64 -d >admin.key)
         sed -i 's/client-certificate-data: .*/client-certificate: admin.crt/; s/client-key-data: .*/client-key: admin.key/' admin.conf
         echo This is no certificate. >admin.crt",
    );
    let mut story = page.begin(node).unwrap();
    is_refused(&story, "certificate-damaged");
    story.put("find / -xdev", "find /etc -xdev");
    story.put("NAME", "admin.crt");
    let found = story.run("find /");
    assert!(found.contains("/etc/kept/admin.crt"), "{found}");
    story
        .machine()
        .shell("cp /etc/kept/admin.crt /etc/kubernetes/");
    ends_well(story);
    page.end();
}

#[test]
fn der() {
    let mut page = Page::open("refused/der-instead-of-pem");
    for (extension, verb) in [("crt", "x509"), ("key", "pkey")] {
        let file = format!("apiserver.{extension}");
        let node = broken(&format!(
            "cd etc/kubernetes/pki; openssl {verb} -in {file} -outform DER -out new; cat new >{file}; rm new"
        ));
        let Some(mut story) = page.begin(node) else {
            return;
        };
        is_refused(&story, "der-instead-of-pem");
        story.put("FILE", &format!("/etc/kubernetes/pki/{file}"));
        let pair = |kind: &str| {
            if kind == extension {
                format!("/root/aside/new.{kind}")
            } else {
                format!("/etc/kubernetes/pki/apiserver.{kind}")
            }
        };
        story.put("CERTIFICATE", &pair("crt"));
        story.put("KEY", &pair("key"));
        let found = story.run("head -c 2");
        assert!(found.trim().starts_with("30"), "{found}");
        story.run("install -d");
        if extension == "crt" {
            story.run("openssl x509 -inform DER -in FILE -noout");
            story.run("openssl x509 -inform DER -in FILE -out");
        } else {
            story.run("(umask 077; openssl pkey -inform DER");
        }
        let certificate = story.run("openssl x509 -in CERTIFICATE");
        assert_eq!(story.run("openssl pkey -in KEY"), certificate);
        story.run("cp -a FILE");
        story.run(if extension == "crt" {
            "install -m 0644"
        } else {
            "install -m 0600"
        });
        ends_well(story);
    }
    page.end();
}
