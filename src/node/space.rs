//! How much a file system still takes, before anything is written to it.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use nix::fcntl::AtFlags;
use nix::sys::stat::fstat;
use nix::sys::statvfs::fstatvfs;
use nix::unistd::{AccessFlags, faccessat};

use super::{FileError, Root};

/// What is left on the file system of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeSpace {
    /// The node path of the folder that was asked, which exists.
    pub folder: PathBuf,
    /// Which file system it is.
    pub device: u64,
    /// Bytes that this user may still write.
    pub bytes: u64,
    /// Files that this user may still create; `None` where the file system has no such limit.
    pub files: Option<u64>,
}

impl Root {
    /// The space left on the file system of the folder at `path`, or of its nearest parent that exists.
    pub fn free_space(&self, path: &Path) -> Result<FreeSpace, FileError> {
        let (folder, existing) = self.nearest_folder(path)?;
        let status = fstatvfs(&folder).map_err(|errno| {
            FileError::from_errno("ask for the space of", &self.outside(&existing), errno)
        })?;
        let device = fstat(&folder)
            .map_err(|errno| FileError::from_errno("stat", &self.outside(&existing), errno))?
            .st_dev;
        let block = status.fragment_size();
        Ok(FreeSpace {
            device,
            folder: existing,
            bytes: status.blocks_available().saturating_mul(block),
            files: (status.files() > 0).then(|| status.files_available()),
        })
    }

    /// Whether files can be created in the folder at `path`, or in its nearest parent that exists.
    pub fn check_writable(&self, path: &Path) -> Result<(), FileError> {
        let (folder, existing) = self.nearest_folder(path)?;
        let wanted = AccessFlags::W_OK | AccessFlags::X_OK;
        faccessat(&folder, ".", wanted, AtFlags::AT_EACCESS)
            .map_err(|errno| FileError::from_errno("write below", &self.outside(&existing), errno))
    }

    fn nearest_folder(&self, path: &Path) -> Result<(OwnedFd, PathBuf), FileError> {
        for existing in path.ancestors() {
            match self.open_folder(existing) {
                Err(error) if error.is_not_found() => {}
                other => return other.map(|folder| (folder, existing.to_owned())),
            }
        }
        let path = self.outside(path);
        Err(FileError::NotFound { path })
    }
}
