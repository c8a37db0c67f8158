//! A file that the operator names and that may be too large to be held: read piece by piece.

use std::fs::File;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::libc::O_NONBLOCK;
use time::OffsetDateTime;

use super::FileError;

/// A regular file outside any root, trusted by nobody. It is never mapped: a file that shrinks meanwhile is an error, not a signal.
#[derive(Debug)]
pub struct OperandFile {
    file: File,
    path: PathBuf,
    size: u64,
    modified: Option<OffsetDateTime>,
}

impl OperandFile {
    /// Opens the regular file at `path`, as a shell names it.
    #[allow(
        clippy::disallowed_methods,
        reason = "owner and mode of an operand mean nothing: what it says is judged"
    )]
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let fail = |error| FileError::from_io("open", path, error);
        // Without waiting for the writer of a FIFO.
        let file = std::fs::OpenOptions::new()
            .read(true)
            .custom_flags(O_NONBLOCK)
            .open(path)
            .map_err(fail)?;
        let about = file.metadata().map_err(fail)?;
        if !about.is_file() {
            return Err(FileError::NotRegular {
                path: path.to_owned(),
                found: "folder, device or FIFO",
            });
        }
        Ok(Self {
            file,
            path: path.to_owned(),
            size: about.len(),
            modified: about.modified().ok().map(OffsetDateTime::from),
        })
    }

    /// Its size in bytes when it was opened.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// When its content was changed last, where the file system tells.
    pub fn modified(&self) -> Option<OffsetDateTime> {
        self.modified
    }

    /// Fills `buffer` with what stands from `offset` on (pread); an error where the file ends before.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), FileError> {
        self.file
            .read_exact_at(buffer, offset)
            .map_err(|error| FileError::from_io("read", &self.path, error))
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a file is written for the test")]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_read_from_anywhere_and_an_end_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, b"0123456789").unwrap();
        let file = OperandFile::open(&path).unwrap();
        assert_eq!(file.size(), 10);
        assert!(file.modified().is_some());
        let mut piece = [0; 3];
        file.read_at(&mut piece, 6).unwrap();
        assert_eq!(&piece, b"678");
        assert!(file.read_at(&mut piece, 8).is_err());
        assert!(file.read_at(&mut piece, u64::MAX).is_err());
    }

    #[test]
    fn what_is_no_file_is_refused_without_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRUSR).unwrap();
        for path in [folder.path(), &fifo] {
            assert!(matches!(
                OperandFile::open(path),
                Err(FileError::NotRegular { .. })
            ));
        }
        let missing = OperandFile::open(&folder.path().join("missing"));
        assert!(missing.is_err_and(|error| error.is_not_found()));
    }
}
