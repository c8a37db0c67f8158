//! What was planted is found, and nothing else.

use serde_json::{Value, json};

use crate::cluster::{Cluster, SNAPSHOT, secret};
use crate::support::api_server::{CLIENT, NOBODY, bearer};
use crate::support::interruption::wait_for;

/// Namespaces, accounts, and all that is no long-lived token of theirs.
const AROUND: &str = r#"
{apiVersion: v1, kind: Namespace, metadata: {name: ci}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: apps}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: robot, namespace: ci}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: web, namespace: apps}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: old, namespace: apps}, secrets: [{name: old-token}]}
---
{apiVersion: v1, kind: Secret, metadata: {name: plain, namespace: apps}, stringData: {password: hunter2-hunter2-hunter2}}
---
apiVersion: v1
kind: Secret
metadata:
  name: pretender
  namespace: apps
  annotations: {kubernetes.io/service-account.name: web, kubernetes.io/service-account.uid: "1"}
stringData: {token: not-a-token-of-kubernetes}
---
apiVersion: v1
kind: Secret
type: bootstrap.kubernetes.io/token
metadata: {name: bootstrap-token-abcdef, namespace: kube-system}
stringData: {token-id: abcdef, token-secret: 0123456789abcdef}
"#;

/// Pods that use a Secret in each of the usual ways, one in another namespace, and one that uses none.
const PODS: &str = r"
apiVersion: v1
kind: Pod
metadata: {name: by-volume, namespace: apps}
spec:
  containers: [{name: a, image: a}]
  volumes: [{name: t, secret: {secretName: web-token}}]
---
apiVersion: v1
kind: Pod
metadata: {name: by-env, namespace: apps}
spec:
  initContainers: [{name: b, image: a, env: [{name: T, valueFrom: {secretKeyRef: {name: web-token, key: token}}}]}]
  containers: [{name: a, image: a}]
---
apiVersion: v1
kind: Pod
metadata: {name: by-projection, namespace: apps}
spec:
  containers: [{name: a, image: a}]
  volumes: [{name: t, projected: {sources: [{secret: {name: web-token}}]}}]
