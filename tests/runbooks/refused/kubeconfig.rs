//! A kubeconfig that kubectl may understand, and that cannot be renewed safely.

use super::{NODE, broken, refuses};
use crate::page::Page;
use crate::story::Story;
use crate::support::node::Node;

const ADMIN: &str = "/etc/kubernetes/admin.conf";
const PLAN: &str = "rekindle plan";

/// The node with another admin.conf.
fn edited(edit: impl FnOnce(String) -> String) -> Node {
    let node = Node::materialize(NODE);
    node.edit(ADMIN, edit);
    node
}

/// Begins where the message is that the page is about.
fn begin<'page>(page: &'page mut Page, node: Node, code: &str) -> Option<Story<'page>> {
    let mut story = page.begin(node)?;
    story.put("FILE", ADMIN);
    refuses(&mut story, PLAN, code);
    Some(story)
}

/// The number in front of the first line that contains all of it, as `grep -n` writes it.
fn number<'said>(said: &'said str, part: &str) -> &'said str {
    let line = said.lines().find(|line| line.contains(part)).unwrap();
    line.split_once(':').unwrap().0
}

#[test]
fn anchors() {
    let mut page = Page::open("refused/kubeconfig-anchors");
    let node = edited(|text| {
        let anchored = "    client-certificate-data: &certificate ";
        text.replacen("    client-certificate-data: ", anchored, 1)
    });
    let Some(mut story) = begin(&mut page, node, "kubeconfig-anchors") else {
        return;
    };
    let found = story.run("grep -noE");
    assert_eq!(found.lines().count(), 1, "{found}");
    if !story.has("kubectl") {
        story.types("umask 077; install -d /root/aside; sed 's/&certificate //' /etc/kubernetes/admin.conf >/root/aside/plain.conf");
    }
    story.follow();
    story.run(PLAN);
    story.is_mended();
    drop(story);
    page.end();
}

#[test]
fn the_same_key_twice() {
    let mut page = Page::open("refused/kubeconfig-duplicate-keys");
    let node = edited(|text| {
        let node = Node::materialize(NODE);
        let other = String::from_utf8(node.read("/etc/kubernetes/scheduler.conf")).unwrap();
        let line = |text: &str| {
            let mut lines = text.lines();
            let line = lines.find(|line| line.contains("client-certificate-data"));
            format!("{}\n", line.unwrap())
        };
        let own = line(&text);
        text.replace(&own, &(line(&other) + &own))
    });
    let Some(mut story) = begin(&mut page, node, "kubeconfig-duplicate-keys") else {
        return;
    };
    let places = story.run("grep -noE");
    let fingerprints = |said: &str| -> Vec<String> {
        let lines = said.lines().filter(|line| line.contains("stdin)= "));
        lines.map(str::to_owned).collect()
    };
    let certificates = story.run("sed -n 's/^ *client-certificate-data");
    assert!(
        certificates.contains("system:kube-scheduler"),
        "{certificates}"
    );
    let certificates = fingerprints(&certificates);
    let keys = fingerprints(&story.run("sed -n 's/^ *client-key-data"));
    assert_eq!(certificates.len(), 2);
    assert_eq!(certificates[1..], keys);
    assert_ne!(certificates[0], keys[0]);
    story.put("NUMBER", number(&places, "client-certificate-data"));
    story.follow();
    story.run(PLAN);
    story.is_mended();
    drop(story);
    page.end();
}

#[test]
fn does_not_hang_together() {
    let mut page = Page::open("refused/kubeconfig-invalid");
    let code = "kubeconfig-invalid";
    let alice = edited(|text| text.replace("user: kubernetes-admin", "user: alice"));
    let Some(mut story) = begin(&mut page, alice, code) else {
        return;
    };
    story.put("CONTEXT", "kubernetes-admin@kubernetes");
    story.put("CLUSTER", "kubernetes");
    story.put("USER", "kubernetes-admin");
    story.follow();
    if story.has("kubectl") {
        story.run(PLAN);
        story.is_mended();
    }
    drop(story);

    let other = edited(|text| {
        let current = "current-context: kubernetes-admin@kubernetes";
        text.replace(current, "current-context: other")
    });
    let mut story = begin(&mut page, other, code).unwrap();
    if story.has("kubectl") {
        let contexts = story.run("kubectl config get-contexts");
        assert!(
            contexts.contains("kubernetes-admin@kubernetes"),
            "{contexts}"
        );
        let (said, ended) = story.types(&format!(
            "kubectl config use-context kubernetes-admin@kubernetes --kubeconfig {ADMIN}"
        ));
        assert_eq!(ended, 0, "{said}");
        story.is_mended();
    }
    drop(story);

    // Another file was written over it, and there is no backup.
    let secret = edited(|text| text.replace("kind: Config", "kind: Secret"));
    let mut story = begin(&mut page, secret, code).unwrap();
    story.code("kubectl config view", 1);
    story.run("ls -l --full-time");
    story.run("kubectl config view");
    story.types("install -d -m 0700 /root/aside; mv /etc/kubernetes/admin.conf /root/aside/");
    story.run(PLAN);
    story.is_mended();
    drop(story);
    page.end();
}

