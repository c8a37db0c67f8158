//! Takes a run back: what it replaced is brought back from its backup, last change first.

use std::path::Path;

use super::obstacle::{Decision, Looked, Obstacle, decide};
use super::situation::{Situation, check_old};
use super::transaction::{Ended, Transaction};
use super::{Failure, Halt, Interrupted, Observer, Progress, Stuck, TakeUpRequest};
use crate::evidence::with_causes;
use crate::journal::{Chain, Change, Direction, Event, Progress as Made, RunOutcome};
use crate::node::{FileError, Root};

/// Takes a committed run back to where it began: every file is the old one.
pub fn rollback(
    root: &Root,
    interrupted: Interrupted,
    request: TakeUpRequest<'_>,
    observer: &mut dyn Observer,
) -> Result<Ended, Halt> {
    let chain = &interrupted.chain;
    let skipped = match chain.outcome() {
        None => strange(root, chain, request.skip_foreign)?,
        // Only its last checkpoint is missing.
        Some(_) => Vec::new(),
    };
    let mut transaction =
        Transaction::take_up(root, interrupted, Direction::Back, request, observer)?;
    if let Some(outcome) = transaction.log.chain().outcome() {
        return Ok(transaction.close(outcome, Vec::new())?);
    }
    for (number, found) in skipped {
        let event = Event::Skipped {
            change: number,
            found,
        };
        if let Err(failure) = transaction.append(event) {
            return Err(transaction
                .stopped("the run could not be undone", failure)
                .into());
        }
    }
    let stuck = transaction.roll_back()?;
    if let Some(first) = stuck.first() {
        let failure = Failure::Undo {
            error: first.error.clone(),
        };
        return Err(transaction
            .stuck("the run was being undone".to_owned(), stuck, failure)
            .into());
    }
    let outcome = transaction.outcome(RunOutcome::RolledBack);
    Ok(transaction.close(outcome, Vec::new())?)
}

/// The changes that stay, since somebody else changed their files or the copies of the old ones; looked at before anything
/// is done.
fn strange(root: &Root, chain: &Chain, skip_foreign: bool) -> Result<Vec<(usize, String)>, Halt> {
    let changes = chain.changes().unwrap_or_default();
    let look = |(number, change, _)| Looked {
        number,
        change,
        task: look(root, chain, change),
    };
    let looked = begun(changes).map(look).collect();
    let decided = decide(looked, skip_foreign).map_err(Halt::Refused)?;
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
fn begun(changes: &[(Change, Made)]) -> impl Iterator<Item = (usize, &Change, Made)> {
    changes
        .iter()
        .enumerate()
        .rev()
        .filter_map(|(number, (change, made))| match made {
            Made::Intended | Made::Done | Made::UndoIntended => Some((number, change, *made)),
            Made::Waiting | Made::RolledBack | Made::Skipped => None,
        })
}

impl Transaction<'_> {
    /// Brings every target back that can be, and tells of those that cannot. Fails where the journal does, or where
    /// somebody wants it to stop: what is left is for a later attempt.
    pub(super) fn roll_back(&mut self) -> Result<Vec<Stuck>, super::RecoveryError> {
        // Nothing of it is needed any more, and its names and its room are.
        self.remove_staged();
        let changes = self.log.chain().changes().unwrap_or_default();
        let begun: Vec<(usize, Change, Made)> = begun(changes)
            .map(|(number, change, made)| (number, change.clone(), made))
            .collect();
        let steps = begun.len();
        self.observer.progress(&Progress::RollingBack { steps });
        let mut stuck: Vec<(String, Stuck)> = Vec::new();
        for (number, change, made) in begun {
            // A link that could not be turned back still leads to the new file.
            if change.before.is_none() && stuck.iter().any(|(name, _)| *name == change.name) {
                continue;
            }
            match self
                .go_on()
                .and_then(|()| self.take_back(number, &change, made))
            {
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

    fn take_back(&mut self, number: usize, change: &Change, made: Made) -> Result<(), Failure> {
        // In the attempt that makes it, an exchange that failed has left nothing behind but what was there.
        let never_made = made == Made::Intended && self.log.chain().attempts() == 1;
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
        }
    }
}
