//! What `auth` says, held against the real API server: each authenticator is switched on in turn, and asked.

use serde_json::Value;

use super::api_server::{ApiServer, CLIENT, Credential, NOBODY, bearer};
use super::entry;
use super::outside;

const STATIC_TOKENS: &str = "/etc/kubernetes/tokens.csv";
const STATIC_TOKEN: &str = "written-down-once";
const BOOTSTRAP_TOKEN: &str = "abcdef.0123456789abcdef";
const CONFIGURATION: &str = "/etc/kubernetes/authentication.yaml";
const SECRETS: &str = "/api/v1/namespaces/kube-system/secrets";
const FRONT_PROXY: Credential<'static> = Credential {
    certificate: Some((
        "/etc/kubernetes/pki/front-proxy-client.crt",
        "/etc/kubernetes/pki/front-proxy-client.key",
    )),
    token: None,
    headers: &["X-Remote-User: alice", "X-Remote-Group: people"],
};

/// The states that `auth -o json` shows.
struct States(Value);

impl States {
    #[track_caller]
    fn of(server: &ApiServer, code: i32) -> Self {
        let run = server.rekindle(&["auth", "-o", "json"]).expect(code);
        Self(serde_json::from_str(&run.stdout).unwrap())
    }

    /// Whether that authenticator is said to let people in, and whether it does.
    #[track_caller]
    fn agrees(&self, name: &str, answered: bool) {
        let entry = entry(&self.0, name);
        let said = if answered { "on" } else { "off" };
        assert_eq!(entry["state"], said, "{entry}");
    }

    #[track_caller]
    fn is_broken(&self, name: &str, why: &str) {
        let entry = entry(&self.0, name);
        assert_eq!(entry["state"], "broken", "{entry}");
        assert!(entry["faults"].to_string().contains(why), "{entry}");
    }
}

/// Whether somebody is known, and as whom; 401 and 403 alone mean that they are not.
#[track_caller]
fn knows(server: &ApiServer, who: Credential<'_>, user: &str) -> bool {
    let answer = server.who_is(who);
    match answer.status {
        201 => {
            let review: Value = serde_json::from_str(&answer.body).unwrap();
            assert_eq!(review["status"]["userInfo"]["username"], user);
            true
        }
        // With 403 it is taken for anonymous.
        401 | 403 => false,
        _ => panic!("{answer:?}"),
    }
}

/// An `AuthenticationConfiguration` for the issuer, and for anonymous requests at two paths.
fn configuration_of(authority: &[u8]) -> String {
    let pem = std::str::from_utf8(authority).unwrap();
    let pem = pem.trim().replace('\n', "\n        ");
    format!(
        "apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
anonymous: {{enabled: true, conditions: [{{path: /livez}}, {{path: /readyz}}]}}
jwt:
  - issuer:
      url: {}
      audiences: [kubernetes]
      certificateAuthority: |
        {pem}
    claimMappings:
      username: {{claim: sub, prefix: 'dex:'}}
      groups: {{claim: groups, prefix: ''}}
",
        outside::ISSUER
    )
}

/// Asks each authenticator for whom it would know, and holds `auth` against the answers.
#[track_caller]
fn compare(server: &ApiServer, service_account: &str, person: (&str, &str), code: i32) {
    let states = States::of(server, code);
    states.agrees(
        "client-certificates",
        knows(server, CLIENT, "kube-apiserver-kubelet-client"),
    );
    states.agrees("front-proxy", knows(server, FRONT_PROXY, "alice"));
    states.agrees(
        "static-tokens",
        knows(server, bearer(STATIC_TOKEN), "stella"),
    );
    states.agrees(
        "service-account-tokens",
        knows(
            server,
            bearer(service_account),
            "system:serviceaccount:kube-system:default",
        ),
    );
    states.agrees(
        "bootstrap-tokens",
        knows(server, bearer(BOOTSTRAP_TOKEN), "system:bootstrap:abcdef"),
    );
    states.agrees("jwt", knows(server, bearer(person.0), person.1));
    states.agrees("webhook", knows(server, bearer(outside::HOOKED), "wendy"));
    states.agrees("anonymous", server.get("/livez", NOBODY).status == 200);
}

