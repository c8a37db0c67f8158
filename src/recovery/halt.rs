//! How taking a run up again can end early.

use super::RecoveryError;
use crate::plan::Refusal;

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
