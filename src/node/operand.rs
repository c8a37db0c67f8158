//! Files that the operator names on the command line: outside any root, and trusted by nobody.

use std::fs::File;
use std::io::Read;
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
