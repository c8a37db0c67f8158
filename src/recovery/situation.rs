//! What an interrupted run left at each of its targets: looked at before anything is done about it.

use std::path::Path;

use super::identity::{found, identity, is_as_copied, is_key};
use crate::elision::elide;
use crate::evidence::with_causes;
use crate::journal::{Change, FileIdentity, FileState};
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
        match found(root, change) {
            Ok(found) if found.state.as_ref() == Some(&change.after) => Self::After,
            Ok(found) if found.state == change.before && is_as_copied(root, change, &found) => {
                Self::Before
            }
            Ok(found) => Self::Foreign(words(found.state.as_ref())),
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
        (Some(FileState::File(_)), None) => Err("the journal names no copy of it".to_owned()),
        (Some(FileState::File(_)), Some(backup)) => {
            match root.read(Path::new(&backup.path), Secrecy::Public) {
                Ok(copy) => {
                    let is = identity(&copy.bytes, is_key(change));
                    if is == backup.identity {
                        return Ok(());
                    }
                    Err(format!(
                        "{} is not the copy that was made: {}, and the journal says {}",
                        root.outside(&copy.path).display(),
                        said(is),
                        said(backup.identity)
                    ))
                }
                Err(error) => Err(with_causes(&error)),
            }
        }
    }
}

/// A state in words.
pub(super) fn words(state: Option<&FileState>) -> String {
    match state {
        None => "nothing".to_owned(),
        Some(FileState::File(FileIdentity::Sha256(digest))) => format!("{DIGEST}{digest}"),
        Some(FileState::File(identity)) => said(*identity),
        Some(FileState::Symlink(destination)) => {
            elide(&format!("a link to {destination}")).into_owned()
        }
    }
}

fn said(identity: FileIdentity) -> String {
    match identity {
        FileIdentity::Sha256(digest) => format!("its SHA-256 is {digest}"),
        FileIdentity::PublicKey(digest) => {
            format!("it is the private key whose public half has the SHA-256 {digest}")
        }
        FileIdentity::Size(bytes) => format!("it is no private key, of {bytes} bytes"),
    }
}
