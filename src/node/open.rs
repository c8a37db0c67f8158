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
/// `O_PATH` asks for the link itself. Without `O_CREAT` the mode must be empty.
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

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "the test lays out a folder of its own"
)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use nix::sys::stat::{SFlag, fstat};

    use super::*;

    fn open(folder: &impl AsFd, name: &str, flags: OFlag) -> nix::Result<OwnedFd> {
        // With a mode for a file that it does not create, openat2 calls the request invalid.
        let creates = flags.contains(OFlag::O_CREAT);
        let mode = if creates {
            Mode::S_IRUSR
        } else {
            Mode::empty()
        };
        open_component(folder, name.as_ref(), flags, mode)
    }

    /// Both ways, though which one is in use is for the whole process to say: the answers are the same.
    #[test]
    fn one_name_is_opened_and_no_link_with_and_without_openat2() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("folder")).unwrap();
        fs::write(folder.path().join("folder/file"), "").unwrap();
        symlink("folder", folder.path().join("link")).unwrap();
        symlink("/etc/passwd", folder.path().join("out")).unwrap();
        let opened = fs::File::open(folder.path()).unwrap();
        for missing in [false, true] {
            HAS_NO_OPENAT2.store(missing, Ordering::Relaxed);
            let error = |name| open(&opened, name, OFlag::O_RDONLY).unwrap_err();
            for name in ["", "..", "/", "/etc", "folder/file", "link/file", "../x"] {
                assert_eq!(error(name), Errno::EXDEV, "{name:?}");
            }
            for name in ["link", "out"] {
                assert_eq!(error(name), Errno::ELOOP, "{name:?}");
            }
            assert_eq!(error("missing"), Errno::ENOENT);
            let link = open(&opened, "link", OFlag::O_PATH).unwrap();
            let kind = fstat(&link).unwrap().st_mode & SFlag::S_IFMT.bits();
            assert_eq!(kind, SFlag::S_IFLNK.bits());
            let inner = open(&opened, "folder", OFlag::O_PATH).unwrap();
            open(&inner, "file", OFlag::O_RDONLY).unwrap();
            open(&opened, ".", OFlag::O_RDONLY | OFlag::O_DIRECTORY).unwrap();
            let create = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL;
            let name = format!("new-{missing}");
            open(&opened, &name, create).unwrap();
            assert_eq!(open(&opened, &name, create).unwrap_err(), Errno::EEXIST);
            assert_eq!(open(&opened, "out", create).unwrap_err(), Errno::EEXIST);
        }
        HAS_NO_OPENAT2.store(false, Ordering::Relaxed);
    }
}
