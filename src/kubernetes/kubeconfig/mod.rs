//! Kubeconfigs: reading the credential and the cluster of the current context, replacing one value without touching anything
//! else, and composing a new one. Pure; PEM stays opaque here.
//!
//! Words and rules are those of client-go: the file is `k8s.io/client-go/tools/clientcmd/api/v1` `Config`, `…-data`
//! wins over the file of the same name, and the one user that counts is that of the context that `current-context`
//! names. Other users may be what they like.
//!
//! An edit rests on three things: the bytes of one value are cut out and all others copied; what is cut out must spell
//! that value and nothing else; and both files, read by another YAML library, must differ in that value alone.

mod clusters;
mod composition;
mod contexts;
mod credential;
mod edit;
mod error;
mod login;
mod logins;
mod parse;
mod plain;
mod renewal;
mod user;

pub use clusters::{Cluster, Clusters};
pub use composition::{Composition, Credential};
pub use contexts::{Context, Contexts};
pub use credential::{KeySource, Source};
pub use error::KubeconfigError;
pub use login::Login;
pub use logins::Logins;
pub use parse::Kubeconfig;
