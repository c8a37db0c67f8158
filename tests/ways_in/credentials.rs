//! Credentials of every kind for one cluster, good and bad: certificates by openssl, tokens signed here.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::{Value, json};

use super::support::der::of_pem;
use super::support::node::{Node, project};

/// Where they lie, a node path.
pub const FOLDER: &str = "/etc/kubernetes/shown";

/// Makes the certificates.
const CERTIFICATES: &str = include_str!("certificates.sh");

/// Makes them all; their names.
pub fn certificates(node: &Node) -> Vec<String> {
    let folder = &FOLDER[1..];
    node.shell(&format!(
        "mkdir -p {folder} && cd {folder} && {{ bash '{}' >log 2>&1 || {{ cat log; exit 1; }}; }}",
        project().join("tests/ways_in/certificates.sh").display()
    ));
    let mut names: Vec<String> = CERTIFICATES
        .lines()
        .filter_map(|line| line.strip_prefix("sign "))
        .filter_map(|words| words.split(' ').next())
        .filter(|name| *name != "middle")
        .map(str::to_owned)
        .collect();
    names.push("authority-itself".to_owned());
    names
}

/// Whoever signs tokens.
pub struct Signer {
    pair: EcdsaKeyPair,
    /// The public half, PEM: no secret, and for some forgers one.
    public: String,
    /// What `kid` says of it.
    pub identifier: String,
}

impl Signer {
    /// With the key at that node path, P-256.
    pub fn with(node: &Node, key: &str) -> Self {
        let folder = &FOLDER[1..];
        node.shell(&format!(
            "mkdir -p {folder} && openssl pkcs8 -topk8 -nocrypt -in '.{key}' -outform DER -out {folder}/pkcs8 && \
             openssl pkey -in '.{key}' -pubout -out {folder}/public"
        ));
        let pkcs8 = node.read(&format!("{FOLDER}/pkcs8"));
        let public = String::from_utf8(node.read(&format!("{FOLDER}/public"))).unwrap();
        node.shell(&format!("rm {folder}/pkcs8 {folder}/public"));
        let random = SystemRandom::new();
        let (der, _) = of_pem(&public, "PUBLIC KEY").unwrap();
        let digest = ring::digest::digest(&ring::digest::SHA256, &der);
        Self {
            pair: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8, &random)
                .unwrap(),
            public,
            identifier: URL_SAFE_NO_PAD.encode(digest),
        }
    }

    /// Signed as the API server does it.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_as(&json!({"alg": "ES256", "kid": self.identifier}), claims)
    }

    /// Under another header.
    pub fn sign_as(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let signature = self
            .pair
            .sign(&SystemRandom::new(), message.as_bytes())
            .unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// With the public half for the secret of an HMAC: what careless verifiers took.
    pub fn confused(&self, claims: &Value) -> String {
        let message = message(&json!({"alg": "HS256", "kid": self.identifier}), claims);
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, self.public.as_bytes());
        let tag = ring::hmac::sign(&key, message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    /// With no signature at all.
    pub fn unsigned(&self, claims: &Value) -> String {
        let header = json!({"alg": "none", "kid": self.identifier});
        format!("{}.", message(&header, claims))
    }
}

fn message(header: &Value, claims: &Value) -> String {
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}", encode(header), encode(claims))
}
