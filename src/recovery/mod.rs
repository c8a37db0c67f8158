//! Carries a plan out: the only module that changes a node, and only with an intent in the journal.
//!
//! The order is: sign everything in memory (`issuance`), look whether there is room, begin the journal, back
//! up and stage every file, commit; stop what runs; then for each file intent, exchange, outcome; then the manifests, the start
//! of what was stopped, the proof, the close. It is deliberately sequential: the one other thread (`restart/live.rs`) does what
//! it is asked, one thing at a time, and what the proof looks at never writes.

mod clear;
mod clock;
mod confine;
mod error;
mod execute;
mod facts;
mod folders;
mod halt;
mod hand_out;
mod history;
mod homes;
mod identity;
mod interrupted;
mod later;
mod observer;
mod obstacle;
mod preflight;
mod reissued;
mod restart;
mod resume;
mod reversal;
mod rollback;
mod run;
mod run_journal;
mod situation;
mod strange;
mod take_up;
mod transaction;
mod undertaking;
mod vouching;
mod written;

pub use clear::clear;
pub use clock::clock_doubts;
pub use confine::confine;
pub use error::{Failure, RecoveryError, Stuck, replaced};
pub use execute::carry_out;
pub use facts::Reason;
pub use halt::Halt;
pub use hand_out::{HandOut, hand_out};
pub use history::{History, RunFiles};
pub use interrupted::{HistoryError, Interrupted};
pub use observer::{Observer, Progress};
pub use preflight::{check_targets, preflight};
pub use reissued::{ReissuedAuthorities, ReissuedPlaces};
pub use restart::{
    EtcdCopy, FolderCopy, Live, MANIFEST, RestartChoice, RestartPlan, RestartWishes, Seen,
    Strategy, plan_restart,
};
pub use resume::{obstacles_to_resume, resume};
pub use reversal::reversal;
pub use rollback::{obstacles_to_rollback, rollback};
pub use run::RunId;
pub use run_journal::{JournalState, RunJournal};
pub use take_up::TakeUpRequest;
pub use transaction::Ended;
pub use undertaking::Undertaking;
pub use vouching::{Vouchers, demand_vouchers};
pub use written::written;

/// Where journals and backups lie: outside `/etc/kubernetes`, where a stray file may become a pod.
pub const STATE_FOLDER: &str = "/var/lib/rekindle";
