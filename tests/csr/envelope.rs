//! The envelope of both bundles (DSSE 1.0.2), made by somebody who has a key of their own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

/// The type of the requests.
pub const REQUESTS: &str = "application/vnd.rekindle.certificate-requests+json";
/// The type of the answer.
pub const ANSWER: &str = "application/vnd.rekindle.certificates+json";

/// RFC 8410: the SPKI of an Ed25519 key is this and the key.
const PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// A key that seals.
pub struct Sealer(Ed25519KeyPair);

impl Sealer {
    /// A new one.
    pub fn new() -> Self {
        let random = ring::rand::SystemRandom::new();
        let document = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        Self(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap())
    }

    /// The one in a PKCS#8 file of openssl's, DER.
    pub fn of_der(der: &[u8]) -> Self {
        Self(Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).unwrap())
    }

    pub fn spki(&self) -> Vec<u8> {
        [&PREFIX[..], self.0.public_key().as_ref()].concat()
    }

    pub fn fingerprint(&self) -> String {
        let digest = digest(&SHA256, &self.spki());
        digest
            .as_ref()
            .iter()
            .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }

    /// The document in its envelope, as the line that is a bundle.
    pub fn seal(&self, payload_type: &str, document: &[u8]) -> Vec<u8> {
        let mut signed = format!(
            "DSSEv1 {} {payload_type} {} ",
            payload_type.len(),
            document.len()
        )
        .into_bytes();
        signed.extend_from_slice(document);
        let signature = STANDARD.encode(self.0.sign(&signed).as_ref());
        let payload = STANDARD.encode(document);
        let keyid = self.fingerprint();
        format!(
            "{{\"payloadType\":\"{payload_type}\",\"payload\":\"{payload}\",\"signatures\":[{{\"keyid\":\"{keyid}\",\"sig\":\"{signature}\"}}]}}\n"
        )
        .into_bytes()
    }

    /// Requests with this key's seal, and the fingerprint that belongs to them.
    pub fn requests(&self, mut document: Value) -> (Vec<u8>, String) {
        document["key"] = json!(STANDARD.encode(self.spki()));
        let bytes = serde_json::to_vec(&document).unwrap();
        (self.seal(REQUESTS, &bytes), self.fingerprint())
    }
}

/// What is in an envelope.
pub fn document(bundle: &[u8]) -> Value {
    let line: Value = serde_json::from_slice(bundle).unwrap();
    let payload = STANDARD.decode(line["payload"].as_str().unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}
