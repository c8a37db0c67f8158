//! The order in which events may follow each other. Pure. The log holds itself to it before it
//! writes, the verifier holds the file to it, so neither can know a rule that the other does not.

use std::collections::BTreeMap;

use super::change::{Backup, Change, FileState};
use super::event::{Event, RunOutcome};
use super::order::OrderError;
use super::statement::{Counts, DigestSet, Statement, Subject};
use crate::digest::Sha256Digest;

/// How far a run has come.
#[derive(Default)]
pub(super) struct Protocol {
    begun: bool,
    staged: BTreeMap<usize, Sha256Digest>,
    backed_up: BTreeMap<usize, Backup>,
    /// The committed changes; none before the commit.
    changes: Option<Vec<(Change, Progress)>>,
    open: Option<Open>,
    /// Touched, left and failed; the others follow from the changes.
    counts: Counts,
    closed: Option<RunOutcome>,
    sealed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Waiting,
    Intended,
    Done,
    RolledBack,
}

/// The one effect that is under way.
enum Open {
    Change(usize),
    Touch(String),
}

impl Protocol {
    /// Takes note of an event, if it may come now.
    pub(super) fn accept(&mut self, event: &Event) -> Result<(), OrderError> {
        if matches!(event, Event::Genesis(_)) == self.begun {
            return Err(OrderError::Genesis);
        }
        if self.closed.is_some() {
            return self.accept_seal(event);
        }
        match event {
            Event::Genesis(_) => self.begun = true,
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
            Event::Commit { changes } => self.commit(changes)?,
            Event::Intent { change } => {
                self.demand_no_effect()?;
                self.advance(*change, &[Progress::Waiting], Progress::Intended)?;
                self.open = Some(Open::Change(*change));
            }
            Event::Done { change } => {
                let Some(Open::Change(open)) = self.open.take() else {
                    return Err(OrderError::NoIntent);
                };
                if open != *change {
                    return Err(OrderError::NoIntent);
                }
                self.advance(*change, &[Progress::Intended], Progress::Done)?;
            }
            Event::TouchIntent { path, .. } => {
                self.demand_no_effect()?;
                if self.changes.is_none() {
                    return Err(OrderError::BeforeCommit);
                }
                self.open = Some(Open::Touch(path.clone()));
            }
            Event::TouchDone { path, .. } => match self.open.take() {
                Some(Open::Touch(open)) if open == *path => self.counts.touched += 1,
                _ => return Err(OrderError::NoIntent),
            },
            Event::RolledBack { change } => {
                self.demand_no_effect()?;
                let begun = [Progress::Intended, Progress::Done];
                self.advance(*change, &begun, Progress::RolledBack)?;
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
            .in_progress(Progress::Done)
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
            changed: self.in_progress(Progress::Done).count(),
            rolled_back: self.in_progress(Progress::RolledBack).count(),
            ..self.counts
        }
    }

    /// How many changes the run committed to; none before the commit. From then on files may be changed.
    pub(super) fn committed(&self) -> Option<usize> {
        self.changes.as_ref().map(Vec::len)
    }

    /// How the run ended, if it did.
    pub(super) fn outcome(&self) -> Option<RunOutcome> {
        self.closed
    }

    /// Whether the run ended and its last checkpoint was recorded.
    pub(super) fn is_sealed(&self) -> bool {
        self.sealed
    }

    fn accept_seal(&mut self, event: &Event) -> Result<(), OrderError> {
        if self.sealed || !matches!(event, Event::Checkpoint { .. }) {
            return Err(OrderError::AfterClose);
        }
        self.sealed = true;
        Ok(())
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), OrderError> {
        if self.changes.is_some() {
            return Err(OrderError::SecondCommit);
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
        let waiting = |change: &Change| (change.clone(), Progress::Waiting);
        self.changes = Some(changes.iter().map(waiting).collect());
        Ok(())
    }

    fn advance(
        &mut self,
        number: usize,
        from: &[Progress],
        to: Progress,
    ) -> Result<(), OrderError> {
        let changes = self.changes.as_mut().ok_or(OrderError::BeforeCommit)?;
        let (_, progress) = changes
            .get_mut(number)
            .ok_or(OrderError::NoSuchChange { change: number })?;
        if !from.contains(progress) {
            return Err(OrderError::WrongProgress { change: number });
        }
        *progress = to;
        Ok(())
    }

    fn in_progress(&self, wanted: Progress) -> impl Iterator<Item = &Change> {
        let changes = self.changes.iter().flatten();
        changes.filter_map(move |(change, progress)| (*progress == wanted).then_some(change))
    }

    fn demand_no_commit(&self, change: usize) -> Result<(), OrderError> {
        match self.changes {
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

    /// "Recovered" needs every change made, "rolled back" none left; "half-way" is always honest.
    fn demand_outcome(&self, outcome: RunOutcome) -> Result<(), OrderError> {
        let made = self.in_progress(Progress::Done).count();
        let honest = match outcome {
            RunOutcome::Completed => self.committed() == Some(made),
            RunOutcome::RolledBack => made == 0,
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
            begun: true,
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
