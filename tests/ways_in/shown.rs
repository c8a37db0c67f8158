//! What `whoami` makes of what people bring, without a server: kubeconfigs of every kind, and what is no credential.

use super::api_server::{MANIFEST, NODE};
use super::support::node::Node;
use super::support::program::{Run, command, rekindle, with_input};
use super::support::secrets::Secrets;
use super::support::tree::Tree;

struct Shown {
    node: Node,
    secrets: Secrets,
}

impl Shown {
    fn new() -> Self {
        let node = Node::materialize(NODE);
        rekindle(node.path(), &["recover", "--yes"]).expect(0);
        let secrets = Secrets::of(&Tree::read(node.path()));
        Self { node, secrets }
    }

    /// What is said of a file with that text, in both forms; no secret is.
    #[track_caller]
    fn say(&self, text: &str, code: i32) -> String {
        self.node.shell("mkdir -p shown");
        let file = self.node.file("/shown/credential");
        std::fs::write(&file, text).unwrap();
        let file = file.to_str().unwrap();
        let said = self.run(&["whoami", file], code);
        let json = rekindle(self.node.path(), &["whoami", file, "-o", "json"]);
        assert_eq!(json.code, Some(code));
        let all = format!("{said}{}{}", json.stdout, json.stderr);
        assert!(!self.secrets.are_in(all.as_bytes()), "a key shows");
        assert!(!all.contains("hunter2"), "{all}");
        said
    }

    #[track_caller]
    fn run(&self, arguments: &[&str], code: i32) -> String {
        let run = rekindle(self.node.path(), arguments).expect(code);
        format!("{}{}", run.stdout, run.stderr)
    }

    fn admin(&self) -> String {
        String::from_utf8(self.node.read("/etc/kubernetes/admin.conf")).unwrap()
    }
}

#[track_caller]
fn has(said: &str, expected: &[&str]) {
    // Lines are broken for nobody here, who is no terminal.
    for words in expected {
        assert!(said.contains(words), "{words:?} is not in:\n{said}");
    }
}

#[test]
fn a_kubeconfig_is_looked_at_from_its_current_context_to_its_server() {
    let shown = Shown::new();
    let admin = shown.admin();
    has(
        &shown.say(&admin, 0),
        &["(current)", "RBAC decides", "key        fits"],
    );
    let elsewhere = admin.replace("current-context: ", "current-context: not-");
    has(
        &shown.say(&elsewhere, 1),
        &["no context has that name", "kubectl needs --context"],
    );
    let (before, _) = admin.split_once("current-context:").unwrap();
    let without = format!("{before}\nusers:{}", admin.split_once("users:").unwrap().1);
    has(&shown.say(&without, 1), &["it has no current-context"]);
    let password = admin.replace("server: https://", "server: https://me:hunter2@");
    shown.say(&password, 0);
    let another = admin.replace(
        "server: https://",
        "server: https://somewhere-else.example.test:1/",
    );
    has(
        &shown.say(&another, 1),
        &[
            "before that",
            "is not for somewhere-else.example.test",
            "RBAC decides",
        ],
    );
    let twice = admin.replace(
        "contexts:",
        "contexts:\n- {name: a, context: {}}\n- {name: a, context: {}}",
    );
    has(&shown.say(&twice, 2), &["two contexts of the name"]);
}

#[test]
fn every_way_of_a_user_is_told_apart() {
    let shown = Shown::new();
    let with = |user: &str| {
        format!(
            "clusters: [{{name: k, cluster: {{server: 'https://192.0.2.10:6443', insecure-skip-tls-verify: true}}}}]\n\
             contexts: [{{name: c, context: {{cluster: k, user: me}}}}]\ncurrent-context: c\nusers: [{{name: me, user: {user}}}]\n"
        )
    };
    for (user, expected) in [
        (
            "{exec: {command: aws, args: [hunter2], apiVersion: client.authentication.k8s.io/v1beta1}}",
            &["cannot be told", "the program aws"][..],
        ),
        (
            "{token: hunter2hunter2hunter2}",
            &["401 Unauthorized: unknown token"],
        ),
        (
            "{token: 'Bearer hunter2hunter2'}",
            &["401 Unauthorized: malformed", "Bearer"],
        ),
        ("{token: \"hunter2\\n\"}", &["none: ", "line break"]),
        ("{tokenFile: gone}", &["none: ", "does not exist"]),
        (
            "{username: me, password: hunter2}",
            &["403", "no API server takes passwords"],
        ),
        (
            "{token: hunter2, password: hunter2}",
            &["none: ", "a password and a token"],
        ),
        (
            "{client-certificate-data: Y2VydA==, client-certificate: /c}",
            &["none: ", "client-go refuses it", "are both there"],
        ),
        (
            "{token: hunter2hunter2hunter2, as-groups: [a]}",
            &["none: ", "without as"],
        ),
        (
            "{exec: {command: aws, apiVersion: client.authentication.k8s.io/v1}}",
            &["none: ", "no interactiveMode"],
        ),
        ("{auth-provider: {name: gcp}}", &["none: ", "gcp is gone"]),
        (
            "{auth-provider: {name: oidc, config: {id-token: hunter2hunter2}}}",
            &["401 Unauthorized", "id-token"],
        ),
        ("{}", &["403", "nothing is presented"]),
        (
            "{client-certificate: /gone, client-key: /gone}",
            &["none: ", "does not exist"],
        ),
        (
            "{client-certificate-data: aHVudGVyMg==, client-key: /gone}",
            &["none: ", "not PEM"],
        ),
        (
            "{client-certificate: /etc/kubernetes/pki/apiserver-kubelet-client.crt}",
            &["none: ", "no key"],
        ),
        (
            "{client-certificate: /etc/kubernetes/pki/apiserver-kubelet-client.crt, client-key: /etc/kubernetes/pki/sa.key}",
            &["none: ", "of another certificate"],
        ),
    ] {
        has(&shown.say(&with(user), 1), expected);
    }
    // What is there is shown, and no program asked besides.
    let both = "{client-certificate: /etc/kubernetes/pki/apiserver-kubelet-client.crt, \
                client-key: /etc/kubernetes/pki/apiserver-kubelet-client.key, exec: {command: aws, apiVersion: client.authentication.k8s.io/v1beta1}, as: root, as-groups: [a]}";
    let said = shown.say(&with(both), 0);
    has(
        &said,
        &["kube-apiserver-kubelet-client", "acts as", "root, of a"],
    );
    assert!(!said.contains("aws"));
}

