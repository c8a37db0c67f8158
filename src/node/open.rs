//! Opens one name in an open folder: never a link, and nothing that lies elsewhere.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat, openat2};
use nix::sys::stat::Mode;

/// Set by the first call that finds no `openat2`: kernels before 5.6 do not have it, and old container runtimes keep
/// it from their guests.
static HAS_NO_OPENAT2: AtomicBool = AtomicBool::new(false);

/// Opens `name`, which is a single component or `.`, in `folder`. A symbolic link is an error (`ELOOP`), unless
/// `O_PATH` asks for the link itself.
///
/// The kernel is told twice: `openat2` resolves no link and leaves no folder whatever the name says; where it is
/// missing, `O_NOFOLLOW` does the same for a single component.
pub(super) fn open_component(
    folder: impl AsFd,
    name: &OsStr,
    flags: OFlag,
    mode: Mode,
) -> nix::Result<OwnedFd> {
    if !is_single_component(name) {
        return Err(Errno::EXDEV);
    }
    let folder = folder.as_fd();
    let flags = flags | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    if HAS_NO_OPENAT2.load(Ordering::Relaxed) {
        return openat(folder, name, flags, mode);
    }
    let resolve = ResolveFlag::RESOLVE_BENEATH
        | ResolveFlag::RESOLVE_NO_SYMLINKS
        | ResolveFlag::RESOLVE_NO_MAGICLINKS;
    let how = OpenHow::new().flags(flags).mode(mode).resolve(resolve);
    match openat2(folder, name, how) {
        // What a filter that does not know the call says; or what is meant, and then openat says so too.
        Err(Errno::ENOSYS | Errno::EPERM) => {
            let opened = openat(folder, name, flags, mode);
            if !matches!(opened, Err(Errno::EPERM)) {
                HAS_NO_OPENAT2.store(true, Ordering::Relaxed);
            }
            opened
        }
        opened => opened,
    }
}

fn is_single_component(name: &OsStr) -> bool {
    let bytes = name.as_bytes();
    !bytes.is_empty() && bytes != b".." && !bytes.contains(&b'/')
}