---
apiVersion: v1
kind: Pod
metadata: {name: elsewhere, namespace: ci}
spec:
  containers: [{name: a, image: a, envFrom: [{secretRef: {name: web-token}}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: none, namespace: apps}
spec:
  serviceAccountName: web
  containers: [{name: a, image: a}]
";

/// What an entry says that does not hang on the moment.
fn told(audit: &Value) -> Vec<Value> {
    let tokens = audit["tokens"].as_array().unwrap();
    let tokens = tokens.iter().map(|token| {
        assert!(token["age"].as_i64().unwrap() < 3600, "{token}");
        assert!(token["accountUid"].as_str().unwrap().len() == 36, "{token}");
        json!([
            token["namespace"],
            token["account"],
            token["secret"],
            token["mountedBy"],
            token["listedByAccount"],
            token["lastUsed"].is_string(),
        ])
    });
    tokens.collect()
}

fn planted() -> Vec<Value> {
    let users = ["by-env", "by-projection", "by-volume"];
    vec![
        json!(["apps", "old", "old-token", [], true, false]),
        json!(["apps", "web", "web-token", users, false, false]),
        json!(["ci", "robot", "robot-token", [], false, true]),
    ]
}

#[test]
fn the_planted_tokens_are_found_and_no_other() {
    let Some(mut cluster) = Cluster::start() else {
        return;
    };
    cluster.server.apply(AROUND);
    // Nothing is planted yet.
    let nothing = cluster.audit(&[], 0);
    assert_eq!(nothing["tokens"], json!([]));
    assert_eq!(nothing["complete"], true);
    plant(&mut cluster);

    let by_api = cluster.audit(&[], 1);
    assert_eq!(told(&by_api), planted(), "{by_api:#}");
    assert_eq!(by_api["complete"], true, "{by_api:#}");
    assert_eq!(by_api["source"], "api");
    assert_eq!(by_api["kind"], "TokenAudit");
    assert_eq!(by_api["apiVersion"], "rekindle.dev/v1");
    assert_eq!(by_api["trackedSince"].as_str().unwrap().len(), 10);

    cluster.take_snapshot();
    let in_snapshot = cluster.audit(&["--snapshot", SNAPSHOT], 1);
    assert_eq!(told(&in_snapshot), planted(), "{in_snapshot:#}");
    assert_eq!(in_snapshot["complete"], true);
    assert_eq!(in_snapshot["snapshot"]["checksum"], true);
    let written = in_snapshot["snapshot"]["written"].as_str().unwrap();
    assert_eq!(written.len(), "2026-11-24T03:12:45Z".len(), "{written}");
    let table = cluster.table(&["--snapshot", SNAPSHOT], 1);
    println!("{table}");
    assert!(
        table.contains("by-env, by-projection, by-volume"),
        "{table}"
    );
    assert!(table.contains("3 tokens without an end."), "{table}");
    println!("{}", cluster.table(&[], 1));

    refused(&cluster);
    encrypted(&cluster);
    as_json(&cluster);
    stopped(&cluster);
}

fn plant(cluster: &mut Cluster) {
    let tokens = [
        ("ci", "robot-token", "robot"),
        ("apps", "web-token", "web"),
        ("apps", "old-token", "old"),
        ("apps", "gone-token", "web"),
        ("apps", "changed", "web"),
    ];
    let secrets = tokens.map(|(namespace, name, account)| secret(namespace, name, account));
    cluster.server.apply(&secrets.concat());
    let [robot, ..] = tokens.map(|(namespace, name, _)| cluster.token(namespace, name));
    // One goes, one becomes another under the same name.
    for name in ["gone-token", "changed"] {
        cluster
            .server
            .kubectl(&["delete", "secret", name, "-n", "apps"]);
    }
    let opaque = ["create", "secret", "generic", "changed", "-n", "apps"];
    cluster.server.kubectl(&opaque);
    // Bound ones are no Secrets.
    cluster
        .server
        .kubectl(&["create", "token", "robot", "-n", "ci"]);
    let accounts = ["get", "serviceaccount", "default", "-n"];
    for namespace in ["ci", "apps"] {
        let all = [&accounts[..], &[namespace, "--ignore-not-found"]].concat();
        wait_for(|| (!cluster.server.kubectl(&all).is_empty()).then_some(()));
    }
    cluster.server.apply(PODS);
    assert_eq!(cluster.server.who_is(bearer(&robot)).status, 201);
    let label = [
        "get",
        "secret",
        "robot-token",
        "-n",
        "ci",
        "-o",
        "jsonpath={.metadata.labels}",
    ];
    wait_for(|| {
        cluster
            .server
            .kubectl(&label)
            .contains("last-used")
            .then_some(())
    });
}

/// The label that the runbook sets is one that the server heeds, and that is told.
fn refused(cluster: &Cluster) {
    let label = "kubernetes.io/legacy-token-invalid-since";
    let secret = ["label", "secret", "old-token", "-n", "apps"];
    let set = format!("{label}=2026-01-05");
    cluster.server.kubectl(&[&secret[..], &[&set]].concat());
    let audit = cluster.audit(&[], 1);
    assert_eq!(audit["tokens"][0]["invalidSince"], "2026-01-05");
    let table = cluster.table(&[], 1);
    assert!(table.contains("3 tokens without an end, 1 of them refused already."));
    let unset = format!("{label}-");
    cluster.server.kubectl(&[&secret[..], &[&unset]].concat());
}

/// A provider with a key of 32 bytes, which is everybody's.
const AESCBC: &str = r#"{"aescbc": {"keys": [{"name": "key1", "secret": "c2VjcmV0IGlzIHNlY3VyZSwgb3IgaXMgaXQ/ISEhISE="}]}}"#;
const IDENTITY: &str = r#"{"identity": {}}"#;

/// How Secrets are written is what the first provider does; all of them can read.
fn write_providers(cluster: &Cluster, providers: &str) {
    let text = format!(
        r#"{{"apiVersion": "apiserver.config.k8s.io/v1", "kind": "EncryptionConfiguration", "resources":
        [{{"resources": ["secrets"], "providers": [{providers}]}}]}}"#
    );
    cluster
        .server
        .write("/etc/kubernetes/pki/encryption.yaml", &text);
}

