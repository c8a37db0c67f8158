//! Files that the operator names on the command line: outside any root, and trusted by nobody.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use zeroize::Zeroizing;

use super::{FileError, OperandFile};

/// The largest of them that is read, a journal or a bundle, in bytes.
pub const LARGEST_OPERAND: usize = 64 << 20;

/// Reads the regular file at `path`, as a shell names it, of at most `limit` bytes. It may hold a key: the bytes are wiped, and lie in
/// one place alone.
pub fn read_operand(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let file = OperandFile::open(path)?;
    let length = usize::try_from(file.size()).ok();
    let length = length.filter(|length| *length <= limit);
    let length = length.ok_or_else(|| FileError::TooLarge {
        path: path.to_owned(),
        size: file.size(),
        limit: limit as u64,
    })?;
    let mut bytes = Zeroizing::new(vec![0; length]);
    file.read_at(&mut bytes, 0)?;
    Ok(bytes)
}

/// Creates the file at `path`, as a shell names it, for its owner alone. It must not exist yet.
#[allow(
    clippy::disallowed_methods,
    reason = "the operator's own file, which is none of the node's"
)]
pub fn create_operand(path: &Path) -> Result<File, FileError> {
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| FileError::from_io("create", path, error))
}

/// The same, with that content, which is on the disk when this returns. After an error there is no such file, unless the error is
/// [`FileError::Remains`].
pub fn create_operand_with(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut file = create_operand(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    let flushed = written.and_then(|()| flush_folder_of(path));
    let Err(error) = flushed else {
        return Ok(());
    };
    // Half of a file is of no use to anybody.
    remove_operand(path, format!("write {}: {error}", path.display()))?;
    Err(FileError::from_io("write", path, error))
}

/// Removes a file that was made here, for good, since something else failed; [`FileError::Remains`] where it may still be there.
#[allow(
    clippy::disallowed_methods,
    reason = "the operator's own file, which is none of the node's"
)]
pub fn remove_operand(path: &Path, why: String) -> Result<(), FileError> {
    std::fs::remove_file(path)
        // After a power failure it would be there again.
        .and_then(|()| flush_folder_of(path))
        .map_err(|error| FileError::Remains {
            path: path.to_owned(),
            why,
            source: Box::new(FileError::from_io("remove", path, error)),
        })
}

#[allow(
    clippy::disallowed_methods,
    reason = "the operator's own folder, which is none of the node's"
)]
fn flush_folder_of(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Whether there is a folder at `path`, and whether anything is.
#[allow(
    clippy::disallowed_methods,
    reason = "the operator's own file, which is none of the node's"
)]
pub fn look_at_operand(path: &Path) -> (bool, bool) {
    let about = std::fs::symlink_metadata(path);
    let is_folder = std::fs::metadata(path).is_ok_and(|about| about.is_dir());
    (is_folder, about.is_ok())
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a file is written for the test")]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for content in ["", "0123456789"] {
            std::fs::write(&path, content).unwrap();
            assert_eq!(*read_operand(&path, 10).unwrap(), content.as_bytes());
        }
        assert!(matches!(
            read_operand(&path, 9),
            Err(FileError::TooLarge {
                size: 10,
                limit: 9,
                ..
            })
        ));
        assert!(matches!(
            read_operand(folder.path(), 10),
            Err(FileError::NotRegular { .. })
        ));
    }
}
