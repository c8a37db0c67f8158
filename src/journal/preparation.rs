//! What was made ready before the commit: a commit to anything else is none. Pure.

use std::collections::BTreeMap;

use super::change::{Backup, Change, FileState};
use super::order::OrderError;
use crate::digest::Sha256Digest;

/// The files that were staged and backed up, by the number of their change.
#[derive(Default)]
pub(super) struct Preparation {
    staged: BTreeMap<usize, Sha256Digest>,
    backed_up: BTreeMap<usize, Backup>,
}

impl Preparation {
    pub(super) fn stage(&mut self, change: usize, sha256: Sha256Digest) {
        self.staged.insert(change, sha256);
    }

    pub(super) fn back_up(&mut self, change: usize, path: &str, sha256: Sha256Digest) {
        let backup = Backup {
            path: path.to_owned(),
            sha256,
        };
        self.backed_up.insert(change, backup);
    }

    /// Whether just these changes are ready: every new file staged, every old one backed up, with the same digests.
    pub(super) fn check(&self, changes: &[Change]) -> Result<(), OrderError> {
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
        let mut numbers = self.staged.keys().chain(self.backed_up.keys());
        match numbers.find(|number| **number >= changes.len()) {
            Some(change) => Err(OrderError::NoSuchChange { change: *change }),
            None => Ok(()),
        }
    }
}
