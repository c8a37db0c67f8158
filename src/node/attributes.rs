//! What keeps a name from being given to another file, though its folder can be written: `chattr`, and mounts.
//!
//! Asked for before the first byte. A kernel or a file system that does not tell says no when it comes to it.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use rustix::fs::{AtFlags, StatxAttributes, StatxFlags, statx};

use super::{ExistingFolder, FileError, Root};

impl Root {
    /// Refuses a target that no other file can take the place of: it may not be changed, or something is mounted on it.
    pub fn check_replaceable(&self, path: &Path) -> Result<(), FileError> {
        let place = match self.look_up_parent(path) {
            Err(error) if error.is_not_found() => return Ok(()),
            other => other?,
        };
        let outside = self.outside(path);
        let attributes = attributes(place.folder(), &place.name);
        if attributes.contains(StatxAttributes::MOUNT_ROOT) {
            return Err(FileError::MountPoint { path: outside });
        }
        check(attributes, &outside)
    }
}

impl ExistingFolder {
    /// Refuses a folder whose names may not be changed.
    pub fn check_changeable(&self) -> Result<(), FileError> {
        check(
            attributes(self.folder.as_fd(), OsStr::new(".")),
            &self.outside,
        )
    }
}

/// Those that are set, of those that the kernel knows of this file.
fn attributes(folder: BorrowedFd<'_>, name: &OsStr) -> StatxAttributes {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
    statx(folder, name, flags, StatxFlags::empty()).map_or(StatxAttributes::empty(), |status| {
        status.stx_attributes & status.stx_attributes_mask
    })
}

fn check(attributes: StatxAttributes, outside: &Path) -> Result<(), FileError> {
    let path = outside.to_owned();
    if attributes.contains(StatxAttributes::IMMUTABLE) {
        return Err(FileError::Immutable { path });
    }
    if attributes.contains(StatxAttributes::APPEND) {
        return Err(FileError::AppendOnly { path });
    }
    Ok(())
}