#[test]
fn no_current_context() {
    let mut page = Page::open("refused/kubeconfig-no-current-context");
    let node = || {
        edited(|text| {
            let (before, after) = text.split_once("current-context:").unwrap();
            let (_, after) = after.split_once('\n').unwrap();
            format!("{before}{after}")
        })
    };
    let Some(mut story) = begin(&mut page, node(), "kubeconfig-no-current-context") else {
        return;
    };
    story.put("NAME", "kubernetes-admin@kubernetes");
    if story.has("kubectl") {
        let contexts = story.run("kubectl config get-contexts");
        assert!(
            contexts.contains("kubernetes-admin@kubernetes"),
            "{contexts}"
        );
    }
    story.follow_to("grep -n");
    if story.has("kubectl") {
        story.run(PLAN);
        story.is_mended();
    }
    drop(story);

    let mut story = begin(&mut page, node(), "kubeconfig-no-current-context").unwrap();
    assert!(story.run("tail -n 1 FILE").contains("client-key-data"));
    let contexts = story.run("grep -n -A 4");
    assert!(
        contexts.contains("name: kubernetes-admin@kubernetes"),
        "{contexts}"
    );
    story.put("NAME", "kubernetes-admin@kubernetes");
    story.run("echo 'current-context");
    story.run(PLAN);
    story.is_mended();
    drop(story);
    page.end();
}

/// The kubeconfig with another way to log on for its user.
fn login(kubeconfig: &str, user: &str) -> String {
    let mut text = String::new();
    for line in kubeconfig.lines() {
        match line.trim().split(':').next() {
            Some("client-certificate-data") => text += user,
            Some("client-key-data") => {}
            _ => text = text + line + "\n",
        }
    }
    text
}

#[test]
fn another_login() {
    let mut page = Page::open("refused/kubeconfig-other-login");
    let code = "kubeconfig-other-login";
    let token = "    token: sesame-open-the-door\n";
    // It is meant so.
    let Some(mut story) = begin(&mut page, edited(|text| login(&text, token)), code) else {
        return;
    };
    let said = refuses(&mut story, PLAN, code);
    let others = said.lines().find_map(|line| line.split_once("--only "));
    story.put("apiserver,…", others.unwrap().1);
    let shown = story.run("kubectl config view") + &story.run("grep -noE");
    assert!(!shown.contains("sesame"), "{shown}");
    let planned = story.run("rekindle plan --only");
    assert!(planned.contains("scheduler.conf"), "{planned}");
    drop(story);

    // It belongs elsewhere.
    let mut story = begin(&mut page, edited(|text| login(&text, token)), code).unwrap();
    story.types("mkdir /root/.kube; mv /etc/kubernetes/admin.conf /root/.kube/config");
    story.is_mended();
    drop(story);

    // Another user of the file has a certificate.
    let several = edited(|text| {
        let context = "- context:\n    cluster: kubernetes\n    user: me\n  name: me\n";
        let user = format!("- name: me\n  user:\n{token}");
        text.replace("contexts:\n", &format!("contexts:\n{context}"))
            .replace("users:\n", &format!("users:\n{user}"))
            .replace(
                "current-context: kubernetes-admin@kubernetes",
                "current-context: me",
            )
    });
    let mut story = begin(&mut page, several, code).unwrap();
    if story.has("kubectl") {
        let (said, ended) = story.types(&format!(
            "kubectl config use-context kubernetes-admin@kubernetes --kubeconfig {ADMIN}"
        ));
        assert_eq!(ended, 0, "{said}");
        story.is_mended();
    }
    drop(story);
    page.end();
}

#[test]
fn several_documents() {
    let mut page = Page::open("refused/kubeconfig-several-documents");
    let code = "kubeconfig-several-documents";
    let node = || {
        broken(
            "cat etc/kubernetes/scheduler.conf >x; echo --- >>x; cat etc/kubernetes/admin.conf >>x; cat x >etc/kubernetes/admin.conf; rm x",
        )
    };
    let first = "sed '1{/^---/d};/^---/,$d'";
    // The second one is the right one.
    let Some(mut story) = begin(&mut page, node(), code) else {
        return;
    };
    story.put("/root/aside/NAME", "/root/aside/admin.conf");
    let begins = story.run("grep -n '^---'");
    let places = story.run("grep -nE");
    assert_eq!(
        places.matches("client-certificate-data").count(),
        2,
        "{places}"
    );
    let dates = story.run("sed -n 's/^ *client-certificate-data");
    assert!(
        dates.contains("kubernetes-admin") && dates.contains("system:kube-scheduler"),
        "{dates}"
    );
    story.run("install -d");
    story.put("NUMBER", number(&begins, "---"));
    story.run("tail -n +NUMBER");
    let (kept, _) = story.types("cat /etc/kubernetes/admin.conf");
    assert!(
        kept.starts_with("apiVersion") && kept.contains("name: kubernetes-admin\n"),
        "{kept}"
    );
    story.is_mended();
    drop(story);

    let doubled = edited(|text| format!("---\n{text}---\n{text}"));
    let mut story = begin(&mut page, doubled, code).unwrap();
    story.put("/root/aside/NAME", "/root/aside/admin.conf");
    story.run("install -d");
    story.run(first);
    story.run("kubectl config view");
    story.run(PLAN);
    story.is_mended();
    drop(story);
    page.end();
}
