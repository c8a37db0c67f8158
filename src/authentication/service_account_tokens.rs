//! The tokens of service accounts, as an authenticator.

use super::ApiServerAuthentication;
use super::authenticator::{Authenticator, AuthenticatorName, AuthenticatorState};
use super::service_accounts::shown;
use crate::kubernetes::without_password;

pub(super) fn authenticator(server: &ApiServerAuthentication) -> Authenticator {
    let accounts = &server.service_accounts;
    let extended = if accounts.extend.value {
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
        authenticator.set("--service-account-issuer", without_password(issuer));
    }
    if accounts.issuers.is_empty() {
        authenticator.fail("kube-apiserver does not start: --service-account-issuer is needed");
    }
    if accounts.audiences != accounts.issuers {
        authenticator.set("--api-audiences", shown(&accounts.audiences, ","));
    }
    for file in &accounts.keys {
        let path = file.path.to_string_lossy();
        authenticator.set("--service-account-key-file", path);
        if let Err(error) = &file.content {
            authenticator.fail_to_start(super::API_SERVER, error);
        }
    }
    match &accounts.endpoint {
        Some(endpoint) => {
            authenticator.set("--service-account-signing-endpoint", endpoint);
            if !accounts.keys.is_empty() {
                authenticator.fail(
                    "kube-apiserver does not start: --service-account-key-file and --service-account-signing-endpoint exclude each other",
                );
            }
        }
        None if accounts.keys.is_empty() => {
            authenticator.fail(
                "kube-apiserver does not start: neither --service-account-key-file nor --service-account-signing-endpoint is set",
            );
        }
        None => {}
    }
    accounts
        .lookup
        .show("--service-account-lookup", &mut authenticator);
    accounts.extend.show(
        "--service-account-extend-token-expiration",
        &mut authenticator,
    );
    if !accounts.lookup.value && authenticator.state == AuthenticatorState::On {
        authenticator.risk.push_str(
            ". --service-account-lookup=false: even a token whose Secret was deleted is good",
        );
    }
    authenticator
}
