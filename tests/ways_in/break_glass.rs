//! Break-glass credentials before the real API server: each is whom it says, may what RBAC says, and is nobody after its end.

use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::api_server::{Answer, ApiServer, CLIENT, Credential, NOBODY};
use super::support::interruption::wait_for;
use super::support::leaf::embedded;
use super::support::node::temporary_folder;

/// The files of a credential on the node.
struct Issued {
    certificate: String,
    key: String,
    /// The certificate's fingerprint, as the record has it.
    fingerprint: String,
}

impl Issued {
    /// Makes it, and lays its parts out where curl finds them.
    fn of(server: &ApiServer, name: &str, more: &[&str]) -> Self {
        let folder = temporary_folder();
        let file: PathBuf = folder.path().join("kubeconfig");
        let out = file.to_str().unwrap();
        let usual = [
            "credential",
            "issue",
            "--out",
            out,
            "--reason",
            "a test",
            "--yes",
        ];
        server.rekindle(&[&usual[..], more].concat()).expect(0);
        let text = std::fs::read_to_string(&file).unwrap();
        let certificate = format!("/etc/kubernetes/{name}.crt");
        let key = format!("/etc/kubernetes/{name}.key");
        server.write(
            &certificate,
            &embedded(&text, "client-certificate-data").unwrap(),
        );
        server.write(&key, &embedded(&text, "client-key-data").unwrap());
        let listed = server
            .rekindle(&["credential", "list", "-o", "json"])
            .expect(0);
        let last = listed.stdout.rsplit("\"fingerprint\": \"").next().unwrap();
        let (fingerprint, _) = last.split_once('"').unwrap();
        Self {
            certificate,
            key,
            fingerprint: fingerprint.to_owned(),
        }
    }

    fn ask(&self, server: &ApiServer, path: &str) -> u16 {
        server.get(path, self.shown()).status
    }

    /// Bindings are watched: the server knows a moment later.
    #[track_caller]
    fn wait_for(&self, server: &ApiServer, path: &str, status: u16) {
        wait_for(|| (self.ask(server, path) == status).then_some(()));
    }

    fn who_is(&self, server: &ApiServer) -> Answer {
        server.who_is(self.shown())
    }

    fn shown(&self) -> Credential<'_> {
        Credential {
            certificate: Some((&self.certificate, &self.key)),
            ..NOBODY
        }
    }
}

const PODS: &str = "/api/v1/namespaces/kube-system/pods";
const SECRETS: &str = "/api/v1/namespaces/kube-system/secrets";

#[test]
fn it_works_has_exactly_its_rights_and_is_dead_after_its_time() {
    let Some(server) = ApiServer::prepare() else {
        return;
    };
    server.start(&[NOBODY, CLIENT]);
    let short = ["--user", "breakglass", "--group", "oncall", "--ttl", "1m"];
    let short = Issued::of(&server, "short", &short);
    let begun = Instant::now();
    assert_eq!(short.who_is(&server).status, 201);

    let oncall = [
        "--user",
        "breakglass",
        "--group",
        "oncall",
        "--group",
        "kubeadm:none",
    ];
    let oncall = Issued::of(&server, "oncall", &oncall);
    let answer = oncall.who_is(&server);
    assert_eq!(answer.status, 201, "{answer:?}");
    let body: String = answer.body.split_whitespace().collect();
    for said in [
        "\"username\":\"breakglass\"",
        "\"groups\":[\"oncall\",\"kubeadm:none\",\"system:authenticated\"]",
        // What the audit log calls it.
        &format!("X509SHA256={}", oncall.fingerprint),
    ] {
        assert!(body.contains(said), "{said}: {body}");
    }
    assert_eq!(oncall.ask(&server, PODS), 403);
    // A role of its own: those of Kubernetes are put together by the controller-manager, which does not run here.
    server.kubectl(&[
        "create",
        "clusterrole",
        "pods",
        "--verb=get,list",
        "--resource=pods",
    ]);
    server.kubectl(&[
        "create",
        "clusterrolebinding",
        "oncall",
        "--clusterrole=pods",
        "--group=oncall",
    ]);
    oncall.wait_for(&server, PODS, 200);
    assert_eq!(oncall.ask(&server, SECRETS), 403);
    server.kubectl(&["delete", "clusterrolebinding", "oncall"]);
    oncall.wait_for(&server, PODS, 403);

    let masters = [
        "--user",
        "breakglass",
        "--group",
        "system:masters",
        "--i-know-this-bypasses-rbac",
    ];
    let masters = Issued::of(&server, "masters", &masters);
    assert_eq!(masters.ask(&server, SECRETS), 200);

    // RFC 5280 has 64 characters for each, and Go takes what is there.
    let (user, group) = ("u".repeat(256), "Ärzte ohne Grenzen".repeat(12));
    let long = Issued::of(
        &server,
        "long",
        &[
            "--user",
            &user,
            "--group",
            &group,
            "--algorithm",
            "RSA-2048",
        ],
    );
    let answer = long.who_is(&server);
    assert!(
        answer.body.contains(&user) && answer.body.contains(&group),
        "{answer:?}"
    );

    // Its last second counts.
    sleep(Duration::from_secs(62).saturating_sub(begun.elapsed()));
    assert_eq!(short.who_is(&server).status, 401);
    let listed = server.rekindle(&["credential", "list"]).expect(0);
    assert!(!listed.stdout.contains("breakglass  ended"), "{listed:?}");
    assert!(
        listed.stdout.contains("With those that have ended: "),
        "{listed:?}"
    );
    let all = server.rekindle(&["credential", "list", "--all"]).expect(0);
    assert!(all.stdout.contains("breakglass  ended, "), "{all:?}");
    assert_eq!(oncall.who_is(&server).status, 201);
}
