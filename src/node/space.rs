//! How much a file system still takes, before anything is written to it.

use nix::fcntl::AtFlags;
use nix::sys::stat::fstat;
use nix::sys::statvfs::fstatvfs;
use nix::unistd::{AccessFlags, faccessat};

use super::{ExistingFolder, FileError};

/// What is left on the file system of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeSpace {
    /// Which file system it is.
    pub device: u64,
    /// Bytes that this user may still write.
    pub bytes: u64,
    /// Files that this user may still create; `None` where the file system has no such limit.
    pub files: Option<u64>,
}

impl ExistingFolder {
    /// The space left on its file system.
    pub fn free_space(&self) -> Result<FreeSpace, FileError> {
        let fail = |operation| move |errno| FileError::from_errno(operation, &self.outside, errno);
        let status = fstatvfs(&self.folder).map_err(fail("ask for the space of"))?;
        let device = fstat(&self.folder).map_err(fail("stat"))?.st_dev;
        let block = status.fragment_size();
        Ok(FreeSpace {
            device,
            bytes: status.blocks_available().saturating_mul(block),
            files: (status.files() > 0).then(|| status.files_available()),
        })
    }

    /// Whether files can be created in it.
    pub fn check_writable(&self) -> Result<(), FileError> {
        let wanted = AccessFlags::W_OK | AccessFlags::X_OK;
        faccessat(&self.folder, ".", wanted, AtFlags::AT_EACCESS)
            .map_err(|errno| FileError::from_errno("write below", &self.outside, errno))
    }
}
