//! A kubeconfig that kubectl may understand, and that cannot be renewed safely.

use super::situation::Situation;

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
