//! How much a file system still takes, before anything is written to it.

use std::path::Path;

use nix::sys::statvfs::{FsFlags, fstatvfs};

use super::{FileError, Root};

/// What is left on the file system of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreeSpace {
    /// Bytes that this user may still write.
    pub bytes: u64,
    /// Files that this user may still create; `None` where the file system has no such limit.
    pub files: Option<u64>,
    /// Size of a block in bytes: each file takes whole ones.
    pub block: u64,
    /// Mounted read-only.
    pub read_only: bool,
}

impl Root {
    /// The space left on the file system of the folder at `path`, or of its nearest parent that exists.
    pub fn free_space(&self, path: &Path) -> Result<FreeSpace, FileError> {
        let mut existing = path;
        let resolved = loop {
            match self.resolve(&existing.join(".rekindle-probe")) {
                Err(error) if error.is_not_found() => match existing.parent() {
                    Some(parent) => existing = parent,
                    None => return Err(error),
                },
                other => break other?,
            }
        };
        let status = fstatvfs(&resolved.folder).map_err(|errno| {
            FileError::from_errno("ask for the space of", &self.outside(existing), errno)
        })?;
        let block = status.fragment_size();
        Ok(FreeSpace {
            bytes: status.blocks_available().saturating_mul(block),
            files: (status.files() > 0).then(|| status.files_available()),
            block,
            read_only: status.flags().contains(FsFlags::ST_RDONLY),
        })
    }
}
