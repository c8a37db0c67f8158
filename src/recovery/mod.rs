//! Carries a plan out: the only module that changes a node, and only with an intent in the journal.
//!
//! The order is: sign everything in memory (`issuance`), look whether there is room, begin the journal, back
//! up and stage every file, commit; then for each file intent, exchange, outcome; then the manifests, then
//! the close. It is deliberately sequential, on one thread.

mod confine;
mod error;
mod execute;
mod facts;
mod history;
mod observer;
mod preflight;
mod rollback;
mod run;

pub use confine::confine;
pub use error::{Failure, RecoveryError, Stuck};
pub use execute::{Recovered, recover};
pub use facts::Reason;
pub use history::{History, RunFiles};
pub use observer::{Observer, Progress};
pub use preflight::{check_targets, preflight};
pub use run::RunId;

/// Where journals and backups lie: outside `/etc/kubernetes`, where a stray file may become a pod.
pub const STATE_FOLDER: &str = "/var/lib/rekindle";
