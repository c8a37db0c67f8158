//! The way out for each thing that can be wrong with a file or folder, whatever is in it.

use super::RefusalCode;
use super::remedy::beside;
use crate::node::FileError;
use crate::shell::quote;

#[allow(
    clippy::too_many_lines,
    reason = "one arm for each error, and the compiler sees that none is forgotten"
)]
pub(super) fn of_file(error: &FileError) -> (RefusalCode, String) {
    use RefusalCode as Code;
    match error {
        FileError::NotFound { path } => (
            Code::CannotRead,
            format!("see how far the path goes: namei -l {}", quote(path)),
        ),
        FileError::NotPermitted { path, .. } => (
            Code::CannotRead,
            format!("see its attributes: lsattr -d {}", quote(path)),
        ),
        FileError::Immutable { path } => (
            Code::Immutable,
            format!("let it be changed: chattr -i {}", quote(path)),
        ),
        FileError::AppendOnly { path } => (
            Code::Immutable,
            format!("let it be changed: chattr -a {}", quote(path)),
        ),
        FileError::MountPoint { path } => (
            Code::MountPoint,
            format!(
                "see what is mounted there, and take it off: findmnt {0}; umount {0}",
                quote(path)
            ),
        ),
        FileError::PermissionDenied { path, .. } => (
            Code::CannotRead,
            format!(
                "run this as root, or as the owner of the node's files; see namei -l {}",
                quote(path)
            ),
        ),
        FileError::NotRegular { path, .. } | FileError::NotAFolder { path } => (
            Code::NotARegularFile,
            format!(
                "find out who put it there: ls -ld {}; bring the real file back",
                quote(path)
            ),
        ),
        FileError::HardLinked { path, .. } => (
            Code::HardLinked,
            format!(
                "give it one name: cp -a {0} {1} && mv {1} {0}",
                quote(path),
                quote(beside(path))
            ),
        ),
        FileError::ForeignOwner { path, expected, .. } => (
            Code::ForeignOwner,
            format!(
                "if its content is right: chown -h {expected} {}",
                quote(path)
            ),
        ),
        FileError::SecretExposed { path, .. } => {
            (Code::SecretExposed, format!("chmod go= {}", quote(path)))
        }
        // The sticky bit: a folder that is meant for everybody, such as /tmp.
        FileError::FolderWritableByOthers { path, mode } if mode & 0o1000 != 0 => (
            Code::WritableByOthers,
            format!(
                "put the node into a folder of its own below it: install -d -m 0700 {}",
                quote(path.join("node"))
            ),
        ),
        FileError::FileWritableByOthers { path, .. }
        | FileError::FolderWritableByOthers { path, .. } => (
            Code::WritableByOthers,
            format!("chmod go-w {}", quote(path)),
        ),
        FileError::LeavesRoot { path, .. } | FileError::LinkLoop { path } => (
            Code::LinkLeavesRoot,
            format!(
                "see where it leads: namei -l {}; point it into the node",
                quote(path)
            ),
        ),
        FileError::TooLarge { path, .. } => (
            Code::FileTooLarge,
            format!(
                "see what it is: head -c 200 {}; bring the real file back",
                quote(path)
            ),
        ),
        FileError::ChangedMeanwhile { .. } | FileError::NotAnnounced { .. } => (
            Code::CannotRead,
            "something writes it at this moment; find it, then run this again".to_owned(),
        ),
        FileError::NoSpace { path, .. } => (
            Code::DiskFull,
            format!("make room: df -h {0}; df -i {0}", quote(path)),
        ),
        FileError::SizeLimit { .. } => (
            Code::DiskFull,
            "lift the limit of this shell: ulimit -f unlimited".to_owned(),
        ),
        FileError::ReadOnly { path, .. } => (
            Code::ReadOnlyFileSystem,
            format!(
                "see how it is mounted: findmnt -T {}; remount it writable",
                quote(path)
            ),
        ),
        FileError::Locked { holder, path } => (
            Code::AnotherRekindle,
            match holder {
                Some(holder) if holder.is_rekindle() => format!(
                    "wait until it ends, or see what it does: ps -fp {}",
                    holder.pid
                ),
                Some(holder) => format!(
                    "no rekindle holds it: see what does, and end it: ps -fp {0}; kill {0}",
                    holder.pid
                ),
                None => format!(
                    "wait until it ends; to see who it is: grep \":$(stat -c %i {}) \" /proc/locks",
                    quote(path)
                ),
            },
        ),
        FileError::Remains { path, .. } => {
            (Code::CannotRead, format!("remove it: rm {}", quote(path)))
        }
        FileError::Io { path, .. } => (
            Code::CannotRead,
            format!(
                "see what the kernel says: dmesg | tail; ls -l {}",
                quote(path)
            ),
        ),
    }
}
