//! The tokens of service accounts, as an authenticator.

use super::ApiServer;
use super::authenticator::{Authenticator, AuthenticatorName, AuthenticatorState};

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
    for file in &accounts.keys {
        let path = file.path.to_string_lossy();
        authenticator.set("--service-account-key-file", path);
        if let Err(error) = &file.content {
            authenticator.fail_to_start(super::API_SERVER, error);
        }
    }
    match &accounts.endpoint {
        Some(endpoint) => authenticator.set("--service-account-signing-endpoint", endpoint),
        None if accounts.keys.is_empty() => {
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
