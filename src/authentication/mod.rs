//! Who may log on to this node's API server, and how it knows them: the authenticators that its manifest and the files named there
//! switch on, and what they answer to a credential. Offline: reads the node's files, asks nobody.
//!
//! Words and rules are those of `k8s.io/apiserver/pkg/authentication` and `k8s.io/kubernetes/pkg/kubeapiserver/authenticator`: a
//! request is tried against each authenticator in turn; whom one of them knows has a user and groups, and is RBAC's to decide on
//! (403 if it may not); whom none knows gets 401.

mod api_server;
mod service_accounts;

pub use api_server::{ApiServer, NamedFile};
pub use service_accounts::ServiceAccounts;
