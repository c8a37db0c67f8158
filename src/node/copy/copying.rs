//! Goes through a folder and makes the same again beside it.

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, readlinkat};
use nix::sys::stat::{
    FileStat, Mode, SFlag, UtimensatFlags, fstat, fstatat, futimens, mkdirat, utimensat,
};
use nix::sys::time::TimeSpec;
use nix::unistd::{Gid, Uid, fchownat, fsync, symlinkat};

use super::CopiedFolder;
use crate::node::open::open_component;
use crate::node::read::check_regular;
use crate::node::resolve::file_type;
use crate::node::tree::names_in;
use crate::node::write::{Model, take_over};
use crate::node::{Access, FileError, content};

/// Folders within folders, at most: each holds descriptors and a piece of the stack. etcd has three.
pub(super) const MAXIMUM_DEPTH: usize = 64;

/// A copy that is being made.
pub(super) struct Copying<'a> {
    progress: &'a mut dyn FnMut(u64),
    pub(super) copied: CopiedFolder,
    /// Until the file system has said that it cannot.
    can_share: bool,
    /// Whether all fits on the disk if nothing is shared.
    has_room: bool,
    /// The copy itself, by device and inode.
    target: (u64, u64),
}

/// Where something is and where its copy goes, for a shell.
type Paths<'a> = (&'a Path, &'a Path);

impl<'a> Copying<'a> {
    /// Into the folder whose status is `target`.
    pub(super) fn new(target: &FileStat, has_room: bool, progress: &'a mut dyn FnMut(u64)) -> Self {
        Self {
            progress,
            copied: CopiedFolder::default(),
            can_share: true,
            has_room,
            target: (target.st_dev, target.st_ino),
        }
    }

    /// Fills `target`, which is new and empty, and then gives it what `source` has.
    pub(super) fn folder(
        &mut self,
        source: &OwnedFd,
        target: &OwnedFd,
        paths: Paths<'_>,
        depth: usize,
    ) -> Result<(), FileError> {
        let (from, to) = paths;
        let status = fstat(source).map_err(failure("stat", from))?;
        if depth > MAXIMUM_DEPTH {
            return Err(failure("descend into", from)(Errno::ENAMETOOLONG));
        }
        if (status.st_dev, status.st_ino) == self.target {
            return Err(failure("copy the copy itself", from)(Errno::EINVAL));
        }
        for name in names_in(source).map_err(failure("list", from))? {
            let paths = (from.join(&name), to.join(&name));
            self.entry(source, target, &name, (&paths.0, &paths.1), depth)?;
        }
        let mut status = status;
        if depth == 0 {
            status.st_mode &= !0o077;
        }
        let target = target.try_clone().map(File::from);
        let target = target.map_err(|error| FileError::from_io("open", to, error))?;
        finish(&target, source, &status, to)
    }

    fn entry(
        &mut self,
        source: &OwnedFd,
        target: &OwnedFd,
        name: &OsStr,
        paths: Paths<'_>,
        depth: usize,
    ) -> Result<(), FileError> {
        let (from, to) = paths;
        let status = fstatat(source, name, AtFlags::AT_SYMLINK_NOFOLLOW);
        let status = status.map_err(failure("stat", from))?;
        match file_type(&status) {
            SFlag::S_IFDIR => {
                let inner = open_folder(source, name).map_err(failure("open the folder", from))?;
                mkdirat(target, name, Mode::S_IRWXU).map_err(failure("create the folder", to))?;
                let copy = open_folder(target, name).map_err(failure("open the folder", to))?;
                self.folder(&inner, &copy, paths, depth + 1)
            }
            SFlag::S_IFLNK => {
                self.copied.files += 1;
                let destination = readlinkat(source, name);
                let destination = destination.map_err(failure("read the link", from))?;
                copy_link(&destination, target, name, &status)
                    .map_err(failure("create the link", to))
            }
            // Before it is opened: to open a device may set it in motion.
            _ => {
                check_regular(&status, from)?;
                self.file(source, target, name, paths)
            }
        }
    }

