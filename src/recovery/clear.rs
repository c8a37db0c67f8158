//! Clears away what a run left that was interrupted before it changed anything.

use super::transaction::{Ended, Transaction};
use super::{Interrupted, Observer, RecoveryError, TakeUpRequest};
use crate::journal::{Direction, RunOutcome};
use crate::node::Root;

/// Removes what a run had staged that never committed to anything, and brings its journal to its end. The backups stay.
pub fn clear(
    root: &Root,
    interrupted: Interrupted,
    request: TakeUpRequest<'_>,
    observer: &mut dyn Observer,
) -> Result<Ended, RecoveryError> {
    let mut transaction =
        Transaction::take_up(root, interrupted, Direction::Back, request, observer)?;
    transaction.remove_staged();
    transaction.close(RunOutcome::RolledBack)
}
