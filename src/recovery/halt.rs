//! How taking a run up again can end early.

use super::RecoveryError;
use crate::pki::Authority;
use crate::plan::Refusal;

use super::Reason;

/// How, and by whom, an interrupted run is taken up again.
pub struct TakeUpRequest<'a> {
    /// The cluster's authority, to vouch for the attempt's key; wiped before anything is changed.
    pub authority: Option<Authority>,
    /// Whether what somebody else changed meanwhile stays as it is, and the rest is done.
    pub skip_foreign: bool,
    /// Why.
    pub reason: &'a Reason,
}

/// Why an interrupted run was not taken to where it was to be.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// Before anything was done.
    #[error("refused")]
    Refused(Vec<Refusal>),
    /// On the way.
    #[error(transparent)]
    Failed(#[from] RecoveryError),
}
