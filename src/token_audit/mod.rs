//! Service account tokens that never end: finding them, by way of the API server or in a snapshot of etcd.
//!
//! By way of the API ([`audit_api`]) the server is asked for the metadata of Secrets alone, so that no token leaves it. In a
//! snapshot ([`audit_snapshot`]) the tokens pass by, and no byte of them is kept.

mod api;
mod audit;
mod bolt;
mod object;
mod protobuf;
mod snapshot;
mod token;
mod unseen;

pub use api::{Api, ApiError, Reply, audit_api};
pub use audit::{TokenAudit, View};
pub use bolt::{BoltError, Source};
pub use snapshot::{Integrity, SnapshotError, audit_snapshot};
pub use token::LongLivedToken;
pub use unseen::Unseen;
