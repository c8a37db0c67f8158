//! What is signed elsewhere is not what was asked for.

use super::broken;
use crate::page::Page;
use crate::story::Story;
use crate::support::node::Node;
use crate::support::program::{Run, rekindle};

/// The keys are in `/etc/away`, which stands for the place where they are kept.
fn without_keys() -> Node {
    broken(
        "mkdir -p etc/away/etcd
         for name in ca etcd/ca front-proxy-ca; do
             cp etc/kubernetes/pki/$name.crt etc/away/$name.crt; mv etc/kubernetes/pki/$name.key etc/away/$name.key
         done",
    )
}

/// Asks, and lets openssl sign the API server's request: `/root/apiserver.crt`.
fn signed(story: &Story<'_>, before: &str, options: &str) {
    story
        .machine()
        .shell("test -d /root/requests || install -d -m 0700 /root/requests");
    let asked = ["csr", "export", "--out", "/root/requests"];
    if story.machine().shell("ls /root/requests").is_empty() {
        story.machine().rekindle(&asked).expect(0);
    }
    story.machine().shell(&format!(
        "cd /root; cp requests/apiserver.csr asked.csr; {before}
         openssl x509 -req -in asked.csr -CA /etc/away/ca.crt -CAkey /etc/away/ca.key -days 90 {options} -out apiserver.crt 2>/dev/null"
    ));
}

const IMPORT: (&str, &str) = (
    "rekindle csr import",
    "rekindle csr import --certificate apiserver=apiserver.crt --restart touch",
);

#[test]
fn unfit() {
    let mut page = Page::open("refused/certificate-unfit");
    let another_key = "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -subj /CN=kube-apiserver -out asked.csr 2>/dev/null";
    for (before, options) in [(another_key, "-copy_extensions copyall"), ("", "")] {
        let Some(mut story) = page.begin(without_keys()) else {
            return;
        };
        signed(&story, before, options);
        story.put(IMPORT.0, IMPORT.1);
        story.code("rekindle csr import", 3);
        let said = story.run("rekindle csr import");
        assert!(said.contains("runbook certificate-unfit"), "{said}");
        let asked = story.run("openssl req -in /root/requests/apiserver.csr -noout -pubkey");
        let came = story.run("openssl x509 -in apiserver.crt -noout -pubkey");
        assert_eq!(asked == came, before.is_empty());
        let asked = story.run("openssl req -in /root/requests/apiserver.csr -noout -text");
        assert!(asked.contains("DNS:api.example.test"), "{asked}");
        let came = story.run("openssl x509 -in apiserver.crt -noout -text");
        assert!(!came.contains("DNS:api.example.test"), "{came}");
        story.run("openssl verify");

        signed(&story, "", "-copy_extensions copyall");
        // The others are as they were, and named.
        story.code("rekindle csr import", 1);
        story.run("rekindle csr import");
        story.code("rekindle check", 1);
        let said = story.run("rekindle check");
        assert!(said.contains("apiserver"), "{said}");

        story
            .machine()
            .shell("cp /etc/away/ca.key /etc/kubernetes/pki/");
        story.put(
            "rekindle recover --add-san",
            "rekindle recover --add-san apiserver=new.example.test --only apiserver --restart touch",
        );
        story.code("rekindle recover --add-san", 7);
        story.run("rekindle recover --add-san");
        let names = story
            .machine()
            .shell("openssl x509 -in /etc/kubernetes/pki/apiserver.crt -noout -ext subjectAltName");
        assert!(names.contains("DNS:new.example.test"), "{names}");
    }
    page.end();
}

/// The fingerprint that an export printed.
fn fingerprint(said: &str) -> String {
    let line = said
        .lines()
        .find_map(|line| line.strip_prefix("Sealed by sha256:"));
    line.unwrap_or_else(|| panic!("{said}")).to_owned()
}

/// Signs where the keys are, into `/root/answer.rekindle`.
fn sign(story: &Story<'_>, requests: &str, fingerprint: &str) -> Run {
    let signed = ["csr", "sign", requests, "--ca-dir", "/etc/away", "--yes"];
    let wishes = ["--expect", fingerprint, "--out", "/root/answer.rekindle"];
    story.machine().rekindle(&[&signed[..], &wishes].concat())
}

fn import(story: &Story<'_>) -> Run {
    let import = ["csr", "import", "/root/answer.rekindle", "--yes"];
    let wishes = ["--restart", "touch"];
    story.machine().rekindle(&[&import[..], &wishes].concat())
}

#[test]
fn unusable() {
    let mut page = Page::open("refused/requests-unusable");
    let other = without_keys();
    other.shell("mkdir etc/requests");
    let folder = other.file("/etc/requests");
    let export = ["csr", "export", "--out", folder.to_str().unwrap()];
    let others = fingerprint(&rekindle(other.path(), &export).expect(0).stdout);

    let node = without_keys();
    let requests = other.read("/etc/requests/requests.rekindle");
    node.write("/etc/away/requests.rekindle", requests);
    let Some(mut story) = page.begin(node) else {
        return;
    };
    let unusable = |run: Run| {
        let run = run.expect(3);
        assert!(run.stderr.contains("runbook requests-unusable"), "{run:?}");
    };
    let requests = "/etc/away/requests.rekindle";
    unusable(sign(&story, requests, &"0".repeat(64)));
    story
        .machine()
        .shell("head -c 2000 /etc/away/requests.rekindle >/root/torn");
    unusable(sign(&story, "/root/torn", &others));
    sign(&story, requests, &others).expect(0);
    unusable(import(&story));
    let digest = story.run("sha256sum");
    assert!(digest.contains("answer.rekindle"), "{digest}");

    story.run("install -d");
    let own = fingerprint(&story.run("rekindle csr export"));
    let asked = story.run("ls -l");
    assert!(asked.contains(&own) && !asked.contains(&others), "{asked}");
    story.machine().shell("rm /root/answer.rekindle");
    sign(&story, "/root/requests-again/requests.rekindle", &own).expect(0);
    // Nothing runs there that could be proven.
    import(&story).expect(7);
    assert_eq!(story.machine().rekindle(&["check"]).code, Some(0));
    drop(story);
    page.end();
}