/// Encrypted Secrets cannot be looked into, and that is said; by way of the API all are seen.
fn encrypted(cluster: &Cluster) {
    write_providers(cluster, &format!("{AESCBC}, {IDENTITY}"));
    let flag = "encryption-provider-config=/etc/kubernetes/pki/encryption.yaml";
    cluster.server.set_flags(&[flag], &[]);
    cluster.server.start(&[NOBODY, CLIENT]);
    // Those that are written from now on.
    cluster.take_snapshot();
    let half = cluster.audit(&["--snapshot", SNAPSHOT], 1);
    assert_eq!(told(&half), planted(), "{half:#}");
    touch_secrets(cluster);
    cluster.take_snapshot();
    let audit = cluster.audit(&["--snapshot", SNAPSHOT], 1);
    assert_eq!(audit["tokens"], json!([]), "{audit:#}");
    assert_eq!(audit["complete"], false);
    let unseen = audit["unseen"].as_array().unwrap();
    assert_eq!(unseen.len(), 1, "{audit:#}");
    let unseen = unseen[0].as_str().unwrap();
    assert!(unseen.starts_with("Secrets: ") && unseen.ends_with(" encrypted with aescbc"));
    let table = cluster.table(&["--snapshot", SNAPSHOT], 1);
    println!("{table}");
    assert!(table.contains("not all could be looked at"), "{table}");
    let by_api = cluster.audit(&[], 1);
    assert_eq!(told(&by_api), planted(), "{by_api:#}");
}

/// As clusters stored everything up to Kubernetes 1.5, and as it can still be asked for; unencrypted again.
fn as_json(cluster: &Cluster) {
    write_providers(cluster, &format!("{IDENTITY}, {AESCBC}"));
    let encryption = "encryption-provider-config=/etc/kubernetes/pki/encryption.yaml";
    let json = "storage-media-type=application/json";
    cluster.server.set_flags(&[encryption, json], &[]);
    cluster.server.start(&[NOBODY, CLIENT]);
    touch_secrets(cluster);
    let pods = ["annotate", "pods", "--all", "-A", "note=touched"];
    cluster.server.kubectl(&pods);
    let bytes = cluster.take_snapshot();
    let text = br#""kind":"Secret""#;
    assert!(bytes.windows(text.len()).any(|window| window == text));
    let audit = cluster.audit(&["--snapshot", SNAPSHOT], 1);
    assert_eq!(told(&audit), planted(), "{audit:#}");
    assert_eq!(audit["complete"], true, "{audit:#}");
}

/// The file of an etcd that was stopped, and an API server that is gone.
fn stopped(cluster: &Cluster) {
    cluster.server.stop();
    cluster.shell(
        "pid=$(cat /run/etcd.pid); kill $pid; while kill -0 $pid 2>/dev/null; do sleep 0.05; done",
    );
    let database = ["--snapshot", "/var/lib/etcd/member/snap/db"];
    let audit = cluster.audit(&database, 1);
    assert_eq!(told(&audit), planted(), "{audit:#}");
    assert_eq!(audit["snapshot"]["checksum"], false);
    let table = cluster.table(&database, 1);
    assert!(
        table.contains("Nothing vouches that it is whole"),
        "{table}"
    );
    let run = cluster
        .server
        .machine()
        .rekindle(&["tokens", "audit"])
        .expect(3);
    println!("{}", run.stderr);
    for part in [
        "error: the API server of this node does not tell which tokens there are",
        "nothing listens there",
        "rekindle recover",
        "rekindle tokens audit --snapshot FILE",
        "/var/lib/etcd/member/snap/db",
        "etcdctl snapshot save FILE",
        "runbook: rekindle runbook bound-tokens",
    ] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
}

/// Has the API server write each Secret anew.
fn touch_secrets(cluster: &Cluster) {
    let note = format!("note=touched-{}", std::process::id());
    let touch = ["annotate", "secrets", "--all", "-A", "--overwrite", &note];
    cluster.server.kubectl(&touch);
    let again = ["annotate", "secrets", "--all", "-A", "note-"];
    cluster.server.kubectl(&again);
}
