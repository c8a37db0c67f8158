//! The order in which events may follow each other. Pure. The log holds itself to it before it
//! writes, the verifier holds the file to it, so neither can know a rule that the other does not.

use std::collections::BTreeSet;

use super::attempt::{Attempt, Direction};
use super::change::{Change, FileState};
use super::event::{Event, RunOutcome};
use super::order::OrderError;
use super::preparation::Preparation;
use super::progress::{Committed, Progress};
use super::statement::{Counts, DigestSet, Statement, Subject};

/// How far a run has come.
#[derive(Default)]
pub(super) struct Protocol {
    /// How many attempts were begun; none before the genesis.
    attempts: u64,
    /// Where the present attempt is to lead; none in the first, which turns back by itself where a step fails.
    direction: Option<Direction>,
    /// Some attempt was to lead back, however far it came.
    turned_back: bool,
    preparation: Preparation,
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
                self.demand_preparation(*change)?;
                self.preparation.stage(*change, *sha256);
            }
            Event::BackedUp {
                change,
                path,
                sha256,
            } => {
                self.demand_preparation(*change)?;
                self.preparation.back_up(*change, path, *sha256);
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

    /// Whether an attempt was to lead back.
    pub(super) fn has_turned_back(&self) -> bool {
        self.turned_back
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
        self.direction = Some(attempt.direction);
        self.turned_back |= attempt.direction == Direction::Back;
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
        self.preparation.check(changes)?;
        self.committed = Some(Committed::new(changes, touches));
        Ok(())
    }

    fn go_forward(&mut self, event: &Event) -> Result<(), OrderError> {
        self.demand_way_forward()?;
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
        if self.direction == Some(Direction::Forward) {
            return Err(OrderError::Direction);
        }
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
        self.demand_way_forward()?;
        self.demand_no_effect()?;
        let committed = self.committed.as_ref().ok_or(OrderError::BeforeCommit)?;
        if !committed.touches.iter().any(|touch| touch == path) || self.touched.contains(path) {
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

    /// What a further attempt prepared it could not commit to.
    fn demand_preparation(&self, change: usize) -> Result<(), OrderError> {
        if self.committed.is_some() {
            return Err(OrderError::AfterCommit { change });
        }
        if self.attempts > 1 {
            return Err(OrderError::LateCommit);
        }
        Ok(())
    }

    fn demand_way_forward(&self) -> Result<(), OrderError> {
        if self.undoing {
            return Err(OrderError::Undoing);
        }
        if self.direction == Some(Direction::Back) {
            return Err(OrderError::Direction);
        }
        Ok(())
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

    fn demand_outcome(&self, outcome: RunOutcome) -> Result<(), OrderError> {
        let honest = match &self.committed {
            Some(committed) => committed.allows(outcome),
            None => outcome == RunOutcome::RolledBack,
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
