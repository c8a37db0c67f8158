//! Files that the operator names on the command line: outside any root, and trusted by nobody.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::FileError;

/// The largest journal that is read, in bytes.
const MAXIMUM_SIZE: u64 = 64 * 1024 * 1024;

/// Reads the regular file at `path`, as a shell names it.
#[allow(
    clippy::disallowed_methods,
    reason = "owner and mode of an operand mean nothing: what it says is verified"
)]
pub fn read_operand(path: &Path) -> Result<Vec<u8>, FileError> {
    let fail = |operation| move |error| FileError::from_io(operation, path, error);
    let about = std::fs::metadata(path).map_err(fail("open"))?;
    if !about.is_file() {
        return Err(FileError::NotRegular {
            path: path.to_owned(),
            found: "folder, device or FIFO",
        });
    }
    if about.len() > MAXIMUM_SIZE {
        return Err(FileError::TooLarge {
            path: path.to_owned(),
            size: about.len(),
            limit: MAXIMUM_SIZE,
        });
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAXIMUM_SIZE).read_to_end(&mut bytes))
        .map_err(fail("read"))?;
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
