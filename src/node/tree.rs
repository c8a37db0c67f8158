//! Folders of our own with all that is in them: measured, and removed.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag};
use nix::sys::stat::{Mode, SFlag, fstatat};
use nix::unistd::{UnlinkatFlags, fsync, unlinkat};

use super::open::open_component;
use super::resolve::file_type;
use super::{FileError, Root};

/// What a folder holds, in all folders below it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TreeSize {
    /// Files and links.
    pub files: u64,
    /// The sum of their sizes in bytes.
    pub bytes: u64,
}

impl Root {
    /// How much the folder at `path` holds. Links are not followed, and neither is one in place of the folder.
    pub fn measure(&self, path: &Path) -> Result<TreeSize, FileError> {
        let mut size = TreeSize::default();
        let (_, folder) = self.open_tree(path)?;
        walk(&folder, &mut |_, _, is_folder, bytes| {
            if !is_folder {
                size.files += 1;
                size.bytes += bytes;
            }
            Ok(())
        })
        .map_err(|errno| FileError::from_errno("measure", &self.outside(path), errno))?;
        Ok(size)
    }

    /// Removes the folder at `path` and all that is in it. Links are removed, and not followed; one in place of the folder
    /// is an error.
    pub fn remove_folder(&self, path: &Path) -> Result<(), FileError> {
        let outside = &self.outside(path);
        let fail = |errno| FileError::from_errno("remove", outside, errno);
        let (parent, folder) = self.open_tree(path)?;
        walk(&folder, &mut |parent, name, is_folder, _| {
            unlinkat(parent.as_fd(), name, flag(is_folder))
        })
        .map_err(fail)?;
        let name = path.file_name().unwrap_or_default();
        unlinkat(parent.as_fd(), name, flag(true)).map_err(fail)?;
        fsync(&parent).map_err(fail)
    }

    /// The folder that the folder at `path` is in, and the folder itself.
    fn open_tree(&self, path: &Path) -> Result<(OwnedFd, OwnedFd), FileError> {
        let parent = self.open_folder(path.parent().unwrap_or(path))?;
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY;
        let name = path.file_name().unwrap_or_default();
        let folder = open_component(&parent, name, flags, Mode::empty()).map_err(|errno| {
            FileError::from_errno("open the folder", &self.outside(path), errno)
        })?;
        Ok((parent, folder))
    }
}

fn flag(is_folder: bool) -> UnlinkatFlags {
    if is_folder {
        UnlinkatFlags::RemoveDir
    } else {
        UnlinkatFlags::NoRemoveDir
    }
}

/// What is called for each entry: its folder, its name, whether it is a folder itself, its size in bytes.
type Visitor<'a> = dyn FnMut(&OwnedFd, &OsStr, bool, u64) -> Result<(), Errno> + 'a;

/// Visits all that is in a folder, what is in a folder before the folder itself.
fn walk(folder: &OwnedFd, visit: &mut Visitor<'_>) -> Result<(), Errno> {
    let listed = folder.try_clone().map_err(|_| Errno::last())?;
    let mut names = Vec::new();
    for entry in Dir::from_fd(listed)?.iter() {
        let name = entry?.file_name().to_owned();
        if name.to_bytes() != b"." && name.to_bytes() != b".." {
            names.push(name);
        }
    }
    for name in names {
        let name = OsStr::from_bytes(name.to_bytes());
        let status = fstatat(folder.as_fd(), name, AtFlags::AT_SYMLINK_NOFOLLOW)?;
        let is_folder = file_type(&status) == SFlag::S_IFDIR;
        if is_folder {
            let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY;
            walk(&open_component(folder, name, flags, Mode::empty())?, visit)?;
        }
        visit(
            folder,
            name,
            is_folder,
            u64::try_from(status.st_size).unwrap_or(0),
        )?;
    }
    Ok(())
}
