//! Undoes what a recovery did, last change first, from the backup that it made.

use std::path::PathBuf;

use super::facts::text;
use super::{Observer, Progress};
use crate::digest::Sha256Digest;
use crate::issuance::{Content, FileChange};
use crate::journal::{Event, Log};
use crate::node::{BackupCopy, FileError, Present, Root, Secrecy, SteadyClock};

/// A change that may have been made, with the copy of what was there before.
pub(super) struct Undo<'a> {
    pub(super) number: usize,
    pub(super) change: &'a FileChange,
    pub(super) backup: Option<&'a BackupCopy>,
    /// Whether the exchange came to its end; where it did not, it may have been made or not.
    pub(super) installed: bool,
}

/// Brings every target back; stops at the first that cannot be.
pub(super) fn roll_back(
    root: &Root,
    log: &mut Log,
    run: &str,
    clock: &SteadyClock,
    changes: &[Undo<'_>],
    observer: &mut dyn Observer,
) -> Result<(), (PathBuf, FileError)> {
    observer.progress(&Progress::RollingBack);
    for undo in changes.iter().rev() {
        let target = &undo.change.target;
        undo.restore(root, run)
            .map_err(|error| (root.outside(target), error))?;
        let event = Event::RolledBack {
            change: undo.number,
        };
        // The files are what counts: a journal that cannot be written any more stops no rollback.
        let _ = log.append(event, clock.now());
        observer.progress(&Progress::RolledBack { path: target });
    }
    Ok(())
}

impl Undo<'_> {
    fn restore(&self, root: &Root, run: &str) -> Result<(), FileError> {
        let target = &self.change.target;
        let found = root.present(target)?;
        let made = match &self.change.after {
            Content::File(bytes) => Present::File(Sha256Digest::of(bytes)),
            Content::Link(destination) => Present::Link(destination.clone()),
        };
        // Something of somebody else's, before which the exchange stopped, stays: there is nothing of ours.
        if found == self.change.before || (found != made && !self.installed) {
            return Ok(());
        }
        match (&self.change.before, self.backup) {
            (Present::Nothing, _) => root.remove(target, &made),
            (Present::Link(destination), _) => {
                root.stage_link(target, destination, run)?.install(&made)
            }
            (Present::File(_), Some(copy)) => {
                let old = root.read(&copy.path, Secrecy::Public)?;
                root.stage_file(target, &old.bytes, &copy.path, run)?
                    .install(&made)
            }
            (Present::File(_), None) => Err(FileError::NotFound {
                path: PathBuf::from(text(target)),
            }),
        }
    }
}
