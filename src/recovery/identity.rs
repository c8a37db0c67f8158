//! By what the files of a run are known again: by their digest; a private key by its public half, for no journal has a digest of
//! a key.

use std::path::{Path, PathBuf};

use crate::digest::Sha256Digest;
use crate::journal::{Change, FileIdentity, FileState};
use crate::node::{FileError, Present, Root, Secrecy};
use crate::pki::PrivateKey;

/// What stands at a path, as it must be for an exchange, and as a journal knows it.
pub(super) struct Found {
    pub(super) present: Present,
    pub(super) state: Option<FileState>,
}

/// By what a file of these bytes is known; `is_key` says that it is nothing but a private key, or should be.
pub(super) fn identity(bytes: &[u8], is_key: bool) -> FileIdentity {
    if !is_key {
        return FileIdentity::Sha256(Sha256Digest::of(bytes));
    }
    PrivateKey::from_pem(bytes, None).map_or(FileIdentity::Size(bytes.len() as u64), |key| {
        FileIdentity::PublicKey(Sha256Digest::of(key.public_key_der()))
    })
}

/// Whether the files of `change` are nothing but a private key.
pub(super) fn is_key(change: &Change) -> bool {
    [change.before.as_ref(), Some(&change.after)]
        .into_iter()
        .flatten()
        .any(|state| match state {
            FileState::File(FileIdentity::PublicKey(_) | FileIdentity::Size(_)) => true,
            FileState::File(FileIdentity::Sha256(_)) | FileState::Symlink(_) => false,
        })
}

/// Looks at the target of `change`.
pub(super) fn found(root: &Root, change: &Change) -> Result<Found, FileError> {
    let target = Path::new(&change.target);
    let present = match root.present(target) {
        // With its folder, which the run had made, and removed again on its way back.
        Err(error) if error.is_not_found() => Present::Nothing,
        other => other?,
    };
    let state = match &present {
        Present::Nothing => None,
        Present::Link(destination) => Some(FileState::Symlink(destination.display().to_string())),
        Present::File(_) if is_key(change) => {
            let file = root.read(target, Secrecy::Public)?;
            return Ok(Found {
                state: Some(FileState::File(identity(&file.bytes, true))),
                present: Present::File(file.digest),
            });
        }
        Present::File(digest) => Some(FileState::File(FileIdentity::Sha256(*digest))),
    };
    Ok(Found { present, state })
}

/// What must stand at the target of `change` for it to be in the recorded `state`. Of a key the file has to be looked at:
/// fails where it is another one.
pub(super) fn expected(
    root: &Root,
    change: &Change,
    state: Option<&FileState>,
) -> Result<Present, FileError> {
    match state {
        None => Ok(Present::Nothing),
        Some(FileState::Symlink(destination)) => Ok(Present::Link(PathBuf::from(destination))),
        Some(FileState::File(FileIdentity::Sha256(digest))) => Ok(Present::File(*digest)),
        Some(FileState::File(FileIdentity::PublicKey(_) | FileIdentity::Size(_))) => {
            let found = found(root, change)?;
            if found.state.as_ref() == state && is_as_copied(root, change, &found) {
                return Ok(found.present);
            }
            Err(FileError::ChangedMeanwhile {
                path: root.outside(Path::new(&change.target)),
            })
        }
    }
}

/// Whether what was found is not at odds with the copy of the old file, where only its size was recorded.
pub(super) fn is_as_copied(root: &Root, change: &Change, found: &Found) -> bool {
    let (Some(FileState::File(FileIdentity::Size(_))), Some(backup)) =
        (&found.state, &change.backup)
    else {
        return true;
    };
    match root.present(Path::new(&backup.path)) {
        Ok(copy @ Present::File(_)) => copy == found.present,
        // Nobody can tell any more; the copy is missed by whoever needs it.
        Ok(_) | Err(_) => true,
    }
}