#[test]
fn a_front_proxy_is_told_from_who_is_merely_unknown() {
    let shown = Shown::new();
    let path = |name: &str| shown.node.file(&format!("/etc/kubernetes/pki/{name}"));
    let say = |name: &str| shown.run(&["whoami", path(name).to_str().unwrap()], 1);
    let proxy = say("front-proxy-client.crt");
    has(
        &proxy,
        &["401 Unauthorized: unknown authority", "speaks for any user"],
    );
    assert!(!say("etcd/server.crt").contains("speaks for"));
    shown.node.edit(MANIFEST, |text| {
        text.replace("allowed-names=front-proxy-client", "allowed-names=another")
    });
    assert!(!say("front-proxy-client.crt").contains("speaks for"));
}

#[test]
fn what_is_no_credential_is_refused_with_what_to_name() {
    let shown = Shown::new();
    let key = String::from_utf8(shown.node.read("/etc/kubernetes/pki/apiserver.key")).unwrap();
    for (text, expected) in [
        ("", "is empty"),
        ("kind: Pod\n", "its kind is Pod"),
        ("a b c", "no kubeconfig"),
        ("0\u{82}0", "no kubeconfig"),
        ("kind: Config\n", "without contexts and users"),
        (key.as_str(), "a key alone says nothing"),
        (
            "-----BEGIN AGE ENCRYPTED FILE-----\nYQ==\n-----END AGE ENCRYPTED FILE-----\n",
            "age --decrypt",
        ),
        (
            "-----BEGIN CERTIFICATE REQUEST-----\nYQ==\n-----END CERTIFICATE REQUEST-----\n",
            "no certificate yet",
        ),
        ("-----BEGIN CERTIFICATE-----\n", "cut short"),
    ] {
        let said = shown.say(text, 2);
        has(&said, &[expected, "hint: "]);
    }
    let token = format!("eyJ{}", "a".repeat(80));
    has(&shown.run(&["whoami", &token], 2), &["that is a token"]);
    let path = shown.node.file("/shown/credential");
    std::fs::write(&path, "a.b.c").unwrap();
    let arguments = ["whoami", path.to_str().unwrap(), "--key", "/gone"];
    has(&shown.run(&arguments, 2), &["--key is for a certificate"]);
}

#[test]
fn from_standard_input_nothing_beside_it_is_read() {
    let shown = Shown::new();
    let text = "contexts: [{name: c, context: {cluster: k, user: me}}]\ncurrent-context: c\n\
                clusters: [{name: k, cluster: {server: 'https://a'}}]\nusers: [{name: me, user: {tokenFile: t}}]\n";
    let mut command = command(shown.node.path(), &["whoami", "-"]);
    let output = with_input(&mut command, text.as_bytes()).unwrap();
    let run = Run::from(output).expect(1);
    has(&run.stdout, &["came by standard input"]);
}

#[test]
fn without_a_node_or_with_a_damaged_manifest_nothing_is_predicted() {
    let shown = Shown::new();
    let admin = shown.admin();
    shown.node.write(MANIFEST, "a: [");
    has(&shown.say(&admin, 1), &["manifest cannot be read"]);
    shown.node.shell(&format!("rm .{MANIFEST}"));
    has(&shown.say(&admin, 0), &["judged by kubeadm's defaults"]);
    shown.node.shell("rm -r etc/kubernetes");
    has(&shown.say(&admin, 1), &["is no control-plane node"]);
}
