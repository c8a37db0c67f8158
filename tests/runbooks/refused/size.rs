//! A file is empty, too large or cut short.

use super::{broken, broken_with_backup, ends_well, is_refused};
use crate::page::Page;

const PKI: &str = "/etc/kubernetes/pki";

#[test]
fn empty() {
    let mut page = Page::open("refused/file-empty");
    for (script, shown) in [
        (": >etc/kubernetes/pki/etcd/ca.crt", "etcd/ca.crt"),
        (": >etc/kubernetes/manifests/etcd.yaml", "etcd.yaml"),
    ] {
        let Some(mut story) = page.begin(broken_with_backup(script)) else {
            return;
        };
        is_refused(&story, "file-empty");
        story.run("install -d");
        let found = story.run("find ");
        assert!(found.contains(shown), "{found}");
        story
            .machine()
            .shell("cp -a /etc/backup/* /etc/kubernetes/");
        ends_well(story);
    }

    let script = "cd var/lib/kubelet/pki; rm kubelet-client-*; umask 077; echo '# none' >kubelet-client-current.pem";
    for script in [
        script.replace("# none", ""),
        script.replace("echo '# none'", ":"),
    ] {
        let mut story = page.begin(broken(&script)).unwrap();
        is_refused(&story, "file-empty");
        story.put("FILE", "/var/lib/kubelet/pki/kubelet-client-current.pem");
        story.run("install -d");
        let found = story.run("find ");
        if !found.contains("kubelet-client-current.pem") {
            assert_eq!(story.run("cat -A").trim(), "$");
        }
        story.run("mv /var/lib/kubelet/pki/kubelet-client-current.pem");
        ends_well(story);
    }
    page.end();
}

#[test]
fn too_large() {
    let mut page = Page::open("refused/file-too-large");
    // Appended once more by each run of some script: a certificate with a lot in it, so that a few are enough.
    let bundle = "cd etc/kubernetes/pki
        { echo 'subjectAltName=@names'; echo '[names]'; seq 2000 | sed 's/.*/DNS.&=a-name-of-somebodys-&.example/'; } >/ROOT/names
        openssl req -new -key apiserver.key -subj /CN=elsewhere |
            openssl x509 -req -days 1 -signkey apiserver.key -extfile /ROOT/names -out strange 2>/dev/null
        for i in $(seq 20); do cat strange; done >>ca.crt; rm strange /ROOT/names";
    let Some(mut story) = page.begin(broken(&bundle.replace("/ROOT", "../../.."))) else {
        return;
    };
    is_refused(&story, "file-too-large");
    story.put("FILE", &format!("{PKI}/ca.crt"));
    story.run("ls -l");
    story.run("head -c 300");
    assert_eq!(story.run("grep -c").trim(), "21");
    story.run("install -d -m 0700 /root/aside; cp");
    // One version of openssl writes blanks there, another none.
    let names = story.run("openssl crl2pkcs7").replace(" = ", "=");
    assert!(
        names.contains("CN=kubernetes") && names.contains("CN=elsewhere"),
        "{names}"
    );
    story.run("csplit");
    let parts = story.run("for f in").replace(" = ", "=");
    let own = "/root/aside/part-0000 subject=CN=kubernetes";
    assert!(
        parts.starts_with(own) && parts.lines().count() >= 21,
        "{parts}"
    );
    story.run("cat /root/aside/part-0000");
    ends_well(story);

    let noise = "head -c 2097152 /dev/zero >etc/kubernetes/pki/apiserver.crt";
    let mut story = page.begin(broken(noise)).unwrap();
    is_refused(&story, "file-too-large");
    story.put("FILE", &format!("{PKI}/apiserver.crt"));
    story.code("grep -c", 1);
    story.run("ls -l");
    story.run("head -c 300");
    story.run("grep -c");
    story.run("install -d -m 0700 /root/aside; mv");
    ends_well(story);

    let names = "cd etc/kubernetes/pki
        { echo 'extendedKeyUsage=serverAuth'; echo 'subjectAltName=@names'; echo '[names]'
          seq 9000 | sed 's/.*/DNS.&=a-name-that-somebody-generated-&.kube-system.svc.cluster.example/'; } >../../../names
        openssl req -new -key apiserver.key -subj /CN=kube-apiserver |
            openssl x509 -req -days 1 -CA ca.crt -CAkey ca.key -extfile ../../../names -out new.crt 2>/dev/null
        cat new.crt >apiserver.crt; rm new.crt ../../../names";
    let mut story = page.begin(broken(names)).unwrap();
    let said = story
        .machine()
        .rekindle(&["recover", "--yes", "--restart", "touch"])
        .expect(3);
    let others = said
        .stderr
        .lines()
        .find_map(|line| line.split_once("rekindle recover "));
    let (_, others) = others.expect("a command that recovers the others");
    let others: Vec<&str> = others
        .split(' ')
        .chain(["--yes", "--restart", "touch"])
        .collect();
    story
        .machine()
        .rekindle(&[&["recover"], &others[..]].concat())
        .expect(7);
    story.put("FILE", &format!("{PKI}/apiserver.crt"));
    story.put("NAME", "api.example.test");
    story.put("rekindle recover", "rekindle recover --restart touch");
    // Nothing runs there that could be proven.
    story.code("rekindle recover", 7);
    // With its heading.
    assert_eq!(story.run("openssl x509 -in FILE").trim(), "9001");
    story.run("install -d -m 0700 /root/aside; mv");
    story.run("rekindle recover");
    assert_eq!(story.machine().rekindle(&["check"]).code, Some(0));
    drop(story);
    page.end();
}

#[test]
fn truncated() {
    let mut page = Page::open("refused/file-truncated");
    // The first file had no end of line.
    let node = broken(
        "cd etc/kubernetes/pki; { printf %s \"$(cat etcd/ca.crt)\"; cat ca.crt; } >new; cat new >etcd/ca.crt; rm new",
    );
    let Some(mut story) = page.begin(node) else {
        return;
    };
    is_refused(&story, "file-truncated");
    story.put("FILE", &format!("{PKI}/etcd/ca.crt"));
    story.put("NAME", "ca.crt");
    story.follow_to("sed 's/");
    story.run("sed 's/");
    let found = story.run("openssl crl2pkcs7").replace(" = ", "=");
    assert!(
        found.contains("CN=kubernetes") && found.contains("CN=etcd-ca"),
        "{found}"
    );
    ends_well(story);

    let last = "cd etc/kubernetes/pki; sed -i '$d' etcd/ca.crt";
    let without_newline = "cd etc/kubernetes/pki; sed '$d' etcd/ca.crt >new; printf %s \"$(cat new)\" >etcd/ca.crt; rm new";
    for script in [last, without_newline] {
        let mut story = page.begin(broken(script)).unwrap();
        is_refused(&story, "file-truncated");
        story.put("FILE", &format!("{PKI}/etcd/ca.crt"));
        story.run("install -d");
        story.run("sed '$a");
        story.run("openssl x509 -in /root/aside/try");
        story.run("cat /root/aside/try");
        ends_well(story);
    }
    page.end();
}
