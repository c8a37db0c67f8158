//! Who owns a file, and who may do what with it.

use std::os::fd::AsFd;
use std::path::Path;

use nix::sys::stat::{FileStat, Mode, fchmod, fstat};
use nix::unistd::{Gid, Uid, fchown, getegid, geteuid};

use super::resolve::permissions;
use super::{FileError, Metadata};

/// Owner, group and permission bits of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Permission bits, as `chmod` takes them.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

impl Access {
    /// That of a new file that this user makes.
    pub fn of_own(mode: u32) -> Self {
        Self {
            mode,
            uid: geteuid().as_raw(),
            gid: getegid().as_raw(),
        }
    }

    pub(super) fn of(status: &FileStat) -> Self {
        Self {
            mode: permissions(status),
            uid: status.st_uid,
            gid: status.st_gid,
        }
    }

    /// Gives the open file this owner, unless it has it: only root may give a file away.
    pub(super) fn set_owner(&self, file: impl AsFd, outside: &Path) -> Result<(), FileError> {
        let fail = |errno| FileError::from_errno("set the owner of", outside, errno);
        let own = fstat(&file).map_err(fail)?;
        if own.st_uid == self.uid && own.st_gid == self.gid {
            return Ok(());
        }
        let (uid, gid) = (Uid::from_raw(self.uid), Gid::from_raw(self.gid));
        fchown(file, Some(uid), Some(gid)).map_err(fail)
    }

    /// Gives the open file these permission bits. Behind the owner, a change of which may clear some.
    pub(super) fn set_mode(&self, file: impl AsFd, outside: &Path) -> Result<(), FileError> {
        fchmod(file, Mode::from_bits_truncate(self.mode))
            .map_err(|errno| FileError::from_errno("set the mode of", outside, errno))
    }
}

impl From<&Metadata> for Access {
    fn from(metadata: &Metadata) -> Self {
        Self {
            mode: metadata.mode,
            uid: metadata.uid,
            gid: metadata.gid,
        }
    }
}
