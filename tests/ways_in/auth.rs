//! What `auth` says of nodes in a folder: each authenticator switched on in turn, and what is wrong with it.

use std::path::Path;

use serde_json::Value;

use super::api_server::{MANIFEST, NODE, with_flags};
use super::entry;
use super::outside;
use super::support::golden;
use super::support::node::Node;
use super::support::program::{Run, rekindle};
use super::support::secrets::Secrets;
use super::support::terminal::Terminal;
use super::support::tree::Tree;
use super::support::worker::Cluster;

const KUBELET: &str = "/var/lib/kubelet/config.yaml";
/// In no output.
const TOKENS: [&str; 3] = ["hunter2-is-no-token", "hunter3", "hunter4"];

fn node() -> Node {
    let node = Node::materialize(NODE);
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    node
}

/// Changes flags of the manifest.
fn set_flags(node: &Node, more: &[&str], without: &[&str]) {
    node.edit(MANIFEST, |text| with_flags(&text, more, without));
}

/// Runs `auth` with both outputs: nothing secret in any, and nothing changes.
#[track_caller]
fn auth(node: &Node, code: i32) -> (Run, Value) {
    let before = Tree::read(node.path());
    let table = rekindle(node.path(), &["auth", "--long"]).expect(code);
    let json = rekindle(node.path(), &["auth", "--output", "json"]).expect(code);
    let secrets = Secrets::of(&before);
    for said in [&table.stdout, &table.stderr, &json.stdout, &json.stderr] {
        assert!(!secrets.are_in(said.as_bytes()), "a key is in {said}");
        for token in TOKENS {
            assert!(!said.contains(token), "{token} is in {said}");
        }
    }
    assert_eq!(Tree::read(node.path()), before, "something changed");
    let document = serde_json::from_str(&json.stdout).unwrap();
    (table, document)
}

/// The names of those that are in a state.
fn names(document: &Value, state: &str) -> Vec<String> {
    let all = document["authenticators"].as_array().unwrap().iter();
    let these = all.filter(|one| one["state"] == state);
    these
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

#[track_caller]
fn value<'a>(entry: &'a Value, setting: &str) -> &'a str {
    let all = entry["evidence"].as_array().unwrap();
    let found = all.iter().find(|one| one["setting"] == setting);
    found.unwrap_or_else(|| panic!("{setting}: {entry}"))["value"]
        .as_str()
        .unwrap()
}

fn compare(name: &str, said: &str, root: &Path) {
    golden::compare(&format!("tests/ways_in/auth.{name}"), said, root);
}

/// What kubeadm switches on.
const KUBEADMS: [&str; 8] = [
    "own-certificates",
    "front-proxy",
    "client-certificates",
    "service-account-tokens",
    "bootstrap-tokens",
    "anonymous",
    "kubelet-client-certificates",
    "kubelet-tokens",
];

#[test]
fn a_node_of_kubeadms() {
    let node = node();
    let (table, document) = auth(&node, 0);
    compare("kubeadm.stdout", &table.stdout, node.path());
    assert_eq!(names(&document, "on"), KUBEADMS);
    assert_eq!(
        entry(&document, "client-certificates")["expirationDate"],
        "2036-11-20T20:55:32Z"
    );
}

#[test]
fn a_node_whose_certificates_have_ended() {
    let node = Node::materialize(NODE);
    let (table, document) = auth(&node, 1);
    compare("expired.stdout", &table.stdout, node.path());
    assert_eq!(
        names(&document, "broken"),
        ["own-certificates", "front-proxy"]
    );
}

