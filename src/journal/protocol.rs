//! The order in which events may follow each other. Pure. The log holds itself to it before it
//! writes, the verifier holds the file to it, so neither can know a rule that the other does not.

use std::collections::{BTreeMap, BTreeSet};

use super::attempt::Attempt;
use super::change::{Backup, Change, FileState};
use super::event::{Event, RunOutcome};
use super::order::OrderError;
use super::progress::{Committed, Progress};
use super::statement::{Counts, DigestSet, Statement, Subject};
use crate::digest::Sha256Digest;

/// How far a run has come.
#[derive(Default)]
pub(super) struct Protocol {
    /// How many attempts were begun; none before the genesis.
    attempts: u64,
    staged: BTreeMap<usize, Sha256Digest>,
    backed_up: BTreeMap<usize, Backup>,
    committed: Option<Committed>,
    open: Option<Open>,
    /// Something is being undone, or was: from then on there is only the way back.
    undoing: bool,
    touched: BTreeSet<String>,
    /// Left and failed; the others follow from the changes.
    counts: Counts,
    closed: Option<RunOutcome>,
    sealed: bool,
}

/// The one effect that is under way.
#[derive(PartialEq, Eq)]
enum Open {
    Change(usize),
    Undo(usize),
    Touch(String),
}

impl Protocol {
    /// Takes note of an event, if it may come now.
    pub(super) fn accept(&mut self, event: &Event) -> Result<(), OrderError> {
        let begun = self.attempts > 0;
        if matches!(event, Event::Genesis(_)) == begun {
            return Err(OrderError::Genesis);
        }
        if self.closed.is_some() {
            return self.accept_seal(event);
        }
        match event {
            Event::Genesis(_) => self.attempts = 1,
            Event::Attempt(attempt) => self.begin_attempt(attempt)?,
            Event::Staged { change, sha256, .. } => {
                self.demand_no_commit(*change)?;
                self.staged.insert(*change, *sha256);
            }
            Event::BackedUp {
                change,
                path,
                sha256,
            } => {
                self.demand_no_commit(*change)?;
                let backup = Backup {
                    path: path.clone(),
                    sha256: *sha256,
                };
                self.backed_up.insert(*change, backup);
            }
            Event::Commit { changes, touches } => self.commit(changes, touches)?,
            Event::Intent { .. } | Event::Done { .. } | Event::Adopted { .. } => {
                self.go_forward(event)?;
            }
            Event::UndoIntent { .. } | Event::RolledBack { .. } => self.go_back(event)?,
            Event::Skipped { change, .. } => {
                self.demand_further_attempt(*change)?;
                let unsettled = [
                    Progress::Waiting,
                    Progress::Intended,
                    Progress::Done,
                    Progress::UndoIntended,
                ];
                self.advance(*change, &unsettled, Progress::Skipped)?;
            }
            Event::TouchIntent { path, .. } => self.begin_touch(path)?,
            Event::TouchDone { path, .. } => {
                self.end(&Open::Touch(path.clone()))?;
                self.touched.insert(path.clone());
            }
            Event::Left { .. } => self.counts.left += 1,
            Event::Failed { .. } => {
                self.open = None;
                self.counts.failed += 1;
            }
            Event::Checkpoint { .. } => {}
            Event::Close { outcome, statement } => {
                self.demand_no_effect()?;
                self.demand_outcome(*outcome)?;
                if *statement != self.statement(*outcome) {
                    return Err(OrderError::Statement);
                }
                self.closed = Some(*outcome);
            }
        }
        Ok(())
    }

    /// The one statement that fits what was recorded.
    pub(super) fn statement(&self, outcome: RunOutcome) -> Statement {
        let subject = self
            .at(Progress::Done)
            .filter_map(|change| match &change.after {
                FileState::Sha256(sha256) => Some(Subject {
                    name: change.target.clone(),
                    digest: DigestSet { sha256: *sha256 },
                }),
                FileState::Symlink(_) => None,
            })
            .collect();
        Statement::new(subject, outcome, self.counts())
    }

