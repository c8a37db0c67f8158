//! Reads a file once, and only after the open descriptor was checked.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::fcntl::{AtFlags, OFlag};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::home::check_owner_or;
use super::open::open_component;
use super::resolve::{Resolved, file_type, permissions};
use super::{Access, FileError, Root};
use crate::digest::Sha256Digest;

/// No certificate, key, kubeconfig or manifest of a node comes near this size, in bytes.
const MAXIMUM_SIZE: u64 = 1024 * 1024;

/// Whether a file holds a private key, and so must be closed to everybody but its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    /// Others may read it, nobody else may write it.
    Public,
    /// Nobody but the owner may read it.
    Secret,
}

/// A file as it was when it was read.
#[derive(Debug)]
pub struct FileSnapshot {
    /// The node path, links resolved.
    pub path: PathBuf,
    /// The content, wiped when dropped: it may be a key.
    pub bytes: Zeroizing<Vec<u8>>,
    /// SHA-256 of the content.
    pub digest: Sha256Digest,
    /// Owner, mode and times.
    pub metadata: Metadata,
}

/// What a replaced file must keep, and what tells that it was changed meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Permission bits, as `chmod` takes them.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Time of the last change of the content.
    pub modified: OffsetDateTime,
}

impl Root {
    /// Reads the regular file at `path`, links resolved beneath the root.
    pub fn read(&self, path: &Path, secrecy: Secrecy) -> Result<FileSnapshot, FileError> {
        let place = self.look_up(path)?;
        let outside = self.outside(&place.path);
        let Some(looked_at) = place.found else {
            return Err(FileError::NotFound { path: outside });
        };
        let guest = place.guest;
        let opened = open_regular(place.folder(), &place.name, &looked_at, guest, &outside)?;
        if secrecy == Secrecy::Secret {
            let access = Access::of(&opened.1);
            if self.exposure(&place.path, access) != 0 {
                let mode = access.mode;
                return Err(FileError::SecretExposed {
                    path: outside,
                    mode,
                });
            }
        }
        read_opened(opened, place.path, &outside)
    }
}

pub(super) fn read_resolved(
    resolved: &Resolved,
    outside: &Path,
) -> Result<FileSnapshot, FileError> {
    let opened = open_checked(resolved, outside)?;
    read_opened(opened, resolved.path.clone(), outside)
}

fn read_opened(
    (file, status): (OwnedFd, FileStat),
    path: PathBuf,
    outside: &Path,
) -> Result<FileSnapshot, FileError> {
    let bytes = read_all(file, &status, outside)?;
    Ok(FileSnapshot {
        path,
        digest: Sha256Digest::of(&bytes),
        bytes,
        metadata: metadata(&status),
    })
}

/// Opens the file that `resolved` names, and refuses what no file of a node should be.
pub(super) fn open_checked(
    resolved: &Resolved,
    outside: &Path,
) -> Result<(OwnedFd, FileStat), FileError> {
    let (folder, name) = (resolved.folder.as_fd(), resolved.name.as_os_str());
    let looked_at = fstatat(folder, name, AtFlags::AT_SYMLINK_NOFOLLOW)
        .map_err(|errno| FileError::from_errno("stat", outside, errno))?;
    open_regular(folder, name, &looked_at, resolved.guest, outside)
}

/// Checks the type before opening, for to open a device may set it in motion; and everything after, for the file may have
/// been exchanged.
fn open_regular(
    folder: BorrowedFd<'_>,
    name: &OsStr,
    looked_at: &FileStat,
    guest: Option<u32>,
    outside: &Path,
) -> Result<(OwnedFd, FileStat), FileError> {
    let fail = |operation| move |errno| FileError::from_errno(operation, outside, errno);
    check_regular(looked_at, outside)?;
    // A FIFO would block an open without O_NONBLOCK.
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK;
    let file = open_component(folder, name, flags, Mode::empty()).map_err(fail("open"))?;
    let status = fstat(&file).map_err(fail("stat"))?;
    check_regular(&status, outside)?;
    let path = outside.to_owned();
    check_owner_or(&status, guest, outside)?;
    let mode = permissions(&status);
    if mode & 0o022 != 0 {
        return Err(FileError::FileWritableByOthers { path, mode });
    }
    if status.st_nlink != 1 {
        #[allow(
            clippy::useless_conversion,
            reason = "a u64 on x86-64, a u32 on aarch64"
        )]
        let links = u64::from(status.st_nlink);
        return Err(FileError::HardLinked { path, links });
    }
    Ok((file, status))
}

pub(super) fn check_regular(status: &FileStat, outside: &Path) -> Result<(), FileError> {
    let found = match file_type(status) {
        SFlag::S_IFREG => return Ok(()),
        SFlag::S_IFDIR => "folder",
        SFlag::S_IFLNK => "symbolic link",
        SFlag::S_IFIFO => "FIFO",
        SFlag::S_IFSOCK => "socket",
        _ => "device",
    };
    Err(FileError::NotRegular {
        path: outside.to_owned(),
        found,
    })
}

fn read_all(
    file: OwnedFd,
    status: &FileStat,
    outside: &Path,
) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let size = u64::try_from(status.st_size).unwrap_or(u64::MAX);
    let too_large = |size| FileError::TooLarge {
        path: outside.to_owned(),
        size,
        limit: MAXIMUM_SIZE,
    };
    if size > MAXIMUM_SIZE {
        return Err(too_large(size));
    }
    // Room for one byte more: growing would leave an unwiped copy behind.
    let capacity = usize::try_from(size).unwrap_or(0).saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    File::from(file)
        .take(size.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| FileError::from_io("read", outside, error))?;
    if bytes.len() as u64 != size {
        return Err(FileError::ChangedMeanwhile {
            path: outside.to_owned(),
        });
    }
    Ok(bytes)
}

pub(super) fn metadata(status: &FileStat) -> Metadata {
    let nanoseconds =
        i128::from(status.st_mtime) * 1_000_000_000 + i128::from(status.st_mtime_nsec);
    Metadata {
        mode: permissions(status),
        uid: status.st_uid,
        gid: status.st_gid,
        modified: OffsetDateTime::from_unix_timestamp_nanos(nanoseconds)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH),
    }
}

/// The text of a file that the kernel or the machine's own system makes, not the node; `None` where it
/// cannot be read.
#[allow(
    clippy::disallowed_methods,
    reason = "these are outside any root, and nothing is decided by them"
)]
pub(super) fn read_kernel_file(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}
