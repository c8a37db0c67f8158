//! Takes a run back: what it replaced is brought back from its backup, last change first.

use std::path::Path;

use super::obstacle::{Decision, Looked, Obstacle, decide, left_alone};
use super::situation::{Situation, check_old};
use super::strange::not_as_before;
use super::transaction::{Ended, Transaction};
use super::{Failure, Halt, Interrupted, Observer, Progress, Stuck, TakeUpRequest};
use crate::evidence::with_causes;
use crate::journal::{Chain, Change, Direction, Event, Progress as Made, RunOutcome};
use crate::node::{FileError, Root};
use crate::plan::Refusal;

/// Takes a committed run back to where it began: every file that it made another one is the old one. What somebody else changed
/// that the run had not come to is none of that, and named.
pub fn rollback(
    root: &Root,
    interrupted: Interrupted,
    request: TakeUpRequest<'_>,
    observer: &mut dyn Observer,
) -> Result<Ended, Halt> {
    let chain = &interrupted.chain;
    let skipped = match chain.outcome() {
        None => strange(root, chain, request.skip_foreign).map_err(Halt::Refused)?,
        // Only its last checkpoint is missing.
        Some(_) => Vec::new(),
    };
    let mut transaction =
        Transaction::take_up(root, interrupted, Direction::Back, request, observer)?;
    if let Some(outcome) = transaction.log.chain().outcome() {
        return Ok(transaction.close(outcome)?);
    }
    let turned = transaction
        .turn()
        .and_then(|()| transaction.leave_alone(skipped))
        .and_then(|()| transaction.return_manifests());
    if let Err(failure) = turned {
        return Err(transaction
            .stopped("the run could not be undone", failure)
            .into());
    }
    if let Err((what, failure)) = transaction.halt() {
        return Err(transaction.stopped(what, failure).into());
    }
    let stuck = transaction.roll_back()?;
    transaction.revive();
    if let Some(stopped) = transaction.not_revived(None) {
        return Err(stopped.into());
    }
    if let Some(first) = stuck.first() {
        let failure = Failure::Undo {
            error: first.error.clone(),
        };
        return Err(transaction
            .stuck("the run was being undone".to_owned(), stuck, failure)
            .into());
    }
    if let Err(failure) = transaction.tell_strange() {
        return Err(transaction
            .stopped("the run could not be undone", failure)
            .into());
    }
    let outcome = transaction.outcome(RunOutcome::RolledBack);
    match transaction.prove() {
        Ok(proof) => transaction.proof = proof,
        Err(failure) => {
            let what = "the proof could not be recorded";
            return Err(transaction.stopped(what, failure).into());
        }
    }
    Ok(transaction.close(outcome)?)
}

/// Why [`rollback`] would be refused as things are.
pub fn obstacles_to_rollback(
    root: &Root,
    interrupted: &Interrupted,
    skip_foreign: bool,
) -> Vec<Refusal> {
    match interrupted.chain.outcome() {
        Some(_) => Vec::new(),
        None => strange(root, &interrupted.chain, skip_foreign)
            .err()
            .unwrap_or_default(),
    }
}

/// The changes that stay, since somebody else changed their files or the copies of the old ones; looked at before anything
/// is done.
fn strange(
    root: &Root,
    chain: &Chain,
    skip_foreign: bool,
) -> Result<Vec<(usize, String)>, Vec<Refusal>> {
    let changes = chain.changes().unwrap_or_default();
    let look = |(number, change)| Looked {
        number,
        change,
        task: look(root, chain, change),
    };
    let looked = begun(changes).map(look).collect();
    let decided = decide(looked, &left_alone(changes), skip_foreign)?;
    let skipped = decided
        .into_iter()
        .filter_map(|(number, decision)| match decision {
            Decision::Skip(found) => Some((number, found)),
            Decision::Do(()) => None,
        });
    Ok(skipped.collect())
}

