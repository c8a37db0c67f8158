//! What stands outside the cluster: an issuer of `OpenID` Connect, whose tokens openssl signs, and a webhook.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::api_server::ApiServer;
use super::support::interruption::wait_for;
use super::support::node::{Node, project};

/// Where the files of these servers are, a node path.
pub const FOLDER: &str = "/etc/kubernetes/outside";
/// The issuer.
pub const ISSUER: &str = "https://127.0.0.1:8443";
/// The token that the webhook knows.
pub const HOOKED: &str = "the-webhook-knows-this";

/// Makes what both need: a certificate that signs itself, a key for tokens with its JWKS, and a certificate for the client.
pub fn prepare(node: &Node) {
    node.shell(&format!(
        "mkdir -m 0700 .{FOLDER} && cd .{FOLDER}
         openssl req -x509 -newkey rsa:2048 -nodes -keyout serving.key -out serving.crt -days 2 -subj /CN=outside \
             -addext subjectAltName=IP:127.0.0.1 2>/dev/null
         openssl req -x509 -newkey rsa:2048 -nodes -keyout client.key -out client.crt -days 2 -subj /CN=apiserver 2>/dev/null
         openssl genrsa -out tokens.key 2048 2>/dev/null
         openssl rsa -in tokens.key -noout -modulus 2>/dev/null | sed s/Modulus=// >modulus
         chmod 0600 *"
    ));
    let digits = String::from_utf8(node.read(&format!("{FOLDER}/modulus"))).unwrap();
    let digits = digits.trim().as_bytes();
    let modulus: Vec<u8> = digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    let modulus = URL_SAFE_NO_PAD.encode(modulus);
    let jwks = format!(
        r#"{{"keys":[{{"kty":"RSA","use":"sig","alg":"RS256","kid":"one","n":"{modulus}","e":"AQAB"}}]}}"#
    );
    std::fs::write(node.file(&format!("{FOLDER}/jwks")), jwks).unwrap();
    let kubeconfig = format!(
        "apiVersion: v1
kind: Config
clusters: [{{name: hook, cluster: {{server: 'https://127.0.0.1:9443/authenticate', certificate-authority: serving.crt}}}}]
users: [{{name: me, user: {{client-certificate: {FOLDER}/client.crt, client-key: client.key}}}}]
contexts: [{{name: hook, context: {{cluster: hook, user: me}}}}]
current-context: hook
"
    );
    let path = format!("{FOLDER}/webhook.conf");
    node.write_private(&path, kubeconfig);
}

/// Starts both, and waits until they listen.
pub fn serve(server: &ApiServer) {
    let program = project().join("tests/ways_in/servers.py");
    let program = program.display();
    let pair = format!("{FOLDER}/serving.crt {FOLDER}/serving.key");
    let issuer = format!("python3 '{program}' issuer 8443 {pair} {FOLDER}/jwks");
    server.serve("issuer", &issuer);
    let webhook = format!("python3 '{program}' webhook 9443 {pair} {FOLDER}/client.crt");
    server.serve("webhook", &webhook);
    for port in [8443, 9443] {
        let script = format!(
            "timeout 1 bash -c '</dev/tcp/127.0.0.1/{port}' 2>/dev/null && echo yes || true"
        );
        wait_for(|| {
            std::thread::sleep(Duration::from_millis(50));
            (server.machine().shell(&script) == "yes\n").then_some(())
        });
    }
}

/// A token of the issuer for the audience `kubernetes`, with that subject and group, good for an hour.
pub fn token(node: &Node, subject: &str, group: &str) -> String {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let now = now.as_secs();
    let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"one"}"#);
    let claims = format!(
        r#"{{"iss":"{ISSUER}","aud":"kubernetes","sub":"{subject}","groups":["{group}"],"iat":{now},"exp":{}}}"#,
        now + 3600
    );
    let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims));
    let folder = FOLDER.trim_start_matches('/');
    std::fs::write(node.file(&format!("{FOLDER}/signed")), &signed).unwrap();
    node.shell(&format!(
        "openssl dgst -sha256 -sign {folder}/tokens.key -out {folder}/signature {folder}/signed"
    ));
    let signature = URL_SAFE_NO_PAD.encode(node.read(&format!("{FOLDER}/signature")));
    format!("{signed}.{signature}")
}
