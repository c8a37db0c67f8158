//! What was made ready before the commit: a commit to anything else is none. Pure.

use std::collections::BTreeMap;

use super::change::{Backup, Change, FileIdentity, FileState};
use super::order::OrderError;

/// The files that were staged and backed up, by the number of their change.
#[derive(Default)]
pub(super) struct Preparation {
    staged: BTreeMap<usize, FileIdentity>,
    backed_up: BTreeMap<usize, Backup>,
}

impl Preparation {
    pub(super) fn stage(&mut self, change: usize, identity: FileIdentity) {
        self.staged.insert(change, identity);
    }

    pub(super) fn back_up(&mut self, change: usize, path: &str, identity: FileIdentity) {
        let backup = Backup {
            path: path.to_owned(),
            identity,
        };
        self.backed_up.insert(change, backup);
    }

    /// Whether just these changes are ready: every new file staged, every old one backed up, known by the same.
    pub(super) fn check(&self, changes: &[Change]) -> Result<(), OrderError> {
        for (number, change) in changes.iter().enumerate() {
            if let FileState::File(after) = &change.after
                && self.staged.get(&number) != Some(after)
            {
                return Err(OrderError::NotStaged { change: number });
            }
            if self.backed_up.get(&number) != change.backup.as_ref() {
                return Err(OrderError::NotBackedUp { change: number });
            }
            if let Some(FileState::File(before)) = &change.before
                && change.backup.as_ref().map(|backup| backup.identity) != Some(*before)
            {
                return Err(OrderError::NotBackedUp { change: number });
            }
        }
        let mut numbers = self.staged.keys().chain(self.backed_up.keys());
        match numbers.find(|number| **number >= changes.len()) {
            Some(change) => Err(OrderError::NoSuchChange { change: *change }),
            None => Ok(()),
        }
    }
}
