//! Folders with nodes in them.

use std::ffi::OsStr;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};

use super::FileError;
use super::resolve::file_type;

/// A folder that is to be looked at as a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeFolder {
    /// Its path, as the operator spells it.
    pub path: PathBuf,
    /// Its device and its number there: the same for the same folder, however it is spelled.
    pub identity: (u64, u64),
}

/// The nodes that the operator names by one folder, as a shell spells it: itself, where there is an `etc/kubernetes` in it, or each folder in
/// it, by name. Links in it are not followed, and names with a dot before them are passed over.
pub fn nodes_in(folder: &Path) -> Result<Vec<NodeFolder>, FileError> {
    let fail = |errno| FileError::from_errno("list", folder, errno);
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut list = Dir::open(folder, flags, Mode::empty()).map_err(fail)?;
    if is_node(&list, folder)? {
        let status = fstat(&list).map_err(fail)?;
        return Ok(vec![NodeFolder::of(folder.to_owned(), &status)]);
    }
    let mut names = Vec::new();
    for entry in list.iter() {
        let entry = entry.map_err(fail)?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        let may_be_folder = matches!(entry.file_type(), Some(Type::Directory) | None);
        if may_be_folder && !name.as_bytes().starts_with(b".") {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable();
    let mut nodes = Vec::new();
    for name in names {
        let status = status(&list, folder, Path::new(&name))?;
        if let Some(status) = status.filter(|it| file_type(it) == SFlag::S_IFDIR) {
            nodes.push(NodeFolder::of(folder.join(name), &status));
        }
    }
    Ok(nodes)
}

impl NodeFolder {
    fn of(path: PathBuf, status: &FileStat) -> Self {
        Self {
            path,
            identity: (status.st_dev, status.st_ino),
        }
    }
}

/// Whether there is an `etc/kubernetes`. Where a link in it leads only a [`Root`](super::Root) knows, and not this machine: that it is
/// there is enough.
fn is_node(list: impl AsFd + Copy, folder: &Path) -> Result<bool, FileError> {
    let Some(etc) = status(list, folder, Path::new("etc"))? else {
        return Ok(false);
    };
    match file_type(&etc) {
        SFlag::S_IFLNK => Ok(true),
        SFlag::S_IFDIR => Ok(status(list, folder, Path::new("etc/kubernetes"))?.is_some()),
        _ => Ok(false),
    }
}

/// What stands at that path in the folder; a link is one, and is not followed.
fn status(list: impl AsFd, folder: &Path, path: &Path) -> Result<Option<FileStat>, FileError> {
    match fstatat(list, path, AtFlags::AT_SYMLINK_NOFOLLOW) {
        Ok(status) => Ok(Some(status)),
        Err(Errno::ENOENT) => Ok(None),
        Err(errno) => Err(FileError::from_errno("stat", &folder.join(path), errno)),
    }
}
