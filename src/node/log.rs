//! A file that only grows: the journal's place on the disk.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use nix::fcntl::OFlag;
use nix::sys::stat::Mode;
use nix::unistd::{fdatasync, fsync};

use super::open::open_component;
use super::{FileError, Root};

/// A new file, open for appending alone.
#[derive(Debug)]
pub struct AppendOnlyFile {
    file: File,
}

impl Root {
    /// Creates the file at `path` with mode 0600, in a folder closed to others. It must not exist yet.
    pub fn create_log(&self, path: &Path) -> Result<AppendOnlyFile, FileError> {
        let folder = self.private_folder(path.parent().unwrap_or(path))?;
        let outside = self.outside(path);
        let flags = OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_CREAT | OFlag::O_EXCL;
        let name = path.file_name().unwrap_or(OsStr::new("journal"));
        let mode = Mode::S_IRUSR | Mode::S_IWUSR;
        let file = open_component(&folder, name, flags, mode)
            .map_err(|errno| FileError::from_errno("create", &outside, errno))?;
        fsync(&folder)
            .map_err(|errno| FileError::from_errno("flush the folder of", &outside, errno))?;
        Ok(AppendOnlyFile {
            file: File::from(file),
        })
    }

    /// Creates the file at `path` like [`create_log`](Self::create_log), with this content, flushed.
    pub fn write_private(&self, path: &Path, bytes: &[u8]) -> Result<(), FileError> {
        self.create_log(path)?
            .append_durably(bytes)
            .map_err(|error| FileError::from_io("write", &self.outside(path), error))
    }
}

impl AppendOnlyFile {
    /// Appends `bytes` in one write.
    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// Appends `bytes` in one write, and waits until they and all before them are on the disk.
    pub fn append_durably(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.append(bytes)?;
        fdatasync(&self.file).map_err(io::Error::from)
    }
}