fn look(root: &Root, chain: &Chain, change: &Change) -> Result<(), Obstacle> {
    match Situation::of(root, change) {
        Situation::Before => Ok(()),
        Situation::Foreign(found) => Err(Obstacle::foreign(root, change, &found, "rollback")),
        Situation::Unreadable(error) => Err(Obstacle::unreadable(root, change, &error, "rollback")),
        Situation::After => check_old(root, change).map_err(|evidence| {
            let obstacle = Obstacle::backup_lost(root, change, evidence, "rollback");
            if chain.is_undoing() {
                return obstacle;
            }
            let resume = root.command("resume");
            obstacle.or_else(&format!("the run can still be finished: {resume}"))
        }),
    }
}

/// The changes that may have been made and are not settled, last first.
fn begun(changes: &[(Change, Made)]) -> impl Iterator<Item = (usize, &Change)> {
    changes
        .iter()
        .enumerate()
        .rev()
        .filter_map(|(number, (change, made))| match made {
            Made::Intended | Made::Done | Made::UndoIntended => Some((number, change)),
            Made::Waiting | Made::RolledBack | Made::Skipped => None,
        })
}

impl Transaction<'_> {
    /// Brings every target back that can be, and tells of those that cannot. Fails where the journal does, or where
    /// somebody wants it to stop: what is left is for a later attempt.
    pub(super) fn roll_back(&mut self) -> Result<Vec<Stuck>, super::RecoveryError> {
        if let Err(failure) = self.turn() {
            return Err(self.stopped("stopped on the way back", failure));
        }
        // Nothing of it is needed any more, and its names and its room are.
        self.remove_staged();
        let changes = self.log.chain().changes().unwrap_or_default();
        let begun: Vec<(usize, Change)> = begun(changes)
            .map(|(number, change)| (number, change.clone()))
            .collect();
        let steps = begun.len();
        self.observer.progress(Progress::RollingBack { steps });
        let mut stuck: Vec<(String, Stuck)> = Vec::new();
        for (number, change) in begun {
            // A link that could not be turned back still leads to the new file.
            if change.before.is_none() && stuck.iter().any(|(name, _)| *name == change.name) {
                continue;
            }
            match self.go_on().and_then(|()| self.take_back(number, &change)) {
                Ok(()) => {}
                Err(failure @ (Failure::Journal(_) | Failure::Interrupted { .. })) => {
                    return Err(self.stopped("stopped on the way back", failure));
                }
                Err(failure) => {
                    let path = self.root.outside(Path::new(&change.target));
                    let error = with_causes(&failure);
                    stuck.push((change.name, Stuck { path, error }));
                }
            }
        }
        Ok(stuck.into_iter().map(|(_, stuck)| stuck).collect())
    }

    /// Names what is not as before the run at its end, in the journal too.
    fn tell_strange(&mut self) -> Result<(), Failure> {
        let changes = self.log.chain().changes().unwrap_or_default();
        let strange = not_as_before(self.root, changes, None);
        for left in &strange {
            self.append(Event::Left {
                name: left.name.clone(),
                reason: left.reason.clone(),
                needs: left.needs.clone(),
            })?;
        }
        self.left.extend(strange);
        Ok(())
    }

    fn take_back(&mut self, number: usize, change: &Change) -> Result<(), Failure> {
        let never_made = self.unexchanged == Some(number);
        match Situation::of(self.root, change) {
            Situation::Before => {
                // Its name may not have reached the disk before an attempt broke off.
                self.root.flush_name(Path::new(&change.target))?;
                self.note_rolled_back(number, change)
            }
            Situation::After => self.bring_back(number, change),
            Situation::Foreign(_) if never_made => self.note_rolled_back(number, change),
            Situation::Foreign(_) => Err(FileError::ChangedMeanwhile {
                path: self.root.outside(Path::new(&change.target)),
            }
            .into()),
            // It may be this run's for all that anybody knows.
            Situation::Unreadable(error) => Err(error.into()),
        }
    }
}