#[test]
fn everything_at_once() {
    let node = node();
    outside::prepare(&node);
    node.write_private(
        "/etc/kubernetes/tokens.csv",
        "hunter2-is-no-token,me,1,\"system:masters\"\nhunter3,you,2\n,x,y\n",
    );
    node.shell("chmod 0644 etc/kubernetes/tokens.csv");
    set_flags(
        &node,
        &[
            "token-auth-file=/etc/kubernetes/tokens.csv",
            "oidc-issuer-url=https://dex.example.test",
            "oidc-client-id=kubernetes",
            "oidc-groups-claim=groups",
            "oidc-ca-file=/etc/kubernetes/outside/serving.crt",
            "authentication-token-webhook-config-file=/etc/kubernetes/outside/webhook.conf",
        ],
        &[],
    );
    node.edit(KUBELET, |text| {
        text.replacen("enabled: false", "enabled: true", 1)
            .replace("mode: Webhook", "mode: AlwaysAllow")
    });
    let (table, document) = auth(&node, 0);
    compare("everything.stdout", &table.stdout, node.path());
    assert!(names(&document, "off").is_empty());
    let tokens = entry(&document, "static-tokens");
    assert_eq!(tokens["tokens"], 2);
    let risk = tokens["risk"].as_str().unwrap();
    assert!(risk.starts_with("2 tokens in the clear, 1 of them above RBAC (system:masters), and others may open the file (mode 0644)"), "{risk}");
    let jwt = entry(&document, "jwt");
    assert_eq!(
        value(jwt, "--oidc-username-claim"),
        "sub (prefix https://dex.example.test#)"
    );
    assert!(jwt["risk"].as_str().unwrap().contains("system:masters"));
    let webhook = entry(&document, "webhook");
    assert_eq!(
        value(webhook, "server"),
        "https://127.0.0.1:9443/authenticate"
    );
    // Of two certificates the one that ends first.
    assert!(webhook["expirationDate"].is_string());
}

#[test]
fn nothing_at_all() {
    let node = node();
    set_flags(
        &node,
        &[],
        &[
            "client-ca-file",
            "requestheader-client-ca-file",
            "enable-bootstrap-token-auth",
        ],
    );
    set_flags(&node, &["anonymous-auth=false"], &[]);
    let (_, document) = auth(&node, 0);
    let on = [
        "own-certificates",
        "service-account-tokens",
        "kubelet-client-certificates",
        "kubelet-tokens",
    ];
    assert_eq!(names(&document, "on"), on);
}

#[test]
fn a_configuration_of_authentication() {
    let node = node();
    outside::prepare(&node);
    let pem = String::from_utf8(node.read("/etc/kubernetes/outside/serving.crt")).unwrap();
    let pem = pem.trim().replace('\n', "\n        ");
    let text = format!(
        "apiVersion: apiserver.config.k8s.io/v1beta1
kind: AuthenticationConfiguration
anonymous: {{enabled: true, conditions: [{{path: /livez}}]}}
jwt:
  - issuer:
      url: https://dex.example.test
      discoveryURL: https://dex.internal/.well-known/openid-configuration
      audiences: [one, two]
      audienceMatchPolicy: MatchAny
      certificateAuthority: |
        {pem}
    claimMappings:
      username: {{expression: claims.sub}}
"
    );
    node.write_private("/etc/kubernetes/authentication.yaml", &text);
    set_flags(
        &node,
        &["authentication-config=/etc/kubernetes/authentication.yaml"],
        &[],
    );
    let (_, document) = auth(&node, 0);
    let jwt = entry(&document, "jwt");
    assert_eq!(jwt["state"], "on");
    assert_eq!(value(jwt, "jwt[0].issuer.audiences"), "one,two");
    assert_eq!(
        value(jwt, "jwt[0].issuer.certificateAuthority"),
        "1 certificate"
    );
    assert!(jwt["expirationDate"].is_string());
    let anonymous = entry(&document, "anonymous");
    assert_eq!(value(anonymous, "anonymous.conditions"), "/livez");
    assert!(
        anonymous["risk"]
            .as_str()
            .unwrap()
            .contains("elsewhere 401")
    );

    // With neither of both in it, the flag decides, and no token is known.
    node.write_private(
        "/etc/kubernetes/authentication.yaml",
        &text[..text.find("anonymous").unwrap()],
    );
    let (_, document) = auth(&node, 0);
    assert_eq!(entry(&document, "jwt")["state"], "off");
    assert_eq!(
        value(entry(&document, "anonymous"), "--anonymous-auth"),
        "true (the default)"
    );
}

