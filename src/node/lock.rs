//! One recovery at a time: an advisory lock on the node's Kubernetes folder itself, so that taking it
//! writes nothing.

use std::fmt;
use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::sys::stat::fstat;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::privileges::is_trusted;
use super::read::read_kernel_file;
use super::{FileError, Root};

/// Held until dropped, and by the kernel not longer than this process lives. It falls with the descriptor: there is no call
/// that could fail.
#[derive(Debug)]
pub struct NodeLock {
    _folder: OwnedFd,
}

/// The process that holds the lock of a node, as far as the kernel tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockHolder {
    /// Its number.
    pub pid: u32,
    /// The name of its program.
    program: Option<String>,
    /// Its user, where that is somebody who may not touch the node.
    stranger: Option<u32>,
}

impl Root {
    /// Locks the node by way of the folder at `path`, or says who holds it.
    pub fn lock(&self, path: &Path) -> Result<NodeLock, FileError> {
        let outside = self.outside(path);
        let folder = self.open_folder(path)?;
        match flock(&folder, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(NodeLock { _folder: folder }),
            Err(Errno::WOULDBLOCK) => Err(FileError::Locked {
                holder: holder(&folder),
                path: outside,
            }),
            Err(errno) => Err(FileError::from_io("lock", &outside, errno.into())),
        }
    }

    /// The rekindle that works on the node now, by the lock on the folder at `path`. Nothing is locked in order to know it.
    pub fn working(&self, path: &Path) -> Option<LockHolder> {
        let holder = holder(&self.open_folder(path).ok()?)?;
        (holder.is_rekindle() && holder.stranger.is_none()).then_some(holder)
    }
}

impl LockHolder {
    /// Whether it is this program, as far as a name can tell. One whose name is not known is taken for it.
    pub fn is_rekindle(&self) -> bool {
        let name = self.program.as_deref();
        name.is_none_or(|name| name.starts_with("rekindle"))
    }
}

impl fmt::Display for LockHolder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (false, Some(program)) = (self.is_rekindle(), &self.program) {
            write!(formatter, "{program}, ")?;
        }
        write!(formatter, "pid {}", self.pid)?;
        match self.stranger {
            Some(uid) => write!(formatter, ", uid {uid}"),
            None => Ok(()),
        }
    }
}

/// Whom `/proc/locks` names for the folder (`proc_locks(5)`), shared locks too: each keeps an exclusive one away.
fn holder(folder: &OwnedFd) -> Option<LockHolder> {
    let inode = fstat(folder.as_fd()).ok()?.st_ino;
    let locks = read_kernel_file(Path::new("/proc/locks"))?;
    let pid = locks.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, _, pid, place, ..] = fields.as_slice() else {
            return None;
        };
        let locked = place.rsplit(':').next()?.parse::<u64>().ok()?;
        // In a namespace of processes to which it does not belong, it has the number 0.
        (locked == inode)
            .then(|| pid.parse().ok())
            .flatten()
            .filter(|pid| *pid > 0)
    })?;
    let program = read_kernel_file(Path::new(&format!("/proc/{pid}/comm")));
    Some(LockHolder {
        pid,
        program: program.map(|name| name.trim_end().to_owned()),
        stranger: user(pid).filter(|uid| !is_trusted(*uid)),
    })
}

#[allow(
    clippy::disallowed_methods,
    reason = "/proc is the kernel's, not the node's: there is nothing to check"
)]
fn user(pid: u32) -> Option<u32> {
    fs::metadata(format!("/proc/{pid}"))
        .ok()
        .map(|process| process.uid())
}
