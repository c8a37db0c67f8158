//! Folders: opened beneath the root, and those of our own, closed to everybody else, created one by one and flushed.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::{Mode, fstat, mkdirat};
use nix::unistd::{UnlinkatFlags, fsync, unlinkat};

use super::open::open_component;
use super::resolve::{check_owner, permissions};
use super::{Access, FileError, Root};

/// A folder that was asked for, or the nearest one above it that is there.
#[derive(Debug)]
pub struct ExistingFolder {
    pub(super) folder: OwnedFd,
    /// The node path of the one that is there.
    pub path: PathBuf,
    /// The same as a shell outside the root would spell it.
    pub(super) outside: PathBuf,
}

impl Root {
    /// Opens the folder at `path`, or its nearest parent that exists.
    pub fn nearest_folder(&self, path: &Path) -> Result<ExistingFolder, FileError> {
        for existing in path.ancestors() {
            match self.open_folder(existing) {
                Err(error) if error.is_not_found() => {}
                other => {
                    return other.map(|folder| ExistingFolder {
                        folder,
                        path: existing.to_owned(),
                        outside: self.outside(existing),
                    });
                }
            }
        }
        let path = self.outside(path);
        Err(FileError::NotFound { path })
    }

    /// Opens the folder at the node path, created with mode 0700 where it or its parents are missing, and
    /// refuses one that others may enter.
    pub(super) fn private_folder(&self, path: &Path) -> Result<OwnedFd, FileError> {
        match self.open_private_folder(path) {
            Err(error) if error.is_not_found() => {
                self.create_folder(path)?;
                self.open_private_folder(path)
            }
            other => other,
        }
    }

    /// Waits until the names in the folder at `path` are on the disk.
    pub fn flush_folder(&self, path: &Path) -> Result<(), FileError> {
        let folder = self.open_private_folder(path)?;
        fsync(&folder)
            .map_err(|errno| FileError::from_errno("flush the folder", &self.outside(path), errno))
    }

    /// Refuses a folder of our own that others may enter; one that is still missing is in order.
    pub fn check_private_folder(&self, path: &Path) -> Result<(), FileError> {
        match self.open_private_folder(path) {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }

    fn open_private_folder(&self, path: &Path) -> Result<OwnedFd, FileError> {
        let outside = self.outside(path);
        let folder = self.open_folder(path)?;
        let status =
            fstat(&folder).map_err(|errno| FileError::from_errno("stat", &outside, errno))?;
        check_owner(&status, &outside)?;
        let mode = permissions(&status);
        if mode & 0o077 != 0 {
            return Err(FileError::SecretExposed {
                path: outside,
                mode,
            });
        }
        Ok(folder)
    }

    /// Opens the folder at the node path, links followed.
    pub(super) fn open_folder(&self, path: &Path) -> Result<OwnedFd, FileError> {
        let fail = |errno| FileError::from_errno("open the folder", &self.outside(path), errno);
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY;
        if path.parent().is_none() {
            return open_component(&self.folder, ".".as_ref(), flags, Mode::empty()).map_err(fail);
        }
        let place = self.look_up(path)?;
        let folder =
            open_component(place.folder(), &place.name, flags, Mode::empty()).map_err(fail)?;
        if place.guest.is_some() {
            // Its user may have put another one there since it was looked at.
            let status = fstat(&folder).map_err(fail)?;
            self.check_folder(&status, &place.path)?;
        }
        Ok(folder)
    }

    /// The folder at `path` and those above it that are not there, outermost first.
    pub fn missing_folders(&self, path: &Path) -> Vec<PathBuf> {
        let is_missing = |folder: &&Path| {
            let opened = self.open_folder(folder);
            opened.is_err_and(|error| error.is_not_found())
        };
        let mut missing: Vec<PathBuf> = path
            .ancestors()
            .take_while(is_missing)
            .map(Path::to_owned)
            .collect();
        missing.reverse();
        missing
    }

    /// Creates the folder at `path` with mode, owner and group of the one above it; one that is there stays as it is.
    pub fn create_folder_like_parent(&self, path: &Path) -> Result<(), FileError> {
        let outside = self.outside(path);
        let resolved = self.resolve(path)?;
        let fail = |operation| {
            let outside = outside.clone();
            move |errno| FileError::from_errno(operation, &outside, errno)
        };
        let name = resolved.name.as_os_str();
        match mkdirat(resolved.folder.as_fd(), name, Mode::S_IRWXU) {
            Ok(()) => {
                let parent = fstat(&resolved.folder).map_err(fail("stat the folder of"))?;
                let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY;
                let folder = open_component(resolved.folder.as_fd(), name, flags, Mode::empty());
                let folder = folder.map_err(fail("open the folder"))?;
                let access = Access::of(&parent);
                access.set_owner(&folder, &outside)?;
                access.set_mode(&folder, &outside)?;
                fsync(&folder).map_err(fail("flush the folder"))?;
            }
            Err(Errno::EEXIST) => {}
            Err(errno) => return Err(fail("create the folder")(errno)),
        }
        fsync(&resolved.folder).map_err(fail("flush the folder of"))
    }

    /// Removes the folder at `path` where it is there and nothing is in it.
    pub fn remove_folder_if_empty(&self, path: &Path) -> Result<(), FileError> {
        let resolved = match self.resolve_parent(path) {
            Err(error) if error.is_not_found() => return Ok(()),
            other => other?,
        };
        let outside = self.outside(path);
        let name = resolved.name.as_os_str();
        match unlinkat(resolved.folder.as_fd(), name, UnlinkatFlags::RemoveDir) {
            Ok(()) => fsync(&resolved.folder)
                .map_err(|errno| FileError::from_errno("flush the folder of", &outside, errno)),
            // What is no folder any more is somebody's, too.
            Err(Errno::ENOENT | Errno::ENOTEMPTY | Errno::EEXIST | Errno::ENOTDIR) => Ok(()),
            Err(errno) => Err(FileError::from_errno("remove the folder", &outside, errno)),
        }
    }

    /// Creates the folder at `path` with mode 0700, and first those above it that are missing.
    pub fn create_folder(&self, path: &Path) -> Result<(), FileError> {
        let Some(parent) = path.parent() else {
            return Ok(());
        };
        let resolved = match self.resolve(path) {
            Err(error) if error.is_not_found() => {
                self.create_folder(parent)?;
                self.resolve(path)?
            }
            other => other?,
        };
        let outside = self.outside(path);
        let name = resolved.name.as_os_str();
        match mkdirat(resolved.folder.as_fd(), name, Mode::S_IRWXU) {
            // Whoever made it before may have been killed before its name was flushed.
            Ok(()) | Err(Errno::EEXIST) => fsync(&resolved.folder)
                .map_err(|errno| FileError::from_errno("flush the folder of", &outside, errno)),
            Err(errno) => Err(FileError::from_errno("create the folder", &outside, errno)),
        }
    }
}
