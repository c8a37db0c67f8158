//! Clears away what a run left that was interrupted before it changed anything.

use super::transaction::{Ended, Transaction};
use super::{Failure, Interrupted, Observer, RecoveryError, RunFiles, TakeUpRequest};
use crate::journal::{Direction, RunOutcome};
use crate::node::Root;

/// Removes what a run had staged that never committed to anything, and brings its journal to its end; a journal without
/// one whole line says nothing, and goes. The backups stay.
pub fn clear(
    root: &Root,
    interrupted: Interrupted,
    request: TakeUpRequest<'_>,
    observer: &mut dyn Observer,
) -> Result<Option<Ended>, RecoveryError> {
    if interrupted.chain.is_none() {
        let journal = RunFiles::of(&interrupted.run).journal;
        root.remove_log(&journal)
            .map_err(|error| RecoveryError::from(Failure::from(error)))?;
        return Ok(None);
    }
    let transaction = Transaction::take_up(root, interrupted, Direction::Back, request, observer)?;
    let warnings = transaction.remove_staged();
    transaction
        .close(RunOutcome::RolledBack, warnings)
        .map(Some)
}