#[test]
fn each_authenticator_in_turn() {
    let Some(server) = ApiServer::prepare() else {
        return;
    };
    let node = server.machine().node();
    outside::prepare(node);
    outside::serve(&server);
    node.write_private(STATIC_TOKENS, format!("{STATIC_TOKEN},stella,1,\"a,b\"\n"));
    let person = outside::token(node, "olivia", "people");
    let oidc_user = format!("{}#olivia", outside::ISSUER);

    // As kubeadm has it.
    server.start(&[NOBODY]);
    server.apply(
        "apiVersion: v1
kind: Secret
metadata: {name: bootstrap-token-abcdef, namespace: kube-system}
type: bootstrap.kubernetes.io/token
stringData: {token-id: abcdef, token-secret: 0123456789abcdef, usage-bootstrap-authentication: 'true'}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: kube-system}
",
    );
    let service_account =
        server.kubectl(&["create", "token", "default", "--namespace=kube-system"]);
    let service_account = service_account.trim();
    let compare = |user: &str, code| compare(&server, service_account, (&person, user), code);
    compare("nobody", 0);
    // Who is known may be refused; who is not is a stranger.
    assert_eq!(server.get(SECRETS, NOBODY).status, 403);
    assert_eq!(server.get(SECRETS, bearer(STATIC_TOKEN)).status, 401);

    let ca = format!("{}/serving.crt", outside::FOLDER);
    let tokens = format!("token-auth-file={STATIC_TOKENS}");
    let hook = format!(
        "authentication-token-webhook-config-file={}/webhook.conf",
        outside::FOLDER
    );
    let url = format!("oidc-issuer-url={}", outside::ISSUER);
    let oidc_ca = format!("oidc-ca-file={ca}");
    let configuration = format!("authentication-config={CONFIGURATION}");
    node.write_private(CONFIGURATION, configuration_of(&node.read(&ca)));

    let turns: [(&[&str], &[&str], &str); 9] = [
        (&[&tokens], &[], "nobody"),
        (&[], &["client-ca-file"], "nobody"),
        (&[], &["requestheader-client-ca-file"], "nobody"),
        (&[], &["requestheader-username-headers"], "nobody"),
        (&[], &["enable-bootstrap-token-auth"], "nobody"),
        (&["anonymous-auth=false"], &[], "nobody"),
        (&[&hook], &[], "nobody"),
        (
            &[&url, "oidc-client-id=kubernetes", &oidc_ca],
            &[],
            &oidc_user,
        ),
        (&[&configuration], &[], "dex:olivia"),
    ];
    for (more, without, user) in turns {
        println!("{more:?}, without {without:?}");
        server.set_flags(more, without);
        server.start(&[NOBODY, CLIENT]);
        if more.contains(&url.as_str()) || more.contains(&configuration.as_str()) {
            // Its keys are fetched in the background.
            let begin = std::time::Instant::now();
            while !knows(&server, bearer(&person), user) && begin.elapsed().as_secs() < 30 {
                std::thread::sleep(std::time::Duration::from_millis(200));
            }
        }
        compare(user, 0);
        if more.contains(&configuration.as_str()) {
            // Anonymous, at the paths that are named alone.
            assert_eq!(server.get(SECRETS, NOBODY).status, 401);
            assert_eq!(server.get("/healthz", NOBODY).status, 401);
            // And the risks are real: an issuer whose groups have no prefix, and a front proxy, make anybody an administrator.
            let master = outside::token(node, "mallory", "system:masters");
            assert_eq!(server.get(SECRETS, bearer(&person)).status, 403);
            assert_eq!(server.get(SECRETS, bearer(&master)).status, 200);
            let master = Credential {
                headers: &["X-Remote-User: mallory", "X-Remote-Group: system:masters"],
                ..FRONT_PROXY
            };
            assert_eq!(server.get(SECRETS, master).status, 200);
        }
    }

    // Without RBAC nobody is let in anonymously, whatever the flag says.
    server.set_flags(&["authorization-mode=AlwaysAllow"], &["authorization-mode"]);
    server.start(&[CLIENT]);
    assert_eq!(server.get(SECRETS, CLIENT).status, 200);
    States::of(&server, 0).agrees("anonymous", server.get("/livez", NOBODY).status == 200);
}

