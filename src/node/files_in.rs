//! The files in a folder of the operator's.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::dir::{Dir, Type};
use nix::fcntl::OFlag;
use nix::sys::stat::Mode;

use super::FileError;

/// The files in the folder at `folder`, as a shell names it, by name; not those in folders within it. Links are not followed, and
/// names with a dot before them are passed over.
pub fn files_in(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let fail = |errno| FileError::from_errno("list", folder, errno);
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut open = Dir::open(folder, flags, Mode::empty()).map_err(fail)?;
    let mut files = Vec::new();
    for entry in open.iter() {
        let entry = entry.map_err(fail)?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        // A file system that does not tell the type is asked when the file is opened.
        let may_be_file = matches!(entry.file_type(), Some(Type::File) | None);
        if may_be_file && !name.as_bytes().starts_with(b".") {
            files.push(folder.join(name));
        }
    }
    files.sort_unstable();
    Ok(files)
}
