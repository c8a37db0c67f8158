//! Folders of our own: closed to everybody else, created one by one and flushed.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{Mode, fstat, mkdirat};
use nix::unistd::fsync;

use super::resolve::{check_owner, permissions};
use super::{FileError, Root};

impl Root {
    /// Opens the folder at the node path, created with mode 0700 where it or its parents are missing, and
    /// refuses one that others may enter.
    pub(super) fn private_folder(&self, path: &Path) -> Result<OwnedFd, FileError> {
        match self.open_private_folder(path) {
            Err(error) if error.is_not_found() => {
                let ancestors: Vec<&Path> = path.ancestors().collect();
                for folder in ancestors.iter().rev().skip(1) {
                    self.create_folder(folder)?;
                }
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
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        if path.parent().is_none() {
            return openat(self.folder.as_fd(), ".", flags, Mode::empty()).map_err(fail);
        }
        let resolved = self.resolve(path)?;
        let name = resolved.name.as_os_str();
        openat(resolved.folder.as_fd(), name, flags, Mode::empty()).map_err(fail)
    }

    fn create_folder(&self, path: &Path) -> Result<(), FileError> {
        let outside = self.outside(path);
        let resolved = self.resolve(path)?;
        match mkdirat(
            resolved.folder.as_fd(),
            resolved.name.as_os_str(),
            Mode::S_IRWXU,
        ) {
            Ok(()) => fsync(&resolved.folder)
                .map_err(|errno| FileError::from_errno("flush the folder of", &outside, errno)),
            Err(Errno::EEXIST) => Ok(()),
            Err(errno) => Err(FileError::from_errno("create the folder", &outside, errno)),
        }
    }
}