#[test]
fn what_it_does_not_start_with_is_broken() {
    let Some(server) = ApiServer::prepare() else {
        return;
    };
    let node = server.machine().node();
    outside::prepare(node);
    node.write_private(STATIC_TOKENS, format!("{STATIC_TOKEN},stella\n"));
    let configuration =
        "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n";
    node.write_private(
        CONFIGURATION,
        format!("{configuration}anonymous: {{enabled: false}}\n"),
    );
    node.write_private(
        "/etc/kubernetes/wrong.yaml",
        format!("{configuration}issuers: []\n"),
    );
    node.shell("sed s/current-context/previous-context/ etc/kubernetes/outside/webhook.conf >etc/kubernetes/webhook.conf");
    let tokens = format!("token-auth-file={STATIC_TOKENS}");
    let oidc = format!("oidc-issuer-url={}", outside::ISSUER);
    let config = format!("authentication-config={CONFIGURATION}");
    let own = "oidc-issuer-url=https://kubernetes.default.svc.cluster.local";
    let hook = "authentication-token-webhook-config-file";
    let (client, names) = ("oidc-client-id=kubernetes", "requestheader-allowed-names");
    let overlapping = "requestheader-client-ca-file=/etc/kubernetes/pki/ca.crt";
    let turns: [(&[&str], &[&str], &str, &str); 13] = [
        (&[&tokens], &[], "static-tokens", "record 1 has 2 columns"),
        (
            &["token-auth-file=/nowhere"],
            &[],
            "static-tokens",
            "does not exist",
        ),
        (
            &["client-ca-file=/nowhere"],
            &["client-ca-file"],
            "client-certificates",
            "does not exist",
        ),
        (
            &[overlapping],
            &["requestheader-client-ca-file", names],
            "front-proxy",
            "same CA",
        ),
        (
            &["service-account-key-file=/nowhere"],
            &[],
            "service-account-tokens",
            "does not exist",
        ),
        (
            &[],
            &["service-account-issuer"],
            "service-account-tokens",
            "is needed",
        ),
        (&[&oidc], &[], "jwt", "needed together"),
        (&["oidc-groups-claim=groups"], &[], "jwt", "needed together"),
        (&[own, client], &[], "jwt", "service-account-issuer"),
        (&[&oidc, client, &config], &[], "jwt", "exclude each other"),
        (
            &["anonymous-auth=true", &config],
            &[],
            "anonymous",
            "exclude each other",
        ),
        (
            &["authentication-config=/etc/kubernetes/wrong.yaml"],
            &[],
            "jwt",
            "`issuers` is no field",
        ),
        (
            &[&format!("{hook}=/etc/kubernetes/webhook.conf")],
            &[],
            "webhook",
            "current",
        ),
    ];
    for (more, without, name, why) in turns {
        println!("{more:?}, without {without:?}");
        server.set_flags(more, without);
        States::of(&server, 1).is_broken(name, why);
        let words = server.start_in_vain();
        println!("{}", words.lines().last().unwrap_or_default());
    }
}

#[test]
fn what_has_ended_lets_nobody_in() {
    let Some(server) = ApiServer::prepare() else {
        return;
    };
    let node = server.machine().node();
    outside::prepare(node);
    // Living for no day they end as they begin: an authority, what the front proxy shows, what is shown to the webhook.
    node.shell(
        "cd etc/kubernetes && openssl ecparam -genkey -name prime256v1 -out ended.key 2>/dev/null
         printf 'basicConstraints=critical,CA:TRUE\\nkeyUsage=keyCertSign\\n' >extensions
         openssl req -new -key ended.key -subj /CN=ended -out request
         openssl x509 -req -in request -signkey ended.key -days 0 -extfile extensions -out ended.crt 2>/dev/null
         openssl ecparam -genkey -name prime256v1 -out leaf.key 2>/dev/null
         openssl req -new -key leaf.key -subj /CN=late -out request
         openssl x509 -req -in request -CA ended.crt -CAkey ended.key -CAcreateserial -days 2 -out leaf.crt 2>/dev/null
         openssl req -new -key pki/front-proxy-client.key -subj /CN=front-proxy-client -out request
         openssl x509 -req -in request -CA pki/front-proxy-ca.crt -CAkey pki/front-proxy-ca.key -CAcreateserial -days 0 \
             -out pki/front-proxy-client.crt 2>/dev/null
         openssl req -new -key outside/client.key -subj /CN=apiserver -out request
         openssl x509 -req -in request -signkey outside/client.key -days 0 -extfile extensions -out outside/client.crt 2>/dev/null
         chmod 0600 *.key; sleep 1.1",
    );
    outside::serve(&server);
    let late = Credential {
        certificate: Some(("/etc/kubernetes/leaf.crt", "/etc/kubernetes/leaf.key")),
        ..NOBODY
    };
    let hook = format!(
        "authentication-token-webhook-config-file={}/webhook.conf",
        outside::FOLDER
    );
    server.set_flags(
        &["client-ca-file=/etc/kubernetes/ended.crt", &hook],
        &["client-ca-file"],
    );
    // It starts all the same.
    server.start(&[NOBODY]);
    for stranger in [late, FRONT_PROXY, bearer(outside::HOOKED)] {
        assert_eq!(server.who_is(stranger).status, 401, "{stranger:?}");
    }
    let states = States::of(&server, 1);
    states.is_broken("client-certificates", "--client-ca-file ended at");
    states.is_broken("front-proxy", "--proxy-client-cert-file ended at");
    states.is_broken("webhook", "client-certificate ended at");
}
