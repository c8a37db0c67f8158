//! Who may log on to this node's API server, and how it knows them: the authenticators that its manifest and the files named there
//! switch on, and what they answer to a credential. Offline: reads the node's files, asks nobody.
//!
//! Words and rules are those of `k8s.io/apiserver/pkg/authentication` and `k8s.io/kubernetes/pkg/kubeapiserver/authenticator`: a
//! request is tried against each authenticator in turn; whom one of them knows has a user and groups, and is RBAC's to decide on
//! (403 if it may not); whom none knows gets 401.

mod answer;
mod api_server;
mod client_certificate;
mod service_account_token;
mod service_accounts;

use time::OffsetDateTime;

pub use answer::{ABOVE_RBAC, AUTHENTICATED, Answer, Cause, Identity, Unauthorized};
pub use api_server::{ApiServer, NamedFile};
pub use client_certificate::authority_of;
pub use service_account_token::{
    Audience, Bound, Claims, JsonWebToken, LEGACY_ISSUER, Reference, TokenError,
};
pub use service_accounts::ServiceAccounts;

/// A moment as evidence has it: to the second, in UTC.
fn date(moment: OffsetDateTime) -> String {
    use time::format_description::well_known::Rfc3339;
    moment
        .truncate_to_second()
        .format(&Rfc3339)
        .unwrap_or_default()
}