    /// What was done so far.
    pub(super) fn counts(&self) -> Counts {
        Counts {
            changed: self.at(Progress::Done).count(),
            rolled_back: self.at(Progress::RolledBack).count(),
            skipped: self.at(Progress::Skipped).count(),
            touched: self.touched.len(),
            ..self.counts
        }
    }

    /// What the run committed to; none before the commit. From then on files may be changed.
    pub(super) fn committed(&self) -> Option<&Committed> {
        self.committed.as_ref()
    }

    /// The files whose time is still to be set.
    pub(super) fn untouched(&self) -> impl Iterator<Item = &str> {
        let touches = self.committed.iter().flat_map(|run| &run.touches);
        touches
            .filter(|path| !self.touched.contains(*path))
            .map(String::as_str)
    }

    /// How many attempts were begun.
    pub(super) fn attempts(&self) -> u64 {
        self.attempts
    }

    /// Whether only the way back is open.
    pub(super) fn is_undoing(&self) -> bool {
        self.undoing
    }

    /// How the run ended, if it did.
    pub(super) fn outcome(&self) -> Option<RunOutcome> {
        self.closed
    }

    /// Whether the run ended and its last checkpoint was recorded.
    pub(super) fn is_sealed(&self) -> bool {
        self.sealed
    }

    /// Behind the close comes its checkpoint, and where a crash came between them an attempt that brings it.
    fn accept_seal(&mut self, event: &Event) -> Result<(), OrderError> {
        match event {
            Event::Attempt(attempt) if !self.sealed => self.begin_attempt(attempt),
            Event::Checkpoint { .. } if !self.sealed => {
                self.sealed = true;
                Ok(())
            }
            _ => Err(OrderError::AfterClose),
        }
    }

    fn begin_attempt(&mut self, attempt: &Attempt) -> Result<(), OrderError> {
        let expected = self.attempts + 1;
        if attempt.number != expected {
            return Err(OrderError::AttemptNumber {
                found: attempt.number,
                expected,
            });
        }
        self.attempts = expected;
        // What was under way when the attempt before broke off has come to its end or not: the files tell.
        self.open = None;
        Ok(())
    }

    fn commit(&mut self, changes: &[Change], touches: &[String]) -> Result<(), OrderError> {
        if self.committed.is_some() {
            return Err(OrderError::SecondCommit);
        }
        if self.attempts > 1 {
            return Err(OrderError::LateCommit);
        }
        for (number, change) in changes.iter().enumerate() {
            if let FileState::Sha256(after) = &change.after
                && self.staged.get(&number) != Some(after)
            {
                return Err(OrderError::NotStaged { change: number });
            }
            if self.backed_up.get(&number) != change.backup.as_ref() {
                return Err(OrderError::NotBackedUp { change: number });
            }
            if let Some(FileState::Sha256(before)) = &change.before
                && change.backup.as_ref().map(|backup| backup.sha256) != Some(*before)
            {
                return Err(OrderError::NotBackedUp { change: number });
            }
        }
        let numbers = self.staged.keys().chain(self.backed_up.keys());
        if let Some(change) = numbers.copied().find(|number| *number >= changes.len()) {
            return Err(OrderError::NoSuchChange { change });
        }
        self.committed = Some(Committed::new(changes, touches));
        Ok(())
    }

    fn go_forward(&mut self, event: &Event) -> Result<(), OrderError> {
        if self.undoing {
            return Err(OrderError::Undoing);
        }
        let unmade = [Progress::Waiting, Progress::Intended];
        match event {
            Event::Intent { change } => {
                self.demand_no_effect()?;
                self.advance(*change, &unmade, Progress::Intended)?;
                self.open = Some(Open::Change(*change));
                Ok(())
            }
            Event::Done { change } => {
                self.end(&Open::Change(*change))?;
                self.advance(*change, &[Progress::Intended], Progress::Done)
            }
            Event::Adopted { change } => {
                self.demand_further_attempt(*change)?;
                self.advance(*change, &unmade, Progress::Done)
            }
            _ => Err(OrderError::NoIntent),
        }
    }

