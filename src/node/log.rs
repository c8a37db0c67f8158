//! Files of our own that must outlive a crash: the journal, which only grows, and small ones written once.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, renameat};
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, fdatasync, fsync, ftruncate, unlinkat};

use super::open::open_component;
use super::read::open_checked;
use super::{FileError, Root};

/// The largest journal that is read, in bytes.
const MAXIMUM_SIZE: u64 = 64 * 1024 * 1024;

/// What the reserve holds back for the last lines of a journal, in bytes.
pub const RESERVE_SIZE: usize = 64 * 1024;

/// What the name of a reserve has behind that of its log.
const RESERVE: &str = ".reserve";

/// What a small file's name begins with until the file is whole.
const UNNAMED: &str = ".";

/// A file open for appending alone. A reserve beside it is given up when the disk is full, so that what is under way can
/// still be recorded.
#[derive(Debug)]
pub struct AppendOnlyFile {
    file: File,
    reserve: Option<Reserve>,
}

/// A file whose blocks can be had back. Removed when dropped.
#[derive(Debug)]
struct Reserve {
    folder: OwnedFd,
    name: OsString,
}

impl Root {
    /// Creates the file at `path` with mode 0600, in a folder closed to others, and a reserve beside it. It must not exist
    /// yet.
    pub fn create_log(&self, path: &Path) -> Result<AppendOnlyFile, FileError> {
        let folder = self.private_folder(path.parent().unwrap_or(path))?;
        let reserve = self.reserve(&folder, path)?;
        let file = create(&folder, name_of(path), OFlag::O_APPEND)
            .map_err(|errno| FileError::from_errno("create", &self.outside(path), errno))?;
        flush(&folder, &self.outside(path))?;
        Ok(AppendOnlyFile {
            file,
            reserve: Some(reserve),
        })
    }

    /// Reads the log at `path`.
    pub fn read_log(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        let resolved = self.resolve(path)?;
        let outside = self.outside(&resolved.path);
        let (file, status) = open_checked(&resolved, &outside)?;
        let size = u64::try_from(status.st_size).unwrap_or(u64::MAX);
        if size > MAXIMUM_SIZE {
            return Err(FileError::TooLarge {
                path: outside,
                size,
                limit: MAXIMUM_SIZE,
            });
        }
        let mut bytes = Vec::new();
        File::from(file)
            .take(MAXIMUM_SIZE)
            .read_to_end(&mut bytes)
            .map_err(|error| FileError::from_io("read", &outside, error))?;
        Ok(bytes)
    }

    /// Opens the log at `path` to append behind its first `whole` bytes; what stands behind them is cut off.
    pub fn continue_log(&self, path: &Path, whole: u64) -> Result<AppendOnlyFile, FileError> {
        let outside = &self.outside(path);
        let fail = |operation| move |errno| FileError::from_errno(operation, outside, errno);
        let resolved = self.resolve(path)?;
        // Its owner, mode and links are those of the file that was read.
        open_checked(&resolved, outside)?;
        let flags = OFlag::O_WRONLY | OFlag::O_APPEND;
        let file = open_component(&resolved.folder, &resolved.name, flags, Mode::empty())
            .map_err(fail("open"))?;
        let length = i64::try_from(whole).unwrap_or(i64::MAX);
        ftruncate(&file, length).map_err(fail("cut"))?;
        fsync(&file).map_err(fail("flush"))?;
        // On a full disk there is none to be had, and the little that is left to write may still fit.
        let reserve = self.reserve(&resolved.folder, path).ok();
        Ok(AppendOnlyFile {
            file: File::from(file),
            reserve,
        })
    }

    /// Removes the log at `path`, and its reserve.
    pub fn remove_log(&self, path: &Path) -> Result<(), FileError> {
        let folder = self.private_folder(path.parent().unwrap_or(path))?;
        for path in [reserve_of(path), path.to_owned()] {
            remove(&folder, name_of(&path))
                .map_err(|errno| FileError::from_errno("remove", &self.outside(&path), errno))?;
        }
        flush(&folder, &self.outside(path))
    }

