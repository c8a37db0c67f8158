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
mod named_file;
mod oidc;
mod own_certificates;
mod service_account_token;
mod service_account_tokens;
mod service_accounts;
mod switch;
mod token_file;
mod webhook;

pub use answer::{AUTHENTICATED, Answer, Cause, Identity, Means, UNAUTHENTICATED, Unauthorized};
pub use answer_certificate::authority_of;
pub use answer_token::bootstrap_token;
pub use api_server::ApiServerAuthentication;
pub use authenticator::{Authenticator, AuthenticatorName, AuthenticatorState, Evidence};
pub use csv::CsvError;
pub use front_proxy::FrontProxy;
pub use kubelet::KubeletAuthentication;
pub use named_file::NamedFile;
pub use oidc::Oidc;
pub use service_account_token::{
    Audience, Bound, Claims, JsonWebToken, LEGACY_ISSUER, Reference, TokenError,
};
pub use service_accounts::ServiceAccounts;
pub use switch::Switch;
pub use token_file::{StaticToken, TokenFile, TokenFileError};
pub use webhook::{Webhook, WebhookClient};

/// Whose authenticators most of these are.
const API_SERVER: &str = "kube-apiserver";
