//! A kubeconfig that kubectl may understand, and that cannot be renewed safely.

use super::situation::{NODE, Situation};
use crate::support::node::Node;
use crate::support::program::rekindle;
use crate::support::tree::Tree;

const ADMIN: &str = "/etc/kubernetes/admin.conf";

#[test]
fn anchors() {
    let situation = Situation::new("kubeconfig-anchors");
    situation.node.edit(ADMIN, |text| {
        text.replacen(
            "    client-certificate-data: ",
            "    client-certificate-data: &certificate ",
            1,
        )
    });
    situation.judge();
}

#[test]
fn the_same_key_twice() {
    let situation = Situation::new("kubeconfig-duplicate-keys");
    situation.node.edit(ADMIN, |text| {
        text.replacen(
            "    client-certificate-data: ",
            "    client-certificate-data: ''\n    client-certificate-data: ",
            1,
        )
    });
    situation.judge();
}

#[test]
fn something_else() {
    let situation = Situation::new("kubeconfig-invalid");
    situation
        .node
        .edit(ADMIN, |text| text.replace("kind: Config", "kind: Secret"));
    situation.judge();
}

#[test]
fn a_user_that_is_not_there() {
    let situation = Situation::new("kubeconfig-invalid.user");
    situation.node.edit(ADMIN, |text| {
        text.replace("user: kubernetes-admin", "user: alice")
    });
    situation.judge();
}

#[test]
fn no_current_context() {
    let situation = Situation::new("kubeconfig-no-current-context");
    situation.node.edit(ADMIN, |text| {
        text.lines()
            .filter(|line| !line.starts_with("current-context:"))
            .fold(String::new(), |text, line| text + line + "\n")
    });
    situation.judge();
}

/// Whoever wrote it logs on with it by naming the user: in whatever style it is written, it is not for a tool to write over.
#[test]
fn a_login_without_a_current_context() {
    let head = "apiVersion: v1\nkind: Config\nusers:";
    let node = Node::materialize(NODE);
    for text in [
        format!("{head}\n- {{name: me, user: {{token: sesame}}}}\n"),
        format!("{head} [{{name: me, user: {{tokenFile: /root/token}}}}]\n"),
        format!("{head}\n- name: me\n  user: {{username: me, password: sesame}}\n"),
        format!("{head}\n- name: me\n  user: {{client-certificate: me.crt, client-key: me.key}}\n"),
        format!("{head}\n- name: me\n  user:\n    password: sesame\n"),
        r#"{"kind": "Config", "users": [{"name": "me", "user": {"token": "sesame"}}]}"#.to_owned(),
        r#"{"users": [{"name": "me", "user": {"exec" : {"command": "sesame"}}}]}"#.to_owned(),
    ] {
        node.write(ADMIN, &text);
        let before = Tree::read(node.path());
        let refused = rekindle(node.path(), &["recover", "--yes"]).expect(3);
        assert!(
            refused.stderr.contains("(kubeconfig-no-current-context)"),
            "{text}{refused:?}"
        );
        assert!(!refused.stderr.contains("sesame"), "{refused:?}");
        assert_eq!(Tree::read(node.path()), before, "{text}");
    }
}

#[test]
fn a_program_logs_on() {
    let situation = Situation::new("kubeconfig-other-login");
    situation.node.edit(ADMIN, |text| {
        let user = "    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      command: aws-iam-authenticator\n";
        login(&text, user)
    });
    situation.judge();
}

#[test]
fn a_token_logs_on() {
    let situation = Situation::new("kubeconfig-other-login.token");
    situation.node.edit(ADMIN, |text| {
        login(&text, "    token: sesame-open-the-door\n")
    });
    situation.judge();
}

#[test]
fn two_documents() {
    let situation = Situation::new("kubeconfig-several-documents");
    situation
        .node
        .edit(ADMIN, |text| format!("{text}---\n{text}"));
    situation.judge();
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
