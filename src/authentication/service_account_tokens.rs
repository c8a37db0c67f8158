//! The tokens of service accounts, as an authenticator.

use super::authenticator::{Authenticator, AuthenticatorName, AuthenticatorState};
use super::{ApiServer, NamedFile};
use crate::inventory::{Manifest, ObservationError};
use crate::node::{Root, Secrecy};

/// Where the keys of service accounts' tokens are.
#[derive(Debug)]
pub struct ServiceAccountKeys {
    /// `--service-account-key-file`, each; with how many keys it holds.
    pub files: Vec<NamedFile<usize>>,
    /// `--service-account-signing-endpoint`: a program that signs, and says the keys, instead of files.
    pub endpoint: Option<String>,
}

/// What PEM says before a key (`ParsePublicKeysPEM` in `k8s.io/client-go/util/keyutil` takes any of them, and certificates).
const BEGINNINGS: [&str; 6] = [
    "-----BEGIN PUBLIC KEY-----",
    "-----BEGIN RSA PUBLIC KEY-----",
    "-----BEGIN RSA PRIVATE KEY-----",
    "-----BEGIN EC PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN CERTIFICATE-----",
];

impl ServiceAccountKeys {
    pub(super) fn observe(root: &Root, manifest: &Manifest) -> Self {
        let files = manifest.pod.flags("service-account-key-file");
        let files = files.filter(|path| !path.is_empty()).map(|path| {
            NamedFile::read(root, path, Secrecy::Public, |path, bytes| {
                let text = String::from_utf8_lossy(bytes);
                let is_key = |line: &&str| BEGINNINGS.contains(&line.trim_end());
                match text.lines().filter(is_key).count() {
                    0 => Err(ObservationError::Unusable {
                        path: path.to_owned(),
                        reason: "holds no key in PEM".to_owned(),
                    }),
                    count => Ok(count),
                }
            })
        });
        let endpoint = manifest.flag("service-account-signing-endpoint");
        Self {
            files: files.collect(),
            endpoint: endpoint.map(str::to_owned),
        }
    }
}

pub(super) fn authenticator(server: &ApiServer) -> Authenticator {
    let accounts = &server.service_accounts;
    let extended = if accounts.extend {
        "those of pods are good for a year"
    } else {
        "those of pods are good for an hour"
    };
    let name = AuthenticatorName::ServiceAccountTokens;
    let mut authenticator = Authenticator::new(name, true).with_advice(
        format!(
            "no effect: tokens are signed with the service accounts' own key, which has no end. But the kubelet renews none while the API \
             is down: {extended}, and later 401 until it has; those that a Secret holds have no end"
        ),
        "who has the signing key (sa.key) can be any service account; a token of a Secret is good until that Secret goes",
        "bound tokens (projected, TokenRequest) alone; after a leak of sa.key a second --service-account-key-file, then the old one away; \
         those without an end: rekindle tokens audit",
    );
    for issuer in &accounts.issuers {
        authenticator.set("--service-account-issuer", super::without_password(issuer));
    }
    if accounts.issuers.is_empty() {
        authenticator.fail("kube-apiserver does not start: --service-account-issuer is needed");
    }
    if accounts.audiences != accounts.issuers {
        authenticator.set("--api-audiences", accounts.audiences.join(","));
    }
    for file in &server.service_account_keys.files {
        let path = file.path.to_string_lossy();
        authenticator.set("--service-account-key-file", path);
        if let Err(error) = &file.content {
            authenticator.fail_to_start(super::API_SERVER, error);
        }
    }
    match &server.service_account_keys.endpoint {
        Some(endpoint) => authenticator.set("--service-account-signing-endpoint", endpoint),
        None if server.service_account_keys.files.is_empty() => {
            authenticator.fail(
                "kube-apiserver does not start: neither --service-account-key-file nor --service-account-signing-endpoint is set",
            );
        }
        None => {}
    }
    let shown = |value: bool| if value { "true" } else { "false" };
    let lookup = shown(accounts.lookup);
    authenticator.set("--service-account-lookup", lookup);
    let extend = shown(accounts.extend);
    authenticator.set("--service-account-extend-token-expiration", extend);
    if !accounts.lookup && authenticator.state == AuthenticatorState::On {
        authenticator.risk.push_str(
            ". --service-account-lookup=false: even a token whose Secret was deleted is good",
        );
    }
    authenticator
}
