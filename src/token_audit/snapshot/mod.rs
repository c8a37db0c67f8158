//! In a database of etcd: a snapshot (`etcdctl snapshot save`), or the file of an etcd that is stopped (`member/snap/db`).

mod integrity;
mod latest;
mod registry;
mod revision;
mod stored;

use time::OffsetDateTime;

use super::bolt::{BoltError, Database, Source};
use super::{TokenAudit, View};
use latest::Latest;
use registry::normal;

pub use integrity::Integrity;

/// Why a database tells nothing.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Its pages cannot be read.
    #[error(transparent)]
    Bolt(#[from] BoltError),
    /// Behind it stands another checksum than its own.
    #[error(
        "it is damaged: the SHA-256 at its end is not that of what stands before, which etcd wrote there"
    )]
    Checksum,
    /// Its length is that of no database, nor of a snapshot.
    #[error("it is cut short, or no database: {size} bytes are no whole number of pages")]
    Length {
        /// In bytes.
        size: u64,
    },
    /// What stands in etcd's own place is not etcd's.
    #[error("it is damaged: what is kept for revision {revision} is no key and value of etcd's")]
    Revision {
        /// The revision before it.
        revision: u64,
    },
    /// There are more objects than in any cluster.
    #[error("there is more in it than in any cluster: over {limit} bytes of names alone")]
    TooMuch {
        /// In bytes.
        limit: usize,
    },
    /// No Kubernetes has kept its objects there.
    #[error("there is no Kubernetes cluster beneath `{prefix}` in it, nor beneath anything else")]
    NoCluster {
        /// Where it was looked for.
        prefix: String,
    },
}

/// Finds the tokens without an end in a database of etcd, whose file was written at `written`.
///
/// `prefix` is that of the API server's `--etcd-prefix`; where it is not known, or nothing is beneath it, it is found by the
/// namespaces that every cluster has.
pub fn audit_snapshot(
    source: &impl Source,
    prefix: Option<&str>,
    written: Option<OffsetDateTime>,
) -> Result<TokenAudit, SnapshotError> {
    let integrity = Integrity::of(source)?;
    let mut latest = read(source, &normal(prefix.unwrap_or_default()))?;
    if !latest.has_cluster {
        let Some(other) = latest.other_prefix else {
            let prefix = latest.prefix;
            return Err(SnapshotError::NoCluster { prefix });
        };
        latest = read(source, &other)?;
    }
    let view = View::Snapshot {
        revision: latest.revision,
        written,
        integrity,
        prefix: latest.prefix.clone(),
    };
    Ok(latest.into_collection().into_audit(view))
}

fn read(source: &impl Source, prefix: &str) -> Result<Latest, SnapshotError> {
    let database = Database::open(source)?;
    let mut latest = Latest::beneath(prefix);
    database.for_each("key", |key, value| latest.take(key, value))?;
    Ok(latest)
}

#[cfg(test)]
mod tests;
