//! Walks a node path beneath its root, one component at a time, each opened without following links.
//!
//! `openat2` with `RESOLVE_IN_ROOT` would clamp a link that climbs out; here it is an error, since such a link
//! on a control-plane node is a mistake or an attack. And it would follow links, owners and modes unseen.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, readlinkat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};

use super::home::check_folder_of;
use super::open::open_component;
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
    /// Who may own the file besides root.
    pub(super) guest: Option<u32>,
}

/// What is done about the last component of a path.
#[derive(Clone, Copy)]
enum Last {
    /// Nothing: it is for the caller to look at.
    Kept,
    /// It is looked at, and followed if it is a link.
    Followed,
    /// The same, and it may belong to that user: a home folder.
    Home(u32),
}

/// Where a walk ended: the folder is good for looking names up, and for nothing else.
pub(super) struct Place {
    folder: OwnedFd,
    pub(super) name: OsString,
    pub(super) path: PathBuf,
    /// What stands there; `None` where nothing does, or where the last component was not looked at.
    pub(super) found: Option<FileStat>,
    /// Who may own it besides root.
    pub(super) guest: Option<u32>,
}

impl Place {
    pub(super) fn folder(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }
}

impl Root {
    /// Resolves `path`, following a link in its last component too.
    pub(super) fn resolve(&self, path: &Path) -> Result<Resolved, FileError> {
        self.open_place(self.look_up(path)?)
    }

    /// Resolves `path` but leaves a link in its last component alone.
    pub(super) fn resolve_parent(&self, path: &Path) -> Result<Resolved, FileError> {
        self.open_place(self.look_up_parent(path)?)
    }

    /// Like [`resolve`](Self::resolve), for who wants to read and needs not flush the folder.
    pub(super) fn look_up(&self, path: &Path) -> Result<Place, FileError> {
        self.walk(path, Last::Followed)
    }

    /// Like [`resolve_parent`](Self::resolve_parent), for who needs not flush the folder.
    pub(super) fn look_up_parent(&self, path: &Path) -> Result<Place, FileError> {
        self.walk(path, Last::Kept)
    }

    /// Where the home folder at `path` is, links resolved: a folder of that user's, or of root's.
    pub(super) fn resolve_home(&self, path: &Path, uid: u32) -> Result<PathBuf, FileError> {
        let place = self.walk(path, Last::Home(uid))?;
        let outside = || self.outside(&place.path);
        match &place.found {
            None => Err(FileError::NotFound { path: outside() }),
            Some(status) if file_type(status) == SFlag::S_IFDIR => Ok(place.path),
            Some(_) => Err(FileError::NotAFolder { path: outside() }),
        }
    }

    /// Whether anything is at `path`, links followed; what cannot be reached counts as absent.
    pub fn exists(&self, path: &Path) -> bool {
        self.look_up(path).is_ok_and(|place| place.found.is_some())
    }

    /// The folder at `path` with every link resolved; `None` where there is none that may be entered.
    pub fn resolved_folder(&self, path: &Path) -> Option<PathBuf> {
        let place = self.look_up_parent(&path.join("any")).ok()?;
        place.path.parent().map(Path::to_owned)
    }

    /// The path with every link on the way resolved, as far as there is a way.
    pub fn resolved_path(&self, path: &Path) -> PathBuf {
        let known = path.ancestors().skip(1).find_map(|ancestor| {
            let folder = self.resolved_folder(ancestor)?;
            Some(folder.join(path.strip_prefix(ancestor).ok()?))
        });
        known.unwrap_or_else(|| path.to_owned())
    }

    /// What the link at `path` says, unresolved; `None` where it is no link.
    pub fn link_destination(&self, path: &Path) -> Result<Option<PathBuf>, FileError> {
        let place = self.look_up_parent(path)?;
        match readlinkat(place.folder(), place.name.as_os_str()) {
            Ok(destination) => Ok(Some(destination.into())),
            Err(Errno::EINVAL) => Ok(None),
            Err(errno) => Err(FileError::from_errno(
                "read the link",
                &self.outside(path),
                errno,
            )),
        }
    }