    /// Removes what a killed writer left in `folder`: reserves of logs, and small files without their name.
    pub fn remove_leftovers(&self, folder: &Path) -> Result<(), FileError> {
        let mut names = self.list(folder)?;
        names.retain(|name| name.ends_with(RESERVE) || name.starts_with(UNNAMED));
        if names.is_empty() {
            return Ok(());
        }
        let opened = self.private_folder(folder)?;
        for name in &names {
            remove(&opened, OsStr::new(name)).map_err(|errno| {
                FileError::from_errno("remove", &self.outside(&folder.join(name)), errno)
            })?;
        }
        Ok(())
    }

    /// Writes the small file at `path`, in a folder closed to others, with mode 0600: it is there whole or not at all.
    pub fn write_private(&self, path: &Path, bytes: &[u8]) -> Result<(), FileError> {
        let folder = self.private_folder(path.parent().unwrap_or(path))?;
        let outside = &self.outside(path);
        let fail = |operation| move |errno| FileError::from_errno(operation, outside, errno);
        let (name, mut temporary) = (name_of(path), OsString::from(UNNAMED));
        temporary.push(name);
        remove(&folder, &temporary).map_err(fail("remove"))?;
        let mut file = create(&folder, &temporary, OFlag::empty()).map_err(fail("create"))?;
        file.write_all(bytes)
            .map_err(|error| FileError::from_io("write", outside, error))?;
        fsync(&file).map_err(fail("flush"))?;
        renameat(folder.as_fd(), temporary.as_os_str(), folder.as_fd(), name)
            .map_err(fail("name"))?;
        flush(&folder, outside)
    }

    fn reserve(&self, folder: &OwnedFd, log: &Path) -> Result<Reserve, FileError> {
        let path = reserve_of(log);
        let fail = |error| FileError::from_io("reserve room in", &self.outside(&path), error);
        let reserve = Reserve {
            folder: folder
                .try_clone()
                .map_err(|error| FileError::from_io("open the folder of", &path, error))?,
            name: name_of(&path).to_owned(),
        };
        match create(folder, &reserve.name, OFlag::empty()) {
            // Written, for a hole in a file reserves nothing.
            Ok(mut file) => file.write_all(&vec![0; RESERVE_SIZE]).map_err(fail)?,
            // An attempt before this one was killed.
            Err(Errno::EEXIST) => {}
            Err(errno) => return Err(fail(errno.into())),
        }
        Ok(reserve)
    }
}

impl AppendOnlyFile {
    /// Appends `bytes`, in one write where there is room.
    pub fn append(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.file.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Dropped, it gives its blocks back.
                Err(error) if is_full(&error) && self.reserve.take().is_some() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Appends `bytes`, and waits until they and all before them are on the disk.
    pub fn append_durably(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.append(bytes)?;
        fdatasync(&self.file).map_err(io::Error::from)
    }
}

impl Drop for Reserve {
    fn drop(&mut self) {
        // What stays is found and taken over by the next attempt.
        let _ = remove(&self.folder, &self.name);
    }
}

fn reserve_of(log: &Path) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(RESERVE);
    PathBuf::from(name)
}

fn name_of(path: &Path) -> &OsStr {
    path.file_name().unwrap_or(OsStr::new("journal"))
}

fn create(folder: &OwnedFd, name: &OsStr, also: OFlag) -> Result<File, Errno> {
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | also;
    let mode = Mode::S_IRUSR | Mode::S_IWUSR;
    open_component(folder, name, flags, mode).map(File::from)
}

fn remove(folder: &OwnedFd, name: &OsStr) -> Result<(), Errno> {
    match unlinkat(folder.as_fd(), name, UnlinkatFlags::NoRemoveDir) {
        Err(Errno::ENOENT) => Ok(()),
        other => other,
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error().map(Errno::from_raw),
        Some(Errno::ENOSPC | Errno::EDQUOT)
    )
}

fn flush(folder: &OwnedFd, outside: &Path) -> Result<(), FileError> {
    fsync(folder).map_err(|errno| FileError::from_errno("flush the folder of", outside, errno))
}
