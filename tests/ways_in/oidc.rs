//! People by OIDC, as `runbooks/people-to-oidc.md` has it: a real Dex, a real API server.

use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::api_server::{Answer, ApiServer, CLIENT, NOBODY, bearer};
use super::dex;

const CONFIGURATION: &str = "/etc/kubernetes/pki/authentication.yaml";
const PODS: &str = "/api/v1/namespaces/default/pods";

/// What the runbook's administrator writes. A part of the role `view`: no controller-manager runs here, which would put it together.
const BINDING: &str = r"
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: oidc-developers, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: 'system:aggregate-to-view'}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'oidc:developers'}]
";

fn prepared() -> Option<ApiServer> {
    let program = dex::program()?;
    let server = ApiServer::prepare()?;
    dex::prepare(&server);
    dex::start(&server, program);
    Some(server)
}

/// Asks until the answer has that status: keys and configurations are fetched in the background.
#[track_caller]
fn until(server: &ApiServer, token: &str, status: u16) -> Answer {
    let begin = Instant::now();
    loop {
        let answer = server.who_is(bearer(token));
        if answer.status == status {
            return answer;
        }
        assert!(begin.elapsed() < Duration::from_mins(2), "{answer:?}");
        sleep(Duration::from_millis(200));
    }
}

#[track_caller]
fn expect_jane(answer: &Answer, prefix: &str) {
    let review: Value = serde_json::from_str(&answer.body).unwrap();
    let user = &review["status"]["userInfo"];
    assert_eq!(user["username"], format!("{prefix}jane@example.test"));
    let groups = json!([
        format!("{prefix}developers"),
        format!("{prefix}admins"),
        "system:authenticated"
    ]);
    assert_eq!(user["groups"], groups);
}

#[test]
fn people_log_on_by_flags_and_not_after_the_way_back() {
    let Some(server) = prepared() else { return };
    let flags = [
        format!("oidc-issuer-url={}", dex::ISSUER),
        "oidc-client-id=kubernetes".to_owned(),
        format!("oidc-ca-file={}", dex::AUTHORITY),
        "oidc-username-claim=email".to_owned(),
        "oidc-username-prefix=oidc:".to_owned(),
        "oidc-groups-claim=groups".to_owned(),
        "oidc-groups-prefix=oidc:".to_owned(),
    ];
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    server.set_flags(&flags, &[]);
    server.start(&[CLIENT]);
    server.apply(BINDING);
    let token = dex::token(&server);
    expect_jane(&until(&server, &token, 201), "oidc:");
    // Her group's right, and no other.
    let begin = Instant::now();
    while server.get(PODS, bearer(&token)).status != 200 {
        assert!(begin.elapsed() < Duration::from_mins(1), "no right yet");
        sleep(Duration::from_millis(200));
    }
    assert_eq!(server.get("/api/v1/nodes", bearer(&token)).status, 403);
    // Who had a certificate has it still; who shows nothing is nobody.
    assert_eq!(server.who_is(CLIENT).status, 201);
    assert_eq!(server.get(PODS, NOBODY).status, 403);
    let mut forged = token.clone();
    let last = if forged.pop() == Some('A') { 'B' } else { 'A' };
    forged.insert(forged.len() - 20, last);
    assert_eq!(server.who_is(bearer(&forged)).status, 401);

    server.set_flags(&[], &[]);
    server.start(&[CLIENT]);
    assert_eq!(server.who_is(bearer(&token)).status, 401);
    assert_eq!(server.who_is(CLIENT).status, 201);
}

#[test]
fn a_configuration_is_taken_up_and_taken_back_without_a_restart() {
    let Some(server) = prepared() else { return };
    write_configuration(&server, Some("oidc:"));
    server.set_flags(&[&format!("authentication-config={CONFIGURATION}")], &[]);
    server.start(&[CLIENT]);
    let token = dex::token(&server);
    expect_jane(&until(&server, &token, 201), "oidc:");
    write_configuration(&server, None);
    until(&server, &token, 401);
    assert_eq!(server.who_is(CLIENT).status, 201);
    write_configuration(&server, Some("corp:"));
    expect_jane(&until(&server, &token, 201), "corp:");
    // What cannot be read is not taken up, and stops the next start.
    server.write(CONFIGURATION, "nonsense: [");
    sleep(Duration::from_secs(3));
    expect_jane(&server.who_is(bearer(&token)), "corp:");
    let last_words = server.start_in_vain();
    assert!(last_words.contains("yaml"), "{last_words}");
}

fn write_configuration(server: &ApiServer, prefix: Option<&str>) {
    let authority = String::from_utf8(server.machine().node().read(dex::AUTHORITY)).unwrap();
    let mut configuration =
        json!({"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthenticationConfiguration"});
    if let Some(prefix) = prefix {
        configuration["jwt"] = json!([{
            "issuer": {"url": dex::ISSUER, "audiences": ["kubernetes"], "certificateAuthority": authority},
            "claimMappings": {
                "username": {"claim": "email", "prefix": prefix},
                "groups": {"claim": "groups", "prefix": prefix},
            },
        }]);
    }
    server.write(CONFIGURATION, &configuration.to_string());
}
