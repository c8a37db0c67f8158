//! Bundles taken apart and put together again, with openssl as the hand that signs: nothing here uses the code that makes them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::journal;
use crate::support::node::Node;
use crate::support::openssl::openssl;

const TYPE: &str = "application/vnd.rekindle.node-credential+json";

/// A field of what is sealed.
pub fn field(payload: &str, name: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(payload).unwrap();
    value[name].as_str().unwrap().to_owned()
}

/// The same with another value.
pub fn with_field(payload: &str, name: &str, text: &str) -> String {
    let json = |text: &str| serde_json::to_string(text).unwrap();
    let part = |text: &str| format!("\"{name}\":{}", json(text));
    let old = part(&field(payload, name));
    assert!(payload.contains(&old), "{name}");
    payload.replace(&old, &part(text))
}

/// The bundle with another payload, under the seal that it had.
pub fn with_payload(bundle: &[u8], payload: &str) -> Vec<u8> {
    let old = STANDARD.encode(journal::payload(bundle));
    let line = str::from_utf8(bundle).unwrap();
    line.replace(&old, &STANDARD.encode(payload)).into_bytes()
}

/// A key that the cluster's authority certified for `extensions` and `subject`, and what it seals.
pub struct Forger {
    scratch: Node,
    certificate: String,
}

impl Forger {
    /// Asks the authority of that control plane.
    pub fn of(plane: &Node, subject: &str, extensions: &str) -> Self {
        let scratch = Node::empty();
        let pki = plane.file("/etc/kubernetes/pki");
        scratch.write_new("extensions", extensions);
        scratch.shell(&format!(
            "openssl genpkey -algorithm ed25519 -out key
             openssl req -new -key key -subj '{subject}' -out request
             openssl x509 -req -in request -CA {0}/ca.crt -CAkey {0}/ca.key -set_serial 7 -days 1 -extfile extensions -out certificate 2>words",
            pki.display()
        ));
        let certificate = String::from_utf8(scratch.read("/certificate")).unwrap();
        Self {
            scratch,
            certificate,
        }
    }

    /// A bundle that says `payload`, but for its seal.
    pub fn seal(&self, payload: &str) -> Vec<u8> {
        // After the certificate of this seal was made.
        let now = this_second();
        let payload = with_field(
            &with_field(payload, "seal", &self.certificate),
            "issuedAt",
            &now,
        );
        let message = format!("DSSEv1 {} {TYPE} {} {payload}", TYPE.len(), payload.len());
        self.scratch.write_new("message", &message);
        self.scratch
            .shell("openssl pkeyutl -sign -inkey key -rawin -in message -out signature");
        let signature = STANDARD.encode(self.scratch.read("/signature"));
        let key = self.scratch.file("/key");
        self.scratch
            .shell("openssl pkey -in key -pubout -outform DER -out public");
        let digest = openssl(&[
            "dgst",
            "-sha256",
            "-r",
            &key.with_file_name("public").display().to_string(),
        ]);
        let digest = digest.unwrap()[..64].to_owned();
        format!(
            "{{\"payloadType\":\"{TYPE}\",\"payload\":\"{}\",\"signatures\":[{{\"keyid\":\"{digest}\",\"sig\":\"{signature}\"}}]}}\n",
            STANDARD.encode(&payload)
        )
        .into_bytes()
    }
}

fn this_second() -> String {
    use time::format_description::well_known::Rfc3339;
    let now = time::OffsetDateTime::now_utc().truncate_to_second();
    now.format(&Rfc3339).unwrap()
}

impl Node {
    fn write_new(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }
}
