//! One recovery at a time: an advisory lock on the node's Kubernetes folder itself, so that taking it
//! writes nothing.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::stat::fstat;

use super::{FileError, Root};

/// Held until dropped, and by the kernel not longer than this process lives.
#[derive(Debug)]
pub struct NodeLock {
    _lock: Flock<OwnedFd>,
}

impl Root {
    /// Locks the node by way of the folder at `path`, or says who holds it.
    pub fn lock(&self, path: &Path) -> Result<NodeLock, FileError> {
        let outside = self.outside(path);
        let folder = self.open_folder(path)?;
        match Flock::lock(folder, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => Ok(NodeLock { _lock: lock }),
            Err((folder, Errno::EAGAIN)) => Err(FileError::Locked {
                holder: holder(&folder),
                path: outside,
            }),
            Err((_, errno)) => Err(FileError::from_errno("lock", &outside, errno)),
        }
    }
}

/// The pid that `/proc/locks` names for the folder (`proc_locks(5)`).
#[allow(
    clippy::disallowed_methods,
    reason = "/proc is the kernel's, not the node's: there is nothing to check"
)]
fn holder(folder: &OwnedFd) -> Option<u32> {
    let inode = fstat(folder.as_fd()).ok()?.st_ino;
    let mut locks = String::new();
    File::open("/proc/locks")
        .ok()?
        .read_to_string(&mut locks)
        .ok()?;
    locks.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, "WRITE", pid, place, ..] = fields.as_slice() else {
            return None;
        };
        let locked = place.rsplit(':').next()?.parse::<u64>().ok()?;
        (locked == inode).then(|| pid.parse().ok()).flatten()
    })
}
