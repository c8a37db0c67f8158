//! Writes a new file and flushes it; nothing that exists is ever opened for writing.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, fsync, unlinkat};
use xattr::FileExt;

use super::open::open_component;
use super::privileges::is_root;
use super::{Access, FileError};

/// Where the kernel keeps a file's ACL (acl(5)); a folder's default one becomes that of each file that is created in it.
const ACL: &str = "system.posix_acl_access";

/// What a new file takes over.
pub(super) struct Model<'a> {
    /// The file that has its extended attributes.
    pub(super) file: &'a OwnedFd,
    /// Its owner and mode.
    pub(super) access: Access,
}

/// Creates `name` in `folder` with `bytes`, flushed to the disk. Removes it again when anything fails.
pub(super) fn write_new_file(
    folder: &OwnedFd,
    name: &OsStr,
    bytes: &[u8],
    model: &Model<'_>,
    outside: &Path,
) -> Result<(), FileError> {
    create(folder, name, bytes, outside, |file| {
        take_over(file, model, outside)
    })
}

/// The same for a file of this user's own, with permission bits `mode`; what else belongs to it, the folder's defaults say.
pub(super) fn write_own_file(
    folder: &OwnedFd,
    name: &OsStr,
    bytes: &[u8],
    mode: u32,
    outside: &Path,
) -> Result<(), FileError> {
    create(folder, name, bytes, outside, |file| {
        nix::sys::stat::fchmod(file, Mode::from_bits_truncate(mode))
            .map_err(|errno| FileError::from_errno("set the mode of", outside, errno))
    })
}

fn create(
    folder: &OwnedFd,
    name: &OsStr,
    bytes: &[u8],
    outside: &Path,
    label: impl FnOnce(&File) -> Result<(), FileError>,
) -> Result<(), FileError> {
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL;
    let mode = Mode::S_IRUSR | Mode::S_IWUSR;
    let file = open_component(folder, name, flags, mode)
        .map_err(|errno| FileError::from_errno("create", outside, errno))?;
    let write = |mut file: File| {
        file.write_all(bytes)
            .map_err(|error| FileError::from_io("write", outside, error))?;
        label(&file)?;
        fsync(&file).map_err(|errno| FileError::from_errno("flush", outside, errno))
    };
    let written = write(File::from(file));
    if written.is_err() {
        // The first failure is the one to report; the name is ours, so at worst a dot-file stays.
        let _ = unlinkat(folder.as_fd(), name, UnlinkatFlags::NoRemoveDir);
    }
    written
}

/// Gives a new file or folder the owner, the extended attributes and the mode of its model.
pub(super) fn take_over(file: &File, model: &Model<'_>, outside: &Path) -> Result<(), FileError> {
    model.access.set_owner(file, outside)?;
    copy_attributes(model.file, file)
        .map_err(|error| FileError::from_io("copy the attributes of", outside, error))?;
    // Last: a change of owner may clear bits, and an ACL carries the mode's mask.
    model.access.set_mode(file, outside)
}

/// Security labels, ACLs and user attributes. Only root may set some of them: for others, in a folder of
/// their own, those are left out. An ACL that the folder gives to each new file goes where the model has none.
fn copy_attributes(model: &OwnedFd, file: &File) -> io::Result<()> {
    let model = File::from(model.try_clone()?);
    let names: Vec<OsString> = match model.list_xattr() {
        Err(error) if unsupported(&error) => return Ok(()),
        other => other?.collect(),
    };
    if !names.iter().any(|name| name == ACL) && file.get_xattr(ACL).is_ok_and(|acl| acl.is_some()) {
        file.remove_xattr(ACL)?;
    }
    for name in names
        .into_iter()
        .filter(|name| belongs_to_any_content(name))
    {
        let Some(value) = model.get_xattr(&name)? else {
            continue;
        };
        match file.set_xattr(&name, &value) {
            Err(error) if unsupported(&error) || !is_root() => {}
            other => other?,
        }
    }
    Ok(())
}

/// The kernel's integrity attributes are hashes and signatures of the old content: on a new one they would make the file
/// unreadable (`evm` and `ima`, xattr(7)).
fn belongs_to_any_content(name: &OsStr) -> bool {
    name != "security.ima" && name != "security.evm"
}

fn unsupported(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::EOPNOTSUPP as i32)
}
