//! What can be wrong with a file or folder, each with the evidence.

use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use super::LockHolder;

/// A file or folder that cannot be used, or an operation on one that failed. Paths are as a shell outside
/// the root would spell them, so that they can be copied into a command.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Nothing is at the path.
    #[error("{} does not exist", path.display())]
    NotFound {
        /// What was looked for.
        path: PathBuf,
    },
    /// The kernel denied access.
    #[error("{operation} {}: permission denied", path.display())]
    PermissionDenied {
        /// What was attempted.
        operation: &'static str,
        /// On which path.
        path: PathBuf,
    },
    /// The kernel forbids what permission bits would allow: the file or its folder is immutable, or a new owner
    /// was asked for by somebody who is not root.
    #[error("{operation} {}: not permitted; is it immutable (lsattr)?", path.display())]
    NotPermitted {
        /// What was attempted.
        operation: &'static str,
        /// On which path.
        path: PathBuf,
    },
    /// `chattr +i`: not even root may change it, rename it, or replace it.
    #[error("{} is immutable (chattr +i)", path.display())]
    Immutable {
        /// The file or folder.
        path: PathBuf,
    },
    /// `chattr +a`: it may grow, and nothing else.
    #[error("{} is append-only (chattr +a)", path.display())]
    AppendOnly {
        /// The file or folder.
        path: PathBuf,
    },
    /// Something is mounted on the file itself, so that no other can take its name.
    #[error("{} is a mount point: another file is mounted on it", path.display())]
    MountPoint {
        /// The file.
        path: PathBuf,
    },
    /// A folder, FIFO, device or socket stands where a regular file belongs.
    #[error("{} is a {found}, not a regular file", path.display())]
    NotRegular {
        /// The path.
        path: PathBuf,
        /// What stands there.
        found: &'static str,
    },
    /// A part of a path that is not a folder.
    #[error("{} is not a folder", path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// Another name leads to the same file, and a rename would part them.
    #[error("{} has {links} hard links; one was expected", path.display())]
    HardLinked {
        /// The path.
        path: PathBuf,
        /// How many names the file has.
        links: u64,
    },
    /// Somebody else owns the file, folder or link.
    #[error("{} belongs to uid {owner}; it should belong to uid {expected}", path.display())]
    ForeignOwner {
        /// The path.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
        /// Who should.
        expected: u32,
    },
    /// A secret that its group or others may access.
    #[error("{} holds a secret and has mode {mode:04o}: others may reach it", path.display())]
    SecretExposed {
        /// The path.
        path: PathBuf,
        /// Permission bits.
        mode: u32,
    },
    /// A file that its group or others may write.
    #[error("{} has mode {mode:04o}: others may change it", path.display())]
    FileWritableByOthers {
        /// The path.
        path: PathBuf,
        /// Permission bits.
        mode: u32,
    },
    /// A folder in which its group or others may replace files.
    #[error("the folder {} has mode {mode:04o}: others may replace what is in it", path.display())]
    FolderWritableByOthers {
        /// The path.
        path: PathBuf,
        /// Permission bits.
        mode: u32,
    },
    /// A link climbs out of the root.
    #[error("{} leads out of the root {}", path.display(), root.display())]
    LeavesRoot {
        /// The path that was being resolved.
        path: PathBuf,
        /// The root.
        root: PathBuf,
    },
    /// A chain of symbolic links without an end.
    #[error("{} passes through too many symbolic links", path.display())]
    LinkLoop {
        /// The path.
        path: PathBuf,
    },
    /// Larger than any file of its kind.
    #[error("{} is {size} bytes long; at most {limit} are read", path.display())]
    TooLarge {
        /// The path.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The file is not the one that was observed.
    #[error("{} was changed by somebody else after it was read", path.display())]
    ChangedMeanwhile {
        /// The path.
        path: PathBuf,
    },
    /// A file was about to be changed with the permission for another one: a defect of this program.
    #[error("no change of {} was announced", path.display())]
    NotAnnounced {
        /// The path.
        path: PathBuf,
    },
    /// The file system or a quota is full.
    #[error("{operation} {}: no space left", path.display())]
    NoSpace {
        /// What was attempted.
        operation: &'static str,
        /// On which path.
        path: PathBuf,
    },
    /// Larger than this process may write.
    #[error("{operation} {}: past the limit on the size of a file (ulimit -f)", path.display())]
    SizeLimit {
        /// What was attempted.
        operation: &'static str,
        /// On which path.
        path: PathBuf,
    },
    /// The file system is mounted read-only.
    #[error("{operation} {}: the file system is read-only", path.display())]
    ReadOnly {
        /// What was attempted.
        operation: &'static str,
        /// On which path.
        path: PathBuf,
    },
    /// Another process holds the lock of this node.
    #[error("{} {}{}", lock_words(holder.as_ref()), path.display(), holder.as_ref().map(|holder| format!(" ({holder})")).unwrap_or_default())]
    Locked {
        /// The folder that carries the lock.
        path: PathBuf,
        /// The process that holds it, where the kernel tells.
        holder: Option<LockHolder>,
    },
    /// A file that was made here, is of no use, and could not be removed.
    #[error("{why}; and {} could not be removed: it is still there", path.display())]
    Remains {
        /// The file.
        path: PathBuf,
        /// Why it should not be there.
        why: String,
        /// Why it still is.
        source: Box<FileError>,
    },
    /// Anything else that the kernel said.
    #[error("{operation} {}", path.display())]
    Io {
        /// What was attempted.
        operation: &'static str,
        /// On which path.
        path: PathBuf,
        /// The kernel's word.
        source: io::Error,
    },
}

fn lock_words(holder: Option<&LockHolder>) -> &'static str {
    if holder.is_none_or(LockHolder::is_rekindle) {
        "another rekindle works on"
    } else {
        "another program has locked"
    }
}

impl FileError {
    pub(super) fn from_errno(operation: &'static str, path: &Path, errno: Errno) -> Self {
        let path = path.to_owned();
        match errno {
            Errno::ENOENT => Self::NotFound { path },
            Errno::EACCES => Self::PermissionDenied { operation, path },
            Errno::EPERM => Self::NotPermitted { operation, path },
            Errno::ENOTDIR => Self::NotAFolder { path },
            Errno::ELOOP => Self::LinkLoop { path },
            Errno::ENOSPC | Errno::EDQUOT => Self::NoSpace { operation, path },
            Errno::EFBIG => Self::SizeLimit { operation, path },
            Errno::EROFS => Self::ReadOnly { operation, path },
            other => Self::Io {
                operation,
                path,
                source: other.into(),
            },
        }
    }

    pub(super) fn from_io(operation: &'static str, path: &Path, error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(number) => Self::from_errno(operation, path, Errno::from_raw(number)),
            None => Self::Io {
                operation,
                path: path.to_owned(),
                source: error,
            },
        }
    }

    /// Whether the error says that something is there already.
    pub fn is_already_there(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::AlreadyExists)
    }

    /// Whether the error says that there is no such file.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }
}
