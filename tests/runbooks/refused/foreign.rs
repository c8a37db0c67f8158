//! A certificate that is not this node's, or not this cluster's.

use super::{broken, broken_with_backup, is_refused};
use crate::page::Page;
use crate::support::authority::{MAY_SIGN, PRINTABLE, VALID, sign_itself};

const FILE: &str = "/etc/kubernetes/pki/apiserver.crt";
/// How a recovery is asked for where no service manager runs.
const RECOVER: (&str, &str) = ("rekindle recover", "rekindle recover --restart touch");
/// How it ends where nothing runs that could be proven.
const NOT_PROVEN: i32 = 7;

/// Signs the API server's key by an authority that nobody here knows.
const ELSEWHERE: &str = "cd etc/kubernetes/pki
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=elsewhere -keyout other.key -out other.crt 2>/dev/null
    openssl req -new -key apiserver.key -subj /CN=kube-apiserver -addext subjectAltName=IP:192.0.2.10,IP:10.96.0.1,DNS:api.example.test -out request
    openssl x509 -req -in request -CA other.crt -CAkey other.key -set_serial 7 -days 1 -copy_extensions copy -out new 2>/dev/null
    cat new >apiserver.crt; rm new request other.key other.crt";

#[test]
fn signed_by_another_authority() {
    let mut page = Page::open("refused/wrong-issuer");
    let Some(mut story) = page.begin(broken(ELSEWHERE)) else {
        return;
    };
    is_refused(&story, "wrong-issuer");
    story.put("FILE", FILE);
    story.put(RECOVER.0, RECOVER.1);
    story.code("openssl verify", 2);
    story.code("rekindle recover", NOT_PROVEN);
    story.run("install -d");
    let found = story.run("openssl x509 -in FILE");
    assert!(
        found.replace(" = ", "=").contains("issuer=CN=elsewhere"),
        "{found}"
    );
    story.run("openssl x509 -in /etc/kubernetes/pki/ca.crt");
    story.run("openssl verify");
    story.run("rekindle plan --only");
    story.run("rekindle recover --only");
    story.code("openssl verify", 0);
    story.run("openssl verify");
    story.is_mended();
    drop(story);

    // It is of no use here at all.
    let mut story = page.begin(broken(ELSEWHERE)).unwrap();
    story.run("install -d");
    story.run("mv ");
    story.is_mended();
    drop(story);

    // The authority itself is the stranger: by another key, and in other words for the same name.
    for (key, strings) in [
        (
            "openssl ecparam -name prime256v1 -genkey -noout -out",
            PRINTABLE,
        ),
        (":", "utf8only"),
    ] {
        let node = broken_with_backup(&format!("{key} etc/kubernetes/pki/ca.key"));
        sign_itself(&node, VALID, MAY_SIGN, strings);
        let mut story = page.begin(node).unwrap();
        is_refused(&story, "wrong-issuer");
        story.put("FILE", FILE);
        story.code("openssl verify", 2);
        if strings == PRINTABLE {
            story.run("openssl verify");
        }
        story
            .machine()
            .shell("cp /etc/backup/pki/ca.crt /etc/backup/pki/ca.key /etc/kubernetes/pki/");
        story.code("openssl verify", 0);
        story.run("openssl verify");
        story.is_mended();
    }
    page.end();
}

/// Signs the key of etcd's server for another control plane, as a copy from there has it.
const COPIED: &str = "cd etc/kubernetes/pki/etcd
    printf 'extendedKeyUsage=serverAuth,clientAuth\\nsubjectAltName=DNS:cp-2,DNS:localhost,IP:192.0.2.11,IP:127.0.0.1\\n' >extensions
    openssl req -new -key server.key -subj /CN=cp-2 -out request
    openssl x509 -req -in request -CA ca.crt -CAkey ca.key -set_serial 7 -days 1 -extfile extensions -out new 2>/dev/null
    cat new >server.crt; rm extensions request new";

#[test]
fn of_another_node() {
    let mut page = Page::open("refused/another-nodes-certificate");
    for way in ["a backup", "none", "it is right"] {
        let Some(mut story) = page.begin(broken_with_backup(COPIED)) else {
            return;
        };
        is_refused(&story, "another-nodes-certificate");
        story.put(RECOVER.0, RECOVER.1);
        story.code("rekindle recover", NOT_PROVEN);
        story.run("install -d");
        let found = story.run("openssl x509");
        assert!(found.contains("cp-2"), "{found}");
        let found = story.run("grep -E");
        assert!(
            found.contains("--name=cp-1") && found.contains("192.0.2.10"),
            "{found}"
        );
        match way {
            "a backup" => {
                story
                    .machine()
                    .shell("cp -a /etc/backup/pki/etcd/server.* /etc/kubernetes/pki/etcd/");
            }
            "none" => {
                story.run("mv ");
            }
            _ => {
                // What it lacks of this node's names is left to a person.
                story.code("rekindle recover --only", 1);
                story.run("rekindle recover --only");
                continue;
            }
        }
        story.run("rekindle plan");
        story.run("rekindle recover");
        let found = story.run("openssl x509");
        assert!(found.contains("cp-1") && !found.contains("cp-2"), "{found}");
        assert_eq!(story.machine().rekindle(&["check"]).code, Some(0));
    }
    page.end();
}
