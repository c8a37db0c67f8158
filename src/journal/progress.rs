//! How far each committed change has come. Pure.

use super::change::Change;
use super::event::RunOutcome;
use super::order::OrderError;

/// How far a change has come, as the journal tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Committed, and nothing done about it.
    Waiting,
    /// Announced: the file may be the old one or the new one.
    Intended,
    /// The file is the new one.
    Done,
    /// Announced to be undone: the file may be the new one or the old one.
    UndoIntended,
    /// The file is the old one.
    RolledBack,
    /// Left as somebody else made it.
    Skipped,
}

/// The changes of a run, each with its progress. The place in the list is the change's number.
pub(super) struct Committed {
    changes: Vec<(Change, Progress)>,
    /// The files whose time will be set.
    pub(super) touches: Vec<String>,
}

impl Committed {
    pub(super) fn new(changes: &[Change], touches: &[String]) -> Self {
        let waiting = |change: &Change| (change.clone(), Progress::Waiting);
        Self {
            changes: changes.iter().map(waiting).collect(),
            touches: touches.to_vec(),
        }
    }

    pub(super) fn changes(&self) -> &[(Change, Progress)] {
        &self.changes
    }

    /// The change of that number.
    pub(super) fn change(&self, number: usize) -> Option<&Change> {
        self.changes.get(number).map(|(change, _)| change)
    }

    /// Moves a change on, if it stands where it may be moved from.
    pub(super) fn advance(
        &mut self,
        number: usize,
        from: &[Progress],
        to: Progress,
    ) -> Result<(), OrderError> {
        let change = self.changes.get_mut(number);
        let (_, progress) = change.ok_or(OrderError::NoSuchChange { change: number })?;
        if !from.contains(progress) {
            return Err(OrderError::WrongProgress { change: number });
        }
        *progress = to;
        Ok(())
    }

    /// The changes that have come just so far.
    pub(super) fn at(&self, wanted: Progress) -> impl Iterator<Item = &Change> {
        self.changes
            .iter()
            .filter_map(move |(change, progress)| (*progress == wanted).then_some(change))
    }

    /// Whether a run whose changes stand so may say that it ended so. "Completed" needs every change made, "rolled back"
    /// none left; "half-way" one left as somebody else made it, and none of which nobody knows whether it was made.
    pub(super) fn allows(&self, outcome: RunOutcome) -> bool {
        match outcome {
            RunOutcome::Completed => self.all_at(&[Progress::Done]),
            RunOutcome::RolledBack => self.all_at(&[Progress::Waiting, Progress::RolledBack]),
            RunOutcome::HalfWay => {
                let unknown = [Progress::Intended, Progress::UndoIntended];
                self.at(Progress::Skipped).next().is_some()
                    && unknown.iter().all(|one| self.at(*one).next().is_none())
            }
        }
    }

    pub(super) fn all_at(&self, wanted: &[Progress]) -> bool {
        self.changes
            .iter()
            .all(|(_, progress)| wanted.contains(progress))
    }
}
