//! A run that changes no file of the node, and makes files for other nodes and for people: each is on the record before it is there.

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::execute::begin;
use super::transaction::Ended;
use super::{Failure, Observer, Reason, RecoveryError, Undertaking};
use crate::evidence::with_causes;
use crate::journal::{Act, RunOutcome};
use crate::node::{Root, create_operand_with, remove_operand};
use crate::pki::Authority;

/// A file for another node or a person, ready to be written.
pub struct HandOut {
    /// What is recorded of it.
    pub act: Act,
    /// Where it goes, as a shell names it; nothing is there yet.
    pub path: PathBuf,
    /// What is in it: a key, among other things.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for HandOut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HandOut")
            .field("act", &self.act)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Writes all of them under the journal of a new run, or none: what was written before one failed is removed. `undertaking` has
/// no changes. `cluster` vouches for the journal; its key is wiped before the first file is written.
pub fn hand_out(
    root: &Root,
    undertaking: &Undertaking,
    hand_outs: &[HandOut],
    cluster: Authority,
    reason: &Reason,
    observer: &mut dyn Observer,
) -> Result<Ended, RecoveryError> {
    let mut run = begin(root, undertaking, Some(cluster), None, reason, observer)?;
    if let Err((what, failure)) = run.prepare(undertaking) {
        return Err(run.give_up(what, failure));
    }
    for (number, it) in hand_outs.iter().enumerate() {
        let done = run.go_on().and_then(|()| {
            run.act(it.act.clone(), |_, _| {
                Ok(create_operand_with(&it.path, &it.bytes)?)
            })
        });
        let Err(failure) = done else {
            continue;
        };
        let written = hand_outs.iter().take(number);
        // Each, whatever becomes of another.
        let removed: Vec<_> = written
            .map(|it| remove_operand(&it.path, with_causes(&failure)))
            .collect();
        let removed: Result<(), _> = removed.into_iter().collect();
        let what = format!("writing {} failed", it.path.display());
        return Err(match (failure, removed) {
            // Without a record nothing more is done.
            (failure @ Failure::Journal(_), _) => run.stopped(what, failure),
            (failure, _) if failure.leaves_file() => run.stopped(what, failure),
            (failure, Ok(())) => run.turn_back(what, failure),
            (_, Err(error)) => run.stopped(what, error.into()),
        });
    }
    run.close(RunOutcome::Completed)
}