    fn file(
        &mut self,
        source: &OwnedFd,
        target: &OwnedFd,
        name: &OsStr,
        (from, to): Paths<'_>,
    ) -> Result<(), FileError> {
        // A FIFO that took its place would block an open without O_NONBLOCK.
        let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK;
        let file = open_component(source, name, flags, Mode::empty());
        let source = File::from(file.map_err(failure("open", from))?);
        let status = fstat(&source).map_err(failure("stat", from))?;
        check_regular(&status, from)?;
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL;
        let file = open_component(target, name, flags, Mode::S_IRUSR | Mode::S_IWUSR);
        let target = File::from(file.map_err(failure("create", to))?);
        let size = u64::try_from(status.st_size).unwrap_or(0);
        self.content(&source, &target, size, (from, to))?;
        let after = fstat(&source).map_err(failure("stat", from))?;
        if version(&after) != version(&status) {
            return Err(FileError::ChangedMeanwhile {
                path: from.to_owned(),
            });
        }
        self.copied.files += 1;
        finish(&target, &OwnedFd::from(source), &status, to)
    }

    fn content(
        &mut self,
        source: &File,
        target: &File,
        size: u64,
        (from, to): Paths<'_>,
    ) -> Result<(), FileError> {
        if size == 0 {
            return Ok(());
        }
        if self.can_share && content::share(source, target) {
            self.copied.bytes += size;
            self.copied.shared += size;
            (self.progress)(self.copied.bytes);
            return Ok(());
        }
        self.can_share = false;
        if !self.has_room {
            return Err(failure("copy to", to)(Errno::ENOSPC));
        }
        content::copy(source, target, size, &mut |more| {
            self.copied.bytes += more;
            (self.progress)(self.copied.bytes);
        })
        .map_err(|error| match error.raw_os_error().map(Errno::from_raw) {
            Some(errno @ (Errno::ENOSPC | Errno::EDQUOT | Errno::EFBIG | Errno::EROFS)) => {
                failure("copy to", to)(errno)
            }
            _ => FileError::from_io("copy", from, error),
        })
    }
}

fn failure(operation: &'static str, path: &Path) -> impl Fn(Errno) -> FileError {
    move |errno| FileError::from_errno(operation, path, errno)
}

pub(super) fn open_folder(parent: &OwnedFd, name: &OsStr) -> nix::Result<OwnedFd> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY;
    open_component(parent, name, flags, Mode::empty())
}

/// What changes when somebody writes to a file.
fn version(status: &FileStat) -> (i64, i64, i64) {
    (status.st_size, status.st_mtime, status.st_mtime_nsec)
}

/// Gives the copy what belongs to the original, times last, and flushes it.
fn finish(
    copy: &File,
    original: &OwnedFd,
    status: &FileStat,
    outside: &Path,
) -> Result<(), FileError> {
    let model = Model {
        file: original,
        access: Access::of(status),
    };
    take_over(copy, &model, outside)?;
    let (accessed, modified) = times(status);
    futimens(copy, &accessed, &modified).map_err(failure("set the times of", outside))?;
    fsync(copy).map_err(failure("flush", outside))
}

fn copy_link(
    destination: &OsStr,
    folder: &OwnedFd,
    name: &OsStr,
    status: &FileStat,
) -> nix::Result<()> {
    symlinkat(destination, folder, name)?;
    let made = fstatat(folder, name, AtFlags::AT_SYMLINK_NOFOLLOW)?;
    if (made.st_uid, made.st_gid) != (status.st_uid, status.st_gid) {
        let (owner, group) = (Uid::from_raw(status.st_uid), Gid::from_raw(status.st_gid));
        let flags = AtFlags::AT_SYMLINK_NOFOLLOW;
        fchownat(folder.as_fd(), name, Some(owner), Some(group), flags)?;
    }
    let (accessed, modified) = times(status);
    let flags = UtimensatFlags::NoFollowSymlink;
    utimensat(folder.as_fd(), name, &accessed, &modified, flags)
}

fn times(status: &FileStat) -> (TimeSpec, TimeSpec) {
    (
        TimeSpec::new(status.st_atime, status.st_atime_nsec),
        TimeSpec::new(status.st_mtime, status.st_mtime_nsec),
    )
}