#[test]
fn what_is_secret_and_malformed() {
    let node = node();
    let tokens = "/etc/kubernetes/tokens.csv";
    let config = "/etc/kubernetes/hook.conf";
    let authentication = "/etc/kubernetes/authentication.yaml";
    set_flags(
        &node,
        &[
            &format!("token-auth-file={tokens}"),
            &format!("authentication-token-webhook-config-file={config}"),
            &format!("authentication-config={authentication}"),
        ],
        &[],
    );
    node.write_private(config, "");
    node.write_private(authentication, "");
    for (path, text) in [
        (tokens, "hunter2-is-no-token,\"hunter3"),
        (tokens, "hunter2-is-no-token,hunter3\"\n"),
        (tokens, "hunter2-is-no-token"),
        (
            config,
            "{clusters: [{name: a, cluster: {server: 'https://hunter3:hunter4@a'}}], users: [{name: b, user: {token: hunter2-is-no-token}}], contexts: [{name: c, context: {cluster: a, user: b}}], current-context: c}",
        ),
        (
            config,
            "{users: [{name: b, user: {token: [hunter2-is-no-token]}}], current-context: c}",
        ),
        (
            config,
            "token: hunter2-is-no-token\ntoken: hunter3: hunter4",
        ),
        (authentication, "jwt: [hunter2-is-no-token"),
        (
            authentication,
            "{apiVersion: apiserver.config.k8s.io/v1, kind: AuthenticationConfiguration, jwt: [{issuer: {url: 'https://hunter3:hunter4@a'}}]}",
        ),
        (authentication, "\u{0}\u{1b}[31m"),
    ] {
        node.write_private(path, text);
        let (table, document) = auth(&node, 1);
        assert!(!table.stdout.contains('\u{1b}'));
        assert!(document["authenticators"].as_array().unwrap().len() == 12);
    }
    compare("broken.stdout", &auth(&node, 1).0.stdout, node.path());
}

#[test]
fn it_fits_into_a_terminal() {
    let node = node();
    set_flags(
        &node,
        &["authentication-token-webhook-config-file=/nowhere"],
        &[],
    );
    let terminal = Terminal::start(node.path(), &["auth", "--long"]);
    let run = terminal.end().expect(1);
    let plain = without_colours(&run.stdout);
    for line in plain.lines().filter(|line| !line.contains("rekindle-test")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let heading = |line: &&str| !line.starts_with("AUTHENTICATOR ");
    let table: Vec<&str> = plain.lines().skip_while(heading).take(13).collect();
    assert!(
        table[8].contains("--authentication-token-webhook-…"),
        "{table:#?}"
    );
}

/// The table and the verdict are what is left on a screen; what is wrong stands right above.
#[test]
fn the_overview_is_last_and_one_can_be_asked_for() {
    let node = Node::materialize(NODE);
    let run = rekindle(node.path(), &["auth"]).expect(1);
    let lines: Vec<&str> = run.stdout.lines().collect();
    let table = lines
        .iter()
        .position(|line| line.starts_with("AUTHENTICATOR "));
    assert!(lines.len() - table.unwrap() <= 20, "{}", run.stdout);
    assert!(lines.len() < 40, "{}", run.stdout);
    let more = format!("rekindle --root {} auth --long", node.path().display());
    assert!(run.stdout.contains(&more), "{}", run.stdout);
    assert!(
        run.stdout.starts_with("API server itself: broken\n"),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains("  risk: "), "{}", run.stdout);
    assert!(
        lines
            .last()
            .unwrap()
            .starts_with("Broken: API server itself; ")
    );
    let one = rekindle(node.path(), &["auth", "anonymous"]).expect(1);
    assert!(one.stdout.starts_with("anonymous: on\n"), "{}", one.stdout);
    assert_eq!(one.stdout.matches("  risk: ").count(), 1);
    let unknown = rekindle(node.path(), &["auth", "nobody"]).expect(2);
    assert!(unknown.stderr.contains("own-certificates"), "{unknown:?}");
}

/// Without colours and carriage returns.
fn without_colours(text: &str) -> String {
    let mut plain = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => while letters.next().is_some_and(|letter| letter != 'm') {},
            '\r' => {}
            other => plain.push(other),
        }
    }
    plain
}

#[test]
fn nodes_without_an_api_server() {
    let cluster = Cluster::of(NODE);
    let run = rekindle(cluster.worker.path(), &["auth"]).expect(1);
    compare("worker.stderr", &run.stderr, cluster.worker.path());

    let node = Node::materialize(NODE);
    node.shell("rm etc/kubernetes/manifests/kube-apiserver.yaml");
    let run = rekindle(node.path(), &["auth"]).expect(1);
    compare("no-manifest.stderr", &run.stderr, node.path());

    let node = Node::materialize(NODE);
    node.write_private(MANIFEST, "{kind: Pod");
    let run = rekindle(node.path(), &["auth"]).expect(1);
    compare("no-manifest.damaged.stderr", &run.stderr, node.path());

    let node = Node::materialize(NODE);
    node.shell("rm var/lib/kubelet/config.yaml");
    let (_, document) = auth(&node, 1);
    assert_eq!(document["authenticators"].as_array().unwrap().len(), 9);
    assert!(document["obstacles"].to_string().contains("kubelet"));
}
