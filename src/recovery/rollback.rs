//! Undoes what a recovery did, last change first, from the backup that it made.

use super::{Observer, Progress, Stuck};
use crate::digest::Sha256Digest;
use crate::evidence::with_causes;
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

/// Brings every target back that can be, and tells of those that cannot.
pub(super) fn roll_back(
    root: &Root,
    log: &mut Log,
    run: &str,
    clock: &SteadyClock,
    changes: &[Undo<'_>],
    observer: &mut dyn Observer,
) -> Vec<Stuck> {
    observer.progress(&Progress::RollingBack);
    let mut stuck = Vec::new();
    let mut stuck_names = Vec::new();
    for undo in changes.iter().rev() {
        let path = &undo.change.target;
        // A link that could not be turned back still leads to the new file.
        if undo.change.before == Present::Nothing && stuck_names.contains(&undo.change.name) {
            continue;
        }
        let event = match undo.restore(root, run) {
            Ok(false) => continue,
            Ok(true) => {
                observer.progress(&Progress::RolledBack { path });
                Event::RolledBack {
                    change: undo.number,
                }
            }
            Err(error) => {
                let error = with_causes(&error);
                let path = root.outside(path);
                let event = Event::Failed {
                    step: format!("bring back {}", path.display()),
                    error: error.clone(),
                };
                stuck.push(Stuck { path, error });
                stuck_names.push(undo.change.name);
                event
            }
        };
        // The files are what counts: a journal that cannot be written any more stops no rollback.
        let _ = log.append(event, clock.now());
    }
    stuck
}

impl Undo<'_> {
    /// Whether there was anything to bring back.
    fn restore(&self, root: &Root, run: &str) -> Result<bool, FileError> {
        let target = &self.change.target;
        let found = root.present(target)?;
        let made = match &self.change.after {
            Content::File(bytes) => Present::File(Sha256Digest::of(bytes)),
            Content::Link(destination) => Present::Link(destination.clone()),
        };
        // Something of somebody else's, before which the exchange stopped, stays: there is nothing of ours.
        if found == self.change.before || (found != made && !self.installed) {
            return Ok(false);
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
                path: root.outside(target),
            }),
        }?;
        Ok(true)
    }
}
