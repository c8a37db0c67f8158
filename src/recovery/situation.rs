//! What an interrupted run left at each of its targets: looked at before anything is done about it.

use std::path::Path;

use super::facts;
use crate::elision::elide;
use crate::evidence::with_causes;
use crate::journal::{Change, FileState};
use crate::node::{FileError, Present, Root, Secrecy};

/// What stands before a digest in words.
pub(super) const DIGEST: &str = "sha256:";

/// What stands at the target of a change.
#[derive(Debug)]
pub(super) enum Situation {
    /// What was there before the run.
    Before,
    /// What the run put there.
    After,
    /// Something else, in words.
    Foreign(String),
    /// The kernel does not show it: it may be any of these.
    Unreadable(FileError),
}

impl Situation {
    pub(super) fn of(root: &Root, change: &Change) -> Self {
        match root.present(Path::new(&change.target)) {
            Ok(found) if found == facts::present(Some(&change.after)) => Self::After,
            Ok(found) if found == facts::present(change.before.as_ref()) => Self::Before,
            Ok(found) => Self::Foreign(words(&found)),
            Err(
                error @ (FileError::Io { .. }
                | FileError::PermissionDenied { .. }
                | FileError::NotPermitted { .. }),
            ) => Self::Unreadable(error),
            // The error says what is there: neither the old one nor the run's was like that.
            Err(error) => Self::Foreign(with_causes(&error)),
        }
    }
}

/// Whether the copy of the old file, or what the old link leads to, is there as it was; why not, otherwise.
pub(super) fn check_old(root: &Root, change: &Change) -> Result<(), String> {
    match (&change.before, &change.backup) {
        (None, _) => Ok(()),
        // It led to nothing before the run, too.
        (Some(FileState::Symlink(_)), _)
            if (change.certificate.as_ref()).is_some_and(|one| one.before.is_none()) =>
        {
            Ok(())
        }
        (Some(FileState::Symlink(destination)), _) => {
            let link = Path::new(&change.target);
            let old = link.parent().unwrap_or(link).join(destination);
            match root.present(&old) {
                Ok(Present::Nothing) => Err(format!(
                    "the old link leads to {}, which does not exist any more",
                    root.outside(&old).display()
                )),
                Ok(_) | Err(_) => Ok(()),
            }
        }
        (Some(FileState::Sha256(_)), None) => Err("the journal names no copy of it".to_owned()),
        (Some(FileState::Sha256(_)), Some(backup)) => {
            match root.read(Path::new(&backup.path), Secrecy::Public) {
                Ok(copy) if copy.digest == backup.sha256 => Ok(()),
                Ok(copy) => Err(format!(
                    "{} is not the copy that was made: its SHA-256 is {}, and the journal says {}",
                    root.outside(&copy.path).display(),
                    copy.digest,
                    backup.sha256
                )),
                Err(error) => Err(with_causes(&error)),
            }
        }
    }
}

pub(super) fn words(present: &Present) -> String {
    match present {
        Present::Nothing => "nothing".to_owned(),
        Present::File(digest) => format!("{DIGEST}{digest}"),
        Present::Link(destination) => {
            elide(&format!("a link to {}", destination.display())).into_owned()
        }
    }
}
