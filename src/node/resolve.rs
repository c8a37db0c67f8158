//! Walks a node path beneath its root, one component at a time, each opened without following links.
//!
//! `openat2` with `RESOLVE_IN_ROOT` would clamp a link that climbs out; here it is an error, since such a link
//! on a control-plane node is a mistake or an attack. Works on every kernel.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat, readlinkat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};

use super::privileges::{effective_user, is_trusted};
use super::{FileError, Root};

/// As many links as the kernel follows in one path (`path_resolution(7)`).
const MAXIMUM_LINKS: usize = 40;

/// A path whose folder is open and whose last component is not a link (or was asked to be left as one).
pub(super) struct Resolved {
    /// The folder that holds the file, opened for reading so that it can be flushed.
    pub(super) folder: OwnedFd,
    /// The name within the folder.
    pub(super) name: OsString,
    /// The node path with every link resolved.
    pub(super) path: PathBuf,
}

impl Root {
    /// Resolves `path`, following a link in its last component too.
    pub(super) fn resolve(&self, path: &Path) -> Result<Resolved, FileError> {
        self.walk(path, true)
    }

    /// Resolves `path` but leaves a link in its last component alone.
    pub(super) fn resolve_parent(&self, path: &Path) -> Result<Resolved, FileError> {
        self.walk(path, false)
    }

    /// Whether anything is at `path`, links followed; what cannot be reached counts as absent.
    pub fn exists(&self, path: &Path) -> bool {
        self.resolve(path).is_ok_and(|resolved| {
            fstatat(
                &resolved.folder,
                resolved.name.as_os_str(),
                AtFlags::AT_SYMLINK_NOFOLLOW,
            )
            .is_ok()
        })
    }

    /// What the link at `path` says, unresolved; `None` where it is no link.
    pub fn link_destination(&self, path: &Path) -> Result<Option<PathBuf>, FileError> {
        let resolved = self.resolve_parent(path)?;
        match readlinkat(&resolved.folder, resolved.name.as_os_str()) {
            Ok(destination) => Ok(Some(destination.into())),
            Err(Errno::EINVAL) => Ok(None),
            Err(errno) => Err(FileError::from_errno(
                "read the link",
                &self.outside(path),
                errno,
            )),
        }
    }

    fn walk(&self, path: &Path, follow_last: bool) -> Result<Resolved, FileError> {
        let outside = self.outside(path);
        let mut ahead = VecDeque::new();
        queue_components(path, &mut ahead);
        // The folders entered so far, below the root.
        let mut trail: Vec<(OwnedFd, OsString)> = Vec::new();
        let mut links = 0;
        while let Some(name) = ahead.pop_front() {
            if name == OsStr::new("..") {
                if trail.pop().is_none() && !self.is_machine() {
                    return Err(FileError::LeavesRoot {
                        path: outside,
                        root: self.path().to_owned(),
                    });
                }
                continue;
            }
            let here = trail
                .last()
                .map_or(self.folder.as_fd(), |(folder, _)| folder.as_fd());
            let last = ahead.is_empty();
            if last && !follow_last {
                return self.finish(&trail, name);
            }
            let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
            let found = match openat(here, name.as_os_str(), flags, Mode::empty()) {
                Ok(found) => found,
                // The caller will meet the absence itself, and may want to create the file.
                Err(Errno::ENOENT) if last => return self.finish(&trail, name),
                Err(errno) => return Err(FileError::from_errno("open", &outside, errno)),
            };
            let status =
                fstat(&found).map_err(|errno| FileError::from_errno("stat", &outside, errno))?;
            match file_type(&status) {
                SFlag::S_IFLNK => {
                    links += 1;
                    if links > MAXIMUM_LINKS {
                        return Err(FileError::LinkLoop { path: outside });
                    }
                    let link = self.outside(&node_path(&trail).join(&name));
                    check_owner(&status, &link)?;
                    let destination = readlinkat(here, name.as_os_str())
                        .map_err(|errno| FileError::from_errno("read the link", &link, errno))?;
                    let destination = PathBuf::from(destination);
                    if destination.is_absolute() {
                        trail.clear();
                    }
                    queue_components(&destination, &mut ahead);
                }
                SFlag::S_IFDIR => {
                    check_folder(&found, &self.outside(&node_path(&trail).join(&name)))?;
                    if last {
                        return self.finish(&trail, name);
                    }
                    trail.push((found, name));
                }
                _ if last => return self.finish(&trail, name),
                _ => {
                    return Err(FileError::NotAFolder {
                        path: self.outside(&node_path(&trail).join(&name)),
                    });
                }
            }
        }
        Err(FileError::NotRegular {
            path: outside,
            found: "folder",
        })
    }

    fn finish(&self, trail: &[(OwnedFd, OsString)], name: OsString) -> Result<Resolved, FileError> {
        let parent = node_path(trail);
        let here = trail
            .last()
            .map_or(self.folder.as_fd(), |(folder, _)| folder.as_fd());
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let folder = openat(here, ".", flags, Mode::empty()).map_err(|errno| {
            FileError::from_errno("open the folder", &self.outside(&parent), errno)
        })?;
        Ok(Resolved {
            folder,
            path: parent.join(&name),
            name,
        })
    }
}

/// Puts the components of `path` in front of what is still to be walked.
fn queue_components(path: &Path, ahead: &mut VecDeque<OsString>) {
    let components: Vec<OsString> = path
        .components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some(OsString::from("..")),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        })
        .collect();
    for component in components.into_iter().rev() {
        ahead.push_front(component);
    }
}

fn node_path(trail: &[(OwnedFd, OsString)]) -> PathBuf {
    let mut path = PathBuf::from("/");
    path.extend(trail.iter().map(|(_, name)| name));
    path
}

pub(super) fn file_type(status: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(status.st_mode & SFlag::S_IFMT.bits())
}

/// Permission bits with set-id and sticky, as `chmod` takes them.
pub(super) fn permissions(status: &FileStat) -> u32 {
    status.st_mode & 0o7777
}

pub(super) fn check_owner(status: &FileStat, path: &Path) -> Result<(), FileError> {
    if is_trusted(status.st_uid) {
        return Ok(());
    }
    Err(FileError::ForeignOwner {
        path: path.to_owned(),
        owner: status.st_uid,
        expected: effective_user(),
    })
}

/// Refuses a folder in which somebody else could exchange files under our hands.
pub(super) fn check_folder(folder: &OwnedFd, path: &Path) -> Result<(), FileError> {
    let status = fstat(folder).map_err(|errno| FileError::from_errno("stat", path, errno))?;
    check_owner(&status, path)?;
    let mode = permissions(&status);
    if mode & 0o022 == 0 {
        return Ok(());
    }
    Err(FileError::FolderWritableByOthers {
        path: path.to_owned(),
        mode,
    })
}