    fn go_back(&mut self, event: &Event) -> Result<(), OrderError> {
        let begun = [Progress::Intended, Progress::Done, Progress::UndoIntended];
        match event {
            Event::UndoIntent { change } => {
                self.demand_no_effect()?;
                self.advance(*change, &begun, Progress::UndoIntended)?;
                self.open = Some(Open::Undo(*change));
            }
            Event::RolledBack { change } => {
                if self.open.is_some() {
                    self.end(&Open::Undo(*change))?;
                }
                self.advance(*change, &begun, Progress::RolledBack)?;
            }
            _ => return Err(OrderError::NoIntent),
        }
        self.undoing = true;
        Ok(())
    }

    fn begin_touch(&mut self, path: &str) -> Result<(), OrderError> {
        self.demand_no_effect()?;
        let committed = self.committed.as_ref().ok_or(OrderError::BeforeCommit)?;
        if !committed.touches.iter().any(|touch| touch == path) {
            return Err(OrderError::NoSuchTouch);
        }
        self.open = Some(Open::Touch(path.to_owned()));
        Ok(())
    }

    fn end(&mut self, effect: &Open) -> Result<(), OrderError> {
        match self.open.take() {
            Some(open) if open == *effect => Ok(()),
            _ => Err(OrderError::NoIntent),
        }
    }

    fn advance(
        &mut self,
        number: usize,
        from: &[Progress],
        to: Progress,
    ) -> Result<(), OrderError> {
        let committed = self.committed.as_mut().ok_or(OrderError::BeforeCommit)?;
        committed.advance(number, from, to)
    }

    fn at(&self, wanted: Progress) -> impl Iterator<Item = &Change> {
        self.committed.iter().flat_map(move |run| run.at(wanted))
    }

    fn demand_no_commit(&self, change: usize) -> Result<(), OrderError> {
        match self.committed {
            Some(_) => Err(OrderError::AfterCommit { change }),
            None => Ok(()),
        }
    }

    fn demand_no_effect(&self) -> Result<(), OrderError> {
        match self.open {
            Some(_) => Err(OrderError::EffectUnderWay),
            None => Ok(()),
        }
    }

    /// What was found, and not done, is for an attempt that takes up what another one left.
    fn demand_further_attempt(&self, change: usize) -> Result<(), OrderError> {
        self.demand_no_effect()?;
        if self.attempts > 1 {
            Ok(())
        } else {
            Err(OrderError::WrongProgress { change })
        }
    }

    /// "Completed" needs every change made, "rolled back" none left; "half-way" is always honest.
    fn demand_outcome(&self, outcome: RunOutcome) -> Result<(), OrderError> {
        let all_at = |wanted: &[Progress]| {
            self.committed
                .as_ref()
                .is_none_or(|committed| committed.all_at(wanted))
        };
        let honest = match outcome {
            RunOutcome::Completed => self.committed.is_some() && all_at(&[Progress::Done]),
            RunOutcome::RolledBack => all_at(&[Progress::Waiting, Progress::RolledBack]),
            RunOutcome::HalfWay => true,
        };
        if honest {
            Ok(())
        } else {
            Err(OrderError::Outcome)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_checkpoint_follows_the_close_and_nothing_follows_that() {
        let mut protocol = Protocol {
            attempts: 1,
            ..Protocol::default()
        };
        let outcome = RunOutcome::RolledBack;
        let statement = protocol.statement(outcome);
        let close = Event::Close { outcome, statement };
        let checkpoint = Event::Checkpoint {
            note: String::new(),
        };
        assert_eq!(protocol.accept(&close), Ok(()));
        assert!(!protocol.is_sealed());
        assert_eq!(protocol.accept(&close), Err(OrderError::AfterClose));
        assert_eq!(protocol.accept(&checkpoint), Ok(()));
        assert!(protocol.is_sealed());
        assert_eq!(protocol.accept(&checkpoint), Err(OrderError::AfterClose));
    }
}
