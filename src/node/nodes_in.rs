//! Folders with nodes in them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::dir::{Dir, Type};
use nix::fcntl::OFlag;
use nix::sys::stat::{Mode, stat};

use super::FileError;

/// The nodes that the operator names by one folder, as a shell spells it: itself, where there is an `etc/kubernetes` in it, or each folder in
/// it, by name. Links are not followed, and names with a dot before them are passed over.
pub fn nodes_in(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    if stat(&folder.join("etc/kubernetes")).is_ok() {
        return Ok(vec![folder.to_owned()]);
    }
    let fail = |errno| FileError::from_errno("list", folder, errno);
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut nodes = Vec::new();
    for entry in Dir::open(folder, flags, Mode::empty())
        .map_err(fail)?
        .iter()
    {
        let entry = entry.map_err(fail)?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        let may_be_folder = matches!(entry.file_type(), Some(Type::Directory) | None);
        if may_be_folder && !name.as_bytes().starts_with(b".") {
            nodes.push(folder.join(name));
        }
    }
    nodes.sort_unstable();
    Ok(nodes)
}
