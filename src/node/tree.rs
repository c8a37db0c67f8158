//! Folders of our own with all that is in them: measured, and removed.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag};
use nix::sys::stat::{FileStat, Mode, SFlag, fstatat};
use nix::unistd::{UnlinkatFlags, fsync, unlinkat};

use super::open::open_component;
use super::resolve::file_type;
use super::{FileError, Root};

/// What `st_blocks` counts in, whatever the file system does (`stat(3type)`).
const BLOCK: u64 = 512;

/// What a folder holds, in all folders below it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TreeSize {
    /// Files and links.
    pub files: u64,
    /// The sum of their sizes in bytes.
    pub bytes: u64,
    /// The bytes that they take on the disk: less where there are holes in them.
    pub allocated: u64,
}

impl Root {
    /// How much the folder at `path` holds. Links in it are not followed, and neither is one in place of the folder.
    pub fn measure(&self, path: &Path) -> Result<TreeSize, FileError> {
        let (_, folder) = self.open_tree(path)?;
        self.size_of(path, &folder)
    }

    /// The same, of somebody else's folder: one behind a link is meant too.
    pub fn measure_behind(&self, path: &Path) -> Result<TreeSize, FileError> {
        self.size_of(path, &self.open_folder(path)?)
    }

    fn size_of(&self, path: &Path, folder: &OwnedFd) -> Result<TreeSize, FileError> {
        TreeSize::of(folder)
            .map_err(|errno| FileError::from_errno("measure", &self.outside(path), errno))
    }

    /// Removes the folder at `path` and all that is in it. Links are removed, and not followed; one in place of the folder
    /// is an error.
    pub fn remove_folder(&self, path: &Path) -> Result<(), FileError> {
        let outside = &self.outside(path);
        let fail = |errno| FileError::from_errno("remove", outside, errno);
        let (parent, folder) = self.open_tree(path)?;
        walk(&folder, &mut |parent, name, status| {
            let is_folder = file_type(status) == SFlag::S_IFDIR;
            unlinkat(parent.as_fd(), name, flag(is_folder))
        })
        .map_err(fail)?;
        let name = path.file_name().unwrap_or_default();
        unlinkat(parent.as_fd(), name, flag(true)).map_err(fail)?;
        fsync(&parent).map_err(fail)
    }

    /// The same; that there is none is no error.
    pub fn remove_folder_if_there(&self, path: &Path) -> Result<(), FileError> {
        match self.remove_folder(path) {
            Err(error) if error.is_not_found() => Ok(()),
            other => other,
        }
    }

    /// The folder that the folder at `path` is in, and the folder itself.
    pub(super) fn open_tree(&self, path: &Path) -> Result<(OwnedFd, OwnedFd), FileError> {
        let parent = self.open_folder(path.parent().unwrap_or(path))?;
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY;
        let name = path.file_name().unwrap_or_default();
        let folder = open_component(&parent, name, flags, Mode::empty()).map_err(|errno| {
            FileError::from_errno("open the folder", &self.outside(path), errno)
        })?;
        Ok((parent, folder))
    }
}

impl TreeSize {
    pub(super) fn of(folder: &OwnedFd) -> Result<Self, Errno> {
        let mut size = Self::default();
        walk(folder, &mut |_, _, status| {
            if file_type(status) != SFlag::S_IFDIR {
                size.files += 1;
                size.bytes += u64::try_from(status.st_size).unwrap_or(0);
                size.allocated += u64::try_from(status.st_blocks).unwrap_or(0) * BLOCK;
            }
            Ok(())
        })?;
        Ok(size)
    }
}

fn flag(is_folder: bool) -> UnlinkatFlags {
    if is_folder {
        UnlinkatFlags::RemoveDir
    } else {
        UnlinkatFlags::NoRemoveDir
    }
}

/// What is called for each entry: its folder, its name, and what it is.
type Visitor<'a> = dyn FnMut(&OwnedFd, &OsStr, &FileStat) -> Result<(), Errno> + 'a;

/// Visits all that is in a folder, what is in a folder before the folder itself.
fn walk(folder: &OwnedFd, visit: &mut Visitor<'_>) -> Result<(), Errno> {
    for name in names_in(folder)? {
        let status = fstatat(
            folder.as_fd(),
            name.as_os_str(),
            AtFlags::AT_SYMLINK_NOFOLLOW,
        )?;
        if file_type(&status) == SFlag::S_IFDIR {
            let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY;
            walk(&open_component(folder, &name, flags, Mode::empty())?, visit)?;
        }
        visit(folder, &name, &status)?;
    }
    Ok(())
}

/// The names in an open folder, all read before the first is used: who removes or creates does not disturb the listing.
pub(super) fn names_in(folder: &OwnedFd) -> Result<Vec<OsString>, Errno> {
    let listed = folder.try_clone().map_err(|_| Errno::last())?;
    let mut names = Vec::new();
    for entry in Dir::from_fd(listed)?.iter() {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name != "." && name != ".." {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}
