//! The order in which events may follow each other. Pure. The log holds itself to it before it
//! writes, the verifier holds the file to it, so neither can know a rule that the other does not.

use std::collections::{BTreeMap, BTreeSet};

use super::act::Act;
use super::attempt::{Attempt, Direction};
use super::change::{Change, FileState};
use super::effect::{Effect, UnderWay};
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
    /// A genesis, an attempt or a commit is on the disk for certain with the checkpoint behind it alone.
    awaits_checkpoint: bool,
    preparation: Preparation,
    committed: Option<Committed>,
    under_way: UnderWay,
    /// The run has turned back, or something was undone: from then on there is only the way back.
    undoing: bool,
    touched: BTreeSet<String>,
    /// The services that were to be stopped, and were not started again since.
    stopped: BTreeSet<String>,
    /// The manifests that were to be moved away, and were not moved back since, with where they are.
    moved: BTreeMap<String, String>,
    /// Left and failed; the others follow from the changes.
    counts: Counts,
    closed: Option<RunOutcome>,
    sealed: bool,
}

impl Protocol {
    /// Takes note of an event, if it may come now; otherwise nothing is different afterwards.
    pub(super) fn accept(&mut self, event: &Event) -> Result<(), OrderError> {
        let begun = self.attempts > 0;
        if matches!(event, Event::Genesis(_)) == begun {
            return Err(OrderError::Genesis);
        }
        if self.closed.is_some() {
            return self.accept_seal(event);
        }
        // A crash may come before the checkpoint; then a further attempt begins.
        if self.awaits_checkpoint && !matches!(event, Event::Checkpoint { .. } | Event::Attempt(_))
        {
            return Err(OrderError::NoCheckpoint);
        }
        match event {
            Event::Genesis(_) => {
                self.attempts = 1;
                self.awaits_checkpoint = true;
            }
            Event::Attempt(attempt) => self.begin_attempt(attempt)?,
            Event::Staged {
                change, identity, ..
            } => {
                self.demand_preparation(*change)?;
                self.preparation.stage(*change, *identity);
            }
            Event::BackedUp {
                change,
                path,
                identity,
            } => {
                self.demand_preparation(*change)?;
                self.preparation.back_up(*change, path, *identity);
            }
            Event::Commit { changes, touches } => self.commit(changes, touches)?,
            Event::Intent { .. } | Event::Done { .. } | Event::Adopted { .. } => {
                self.go_forward(event)?;
            }
            Event::TurnedBack => self.turn_back()?,
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
                self.under_way.demand(&Effect::Touch(path.clone()))?;
                self.touched.insert(path.clone());
                self.under_way.clear();
            }
            Event::ActIntent { act } => {
                self.demand_commit()?;
                self.under_way.demand_none()?;
                self.note_absence(act);
                self.under_way.begin(Effect::Act(act.clone()));
            }
            Event::ActDone { act } => {
                self.under_way.demand(&Effect::Act(act.clone()))?;
                match act {
                    Act::StartService { service } => {
                        self.stopped.remove(service);
                    }
                    Act::MoveBack { path, .. } | Act::LeaveAside { path, .. } => {
                        self.moved.remove(path);
                    }
                    _ => {}
                }
                self.under_way.clear();
            }
            Event::Proof { .. } => {
                self.demand_commit()?;
                self.under_way.demand_none()?;
            }
            Event::Left { .. } => self.counts.left += 1,
            Event::Failed { .. } => {
                self.under_way.clear();
                self.counts.failed += 1;
            }
            Event::Checkpoint { .. } => self.awaits_checkpoint = false,
            Event::Close { outcome, statement } => {
                self.under_way.demand_none()?;
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
                FileState::File(identity) => Some(Subject {
                    name: change.target.clone(),
                    digest: DigestSet::from(*identity),
                }),
                FileState::Symlink(_) => None,
            })
            .collect();
        Statement::new(subject, outcome, self.counts())
    }

    /// What was done so far.
    pub(super) fn counts(&self) -> Counts {
        Counts {
            // An undoing that was not confirmed may have failed: the file counts as replaced until it is brought back for certain.
            changed: self.at(Progress::Done).count() + self.at(Progress::UndoIntended).count(),
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

    /// The services that are stopped because of this run, for all that it knows.
    pub(super) fn stopped_services(&self) -> impl Iterator<Item = &str> {
        self.stopped.iter().map(String::as_str)
    }

    /// The manifests that are away because of this run, for all that it knows, with where they are.
    pub(super) fn moved_manifests(&self) -> impl Iterator<Item = (&str, &str)> {
        let moved = self.moved.iter();
        moved.map(|(path, aside)| (path.as_str(), aside.as_str()))
    }

    /// How many attempts were begun.
    pub(super) fn attempts(&self) -> u64 {
        self.attempts
    }

    /// Whether only the way back is open.
    pub(super) fn is_undoing(&self) -> bool {
        self.undoing
    }

    /// Where a further attempt may lead. A run that has ended stays where it is, and is brought its last checkpoint on the
    /// way that it went.
    pub(super) fn open_directions(&self) -> &'static [Direction] {
        match self.closed {
            _ if self.undoing => &[Direction::Back],
            Some(_) => &[Direction::Forward],
            None => &[Direction::Forward, Direction::Back],
        }
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

    /// What was begun besides changing files, and has not come to its outcome.
    pub(super) fn act_under_way(&self) -> Option<&Act> {
        self.under_way.act()
    }

    fn demand_commit(&self) -> Result<(), OrderError> {
        match self.committed {
            Some(_) => Ok(()),
            None => Err(OrderError::BeforeCommit),
        }
    }

    /// From the announcement on: a crash may come right after the deed itself.
    fn note_absence(&mut self, act: &Act) {
        match act {
            Act::StopService { service } => {
                self.stopped.insert(service.clone());
            }
            Act::MoveAside { path, aside } => {
                self.moved.insert(path.clone(), aside.clone());
            }
            _ => {}
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
        self.awaits_checkpoint = true;
        // What was under way when the attempt before broke off has come to its end or not: the files tell.
        self.under_way.clear();
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
        self.awaits_checkpoint = true;
        Ok(())
    }

    fn go_forward(&mut self, event: &Event) -> Result<(), OrderError> {
        self.demand_way_forward()?;
        let unmade = [Progress::Waiting, Progress::Intended];
        match event {
            Event::Intent { change } => {
                self.under_way.demand_none()?;
                self.advance(*change, &unmade, Progress::Intended)?;
                self.under_way.begin(Effect::Change(*change));
                Ok(())
            }
            Event::Done { change } => {
                self.under_way.demand(&Effect::Change(*change))?;
                self.advance(*change, &[Progress::Intended], Progress::Done)?;
                self.under_way.clear();
                Ok(())
            }
            Event::Adopted { change } => {
                self.demand_further_attempt(*change)?;
                self.advance(*change, &unmade, Progress::Done)
            }
            _ => Err(OrderError::NoIntent),
        }
    }

    /// What was staged is removed behind this, so there is no way forward any more.
    fn turn_back(&mut self) -> Result<(), OrderError> {
        self.demand_way_back()?;
        self.under_way.demand_none()?;
        if self.committed.is_none() {
            return Err(OrderError::BeforeCommit);
        }
        if self.undoing {
            return Err(OrderError::SecondTurn);
        }
        self.undoing = true;
        Ok(())
    }

    fn go_back(&mut self, event: &Event) -> Result<(), OrderError> {
        self.demand_way_back()?;
        let begun = [Progress::Intended, Progress::Done, Progress::UndoIntended];
        match event {
            Event::UndoIntent { change } => {
                self.under_way.demand_none()?;
                self.advance(*change, &begun, Progress::UndoIntended)?;
                self.under_way.begin(Effect::Undo(*change));
            }
            Event::RolledBack { change } => {
                if !self.under_way.is_none() {
                    self.under_way.demand(&Effect::Undo(*change))?;
                }
                self.advance(*change, &begun, Progress::RolledBack)?;
                self.under_way.clear();
            }
            _ => return Err(OrderError::NoIntent),
        }
        self.undoing = true;
        Ok(())
    }

    fn begin_touch(&mut self, path: &str) -> Result<(), OrderError> {
        self.demand_way_forward()?;
        self.under_way.demand_none()?;
        let committed = self.committed.as_ref().ok_or(OrderError::BeforeCommit)?;
        if !committed.all_at(&[Progress::Done, Progress::Skipped]) {
            return Err(OrderError::EarlyTouch);
        }
        if !committed.touches.iter().any(|touch| touch == path) || self.touched.contains(path) {
            return Err(OrderError::NoSuchTouch);
        }
        self.under_way.begin(Effect::Touch(path.to_owned()));
        Ok(())
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

    fn demand_way_back(&self) -> Result<(), OrderError> {
        if self.direction == Some(Direction::Forward) {
            return Err(OrderError::Direction);
        }
        Ok(())
    }

    /// What was found, and not done, is for an attempt that takes up what another one left.
    fn demand_further_attempt(&self, change: usize) -> Result<(), OrderError> {
        self.under_way.demand_none()?;
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
