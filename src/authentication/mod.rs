//! Who may log on to this node's API server, and how it knows them: the authenticators that its manifest and the files named there
//! switch on, and what they answer to a credential. Offline: reads the node's files, asks nobody.
//!
//! Words and rules are those of `k8s.io/apiserver/pkg/authentication` and `k8s.io/kubernetes/pkg/kubeapiserver/authenticator`: a
//! request is tried against each authenticator in turn; whom one of them knows has a user and groups, and is RBAC's to decide on
//! (403 if it may not); whom none knows gets 401.

mod anonymous;
mod answer;
mod answer_certificate;
mod answer_token;
mod api_server;
mod authenticator;
mod bootstrap_tokens;
mod client_certificates;
mod csv;
mod front_proxy;
mod jwt;
mod kubelet;
mod oidc;
mod service_account_token;
mod service_account_tokens;
mod service_accounts;
mod switch;
mod token_file;
mod webhook;

use time::OffsetDateTime;

pub use answer::{AUTHENTICATED, Answer, Cause, Identity, Unauthorized};
pub use answer_certificate::authority_of;
pub use answer_token::bootstrap_token;
pub use api_server::{ApiServer, NamedFile};
pub use authenticator::{Authenticator, AuthenticatorName, AuthenticatorState, Evidence};
pub use csv::CsvError;
pub use front_proxy::FrontProxy;
pub use kubelet::KubeletAuthentication;
pub use oidc::Oidc;
pub use service_account_token::{
    Audience, Bound, Claims, JsonWebToken, LEGACY_ISSUER, Reference, TokenError,
};
pub use service_accounts::ServiceAccounts;
pub use switch::Switch;
pub use token_file::{StaticToken, TokenFile, TokenFileError};
pub use webhook::{Webhook, WebhookClient};

use api_server::certificates;

use crate::kubernetes::StaticPod;

/// Whose authenticators most of these are.
const API_SERVER: &str = "kube-apiserver";

/// A moment as evidence has it: to the second, in UTC.
fn date(moment: OffsetDateTime) -> String {
    use time::format_description::well_known::Rfc3339;
    moment
        .truncate_to_second()
        .format(&Rfc3339)
        .unwrap_or_default()
}

/// A flag that takes several values, between commas or by being repeated (`StringSlice` of pflag).
fn list(pod: &StaticPod, name: &str) -> Vec<String> {
    let values = pod.flags(name);
    let values = values.flat_map(|value| value.split(','));
    let filled = values.filter(|value| !value.is_empty());
    filled.map(str::to_owned).collect()
}

/// A URL without what stands before the `@`: nothing secret is shown.
fn without_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit('@').next().unwrap_or_default();
    // What stands behind a question mark may be a key.
    let path = path.split(['?', '#']).next().unwrap_or_default();
    match scheme {
        "" => format!("{host}{path}"),
        scheme => format!("{scheme}://{host}{path}"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_url_shows_a_password() {
        let shown = super::without_password;
        assert_eq!(shown("https://me:hunter2@a:1/b@c?d#e"), "https://a:1/b@c");
        assert_eq!(shown("https://a?token=hunter2@b"), "https://a");
        assert_eq!(shown("me:hunter2@a/b"), "a/b");
        assert_eq!(shown(""), "");
    }
}