    fn walk(&self, path: &Path, last: Last) -> Result<Place, FileError> {
        let outside = self.outside(path);
        let fail = |operation| {
            let path = outside.clone();
            move |errno| FileError::from_errno(operation, &path, errno)
        };
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
            if ahead.is_empty() {
                if matches!(last, Last::Kept) {
                    return self.place(trail, name, None);
                }
                // Looked at before it is opened: whoever asked will open it, and for what it is.
                match fstatat(here, name.as_os_str(), AtFlags::AT_SYMLINK_NOFOLLOW) {
                    // The caller will meet the absence itself, and may want to create the file.
                    Err(Errno::ENOENT) => return self.place(trail, name, None),
                    Err(errno) => return Err(fail("stat")(errno)),
                    Ok(status) => match file_type(&status) {
                        SFlag::S_IFLNK => {}
                        SFlag::S_IFDIR => {
                            let path = node_path(&trail).join(&name);
                            let guest = match last {
                                Last::Home(uid) => Some(uid),
                                Last::Kept | Last::Followed => self.guest(&path),
                            };
                            check_folder_of(&status, guest, &self.outside(&path))?;
                            return self.place(trail, name, Some(status));
                        }
                        _ => return self.place(trail, name, Some(status)),
                    },
                }
            }
            let found =
                open_component(here, &name, OFlag::O_PATH, Mode::empty()).map_err(fail("open"))?;
            let status = fstat(&found).map_err(fail("stat"))?;
            match file_type(&status) {
                SFlag::S_IFLNK => {
                    links += 1;
                    if links > MAXIMUM_LINKS {
                        return Err(FileError::LinkLoop { path: outside });
                    }
                    let folder = node_path(&trail);
                    let link = self.outside(&folder.join(&name));
                    // In a folder of his own a user can put any link there, one of root's too.
                    if self.guest(&folder).is_some() {
                        let found = "symbolic link";
                        return Err(FileError::NotRegular { path: link, found });
                    }
                    check_owner(&status, &link)?;
                    // Of the link that was checked, not of what has its name by now.
                    let destination = readlinkat(&found, "")
                        .map_err(|errno| FileError::from_errno("read the link", &link, errno))?;
                    let destination = PathBuf::from(destination);
                    if destination.is_absolute() {
                        trail.clear();
                    }
                    queue_components(&destination, &mut ahead);
                }
                SFlag::S_IFDIR => {
                    self.check_folder(&status, &node_path(&trail).join(&name))?;
                    trail.push((found, name));
                }
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

    fn place(
        &self,
        mut trail: Vec<(OwnedFd, OsString)>,
        name: OsString,
        found: Option<FileStat>,
    ) -> Result<Place, FileError> {
        let parent = node_path(&trail);
        let folder = match trail.pop() {
            Some((folder, _)) => folder,
            None => self
                .folder
                .try_clone()
                .map_err(|error| FileError::from_io("open the folder", self.path(), error))?,
        };
        let path = parent.join(&name);
        Ok(Place {
            folder,
            guest: self.guest(&path),
            path,
            name,
            found,
        })
    }

    fn open_place(&self, place: Place) -> Result<Resolved, FileError> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY;
        let folder = open_component(place.folder(), OsStr::new("."), flags, Mode::empty());
        let parent = place.path.parent().unwrap_or(&place.path);
        let folder = folder.map_err(|errno| {
            FileError::from_errno("open the folder", &self.outside(parent), errno)
        })?;
        Ok(Resolved {
            folder,
            name: place.name,
            path: place.path,
            guest: place.guest,
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
pub(super) fn check_folder(status: &FileStat, path: &Path) -> Result<(), FileError> {
    check_owner(status, path)?;
    check_writers(status, path)
}

/// Refuses a folder that others than its owner may write.
pub(super) fn check_writers(status: &FileStat, path: &Path) -> Result<(), FileError> {
    let mode = permissions(status);
    if mode & 0o022 == 0 {
        return Ok(());
    }
    Err(FileError::FolderWritableByOthers {
        path: path.to_owned(),
        mode,
    })
}
