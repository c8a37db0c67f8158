//! The place of a file that can be made anew.

use std::fmt;
use std::path::{Path, PathBuf};

use super::ObservationError;
use crate::node::{Access, FileSnapshot, Present, Root, Secrecy};

/// Where a file belongs, and what stands there.
#[derive(Clone, PartialEq, Eq)]
pub struct Slot {
    /// The node path, links resolved where something is there.
    pub path: PathBuf,
    /// What stands there: nothing or a file, of whatever content.
    pub present: Present,
    /// Owner and mode of the file, where there is one.
    pub access: Option<Access>,
}

impl Slot {
    /// Looks at `path`; fails where something is there that no new file may take the place of: a dangling link, a folder, a file of
    /// somebody else's, a key that lies open.
    pub(super) fn observe(
        root: &Root,
        path: &Path,
        secrecy: Secrecy,
    ) -> Result<Self, ObservationError> {
        let error = match root.read(path, secrecy) {
            Ok(file) => return Ok(Self::of(&file)),
            Err(error) => error,
        };
        let is_free = error.is_not_found()
            && match root.present(path) {
                Ok(present) => present == Present::Nothing,
                Err(error) => error.is_not_found() && can_be_made(root, path),
            };
        if !is_free {
            return Err(error.into());
        }
        Ok(Self {
            path: root.resolved_path(path),
            present: Present::Nothing,
            access: None,
        })
    }

    /// The place of a file that was read.
    pub(super) fn of(file: &FileSnapshot) -> Self {
        Self {
            path: file.path.clone(),
            present: Present::File(file.digest),
            access: Some(Access::from(&file.metadata)),
        }
    }
}

/// Whether the folder for a file at `path`, which is not there, can be made; not where a link leads to nothing: what belongs behind
/// it may only not be mounted.
pub(super) fn can_be_made(root: &Root, path: &Path) -> bool {
    let missing = path.parent().map(|folder| root.missing_folders(folder));
    let outermost = missing.as_ref().and_then(|missing| missing.first());
    outermost.is_some_and(|folder| {
        root.present(folder)
            .is_ok_and(|present| present == Present::Nothing)
    })
}

/// Without the digest: the file may be a key.
impl fmt::Debug for Slot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            present: _,
            access,
        } = self;
        formatter
            .debug_struct("Slot")
            .field("path", path)
            .field("access", access)
            .finish_non_exhaustive()
    }
}
