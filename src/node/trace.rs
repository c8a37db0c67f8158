//! When something was written: evidence about the clock, weighed and never trusted.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use nix::fcntl::{AtFlags, OFlag};
use nix::sys::stat::{FileStat, Mode, SFlag, fstatat};
use time::OffsetDateTime;

use super::Root;
use super::open::open_component;
use super::read::metadata;
use super::resolve::file_type;
use super::tree::names_in;

impl Root {
    /// The regular file with that ending in `folder` which was written last, as a node path, and when; `None` where there is none,
    /// or where it cannot be reached.
    ///
    /// Folders alone are opened. Who owns them is not asked: `/var/log` belongs to others on many nodes, and so do etcd's data.
    pub fn last_written(&self, folder: &Path, ending: &str) -> Option<(PathBuf, OffsetDateTime)> {
        let (folder, path) = self.reach(folder)?;
        let names = names_in(&folder).ok()?;
        let written = names.iter().filter_map(|name| {
            let is_meant = name.as_encoded_bytes().ends_with(ending.as_bytes());
            let status = is_meant.then(|| status(&folder, name)).flatten()?;
            let is_file = file_type(&status) == SFlag::S_IFREG;
            is_file.then(|| (path.join(name), metadata(&status).modified))
        });
        written.max_by_key(|(_, written)| *written)
    }

    /// When the socket at `path` was made: `None` where there is none, or it cannot be reached.
    pub fn socket_made_at(&self, path: &Path) -> Option<OffsetDateTime> {
        let status = self.status_at(path)?;
        (file_type(&status) == SFlag::S_IFSOCK).then(|| metadata(&status).modified)
    }

    fn status_at(&self, path: &Path) -> Option<FileStat> {
        let (folder, _) = self.reach(path.parent()?)?;
        status(&folder, path.file_name()?)
    }

    /// The folder at `path`. Links are followed where only root could have made them, and nowhere else.
    fn reach(&self, path: &Path) -> Option<(OwnedFd, PathBuf)> {
        let path = self
            .resolved_folder(path)
            .unwrap_or_else(|| path.to_owned());
        let mut folder = self.folder.try_clone().ok()?;
        for component in path.components() {
            folder = match component {
                Component::RootDir | Component::CurDir => continue,
                Component::Normal(name) => {
                    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY;
                    open_component(&folder, name, flags, Mode::empty()).ok()?
                }
                Component::ParentDir | Component::Prefix(_) => return None,
            };
        }
        Some((folder, path))
    }
}

fn status(folder: &OwnedFd, name: &OsStr) -> Option<FileStat> {
    fstatat(folder.as_fd(), name, AtFlags::AT_SYMLINK_NOFOLLOW).ok()
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "the tests make files of their own"
)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::time::{Duration, SystemTime};

    use super::*;

    fn write(path: &Path, seconds: u64) {
        let file = fs::File::create(path).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        file.set_modified(time).unwrap();
    }

    #[test]
    fn the_file_that_was_written_last_is_found_behind_a_link_and_whatever_its_folder_lets_others_do()
     {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        fs::create_dir_all(data.join("wal")).unwrap();
        write(&data.join("wal/1.wal"), 1_000);
        write(&data.join("wal/2.wal"), 3_000);
        write(&data.join("wal/3.tmp"), 9_000);
        symlink("2.wal", data.join("wal/4.wal")).unwrap();
        fs::create_dir(data.join("wal/5.wal")).unwrap();
        symlink("/data", folder.path().join("link")).unwrap();
        let root = Root::open(folder.path()).unwrap();
        let last = |path| root.last_written(Path::new(path), ".wal");
        let expected = (
            PathBuf::from("/data/wal/2.wal"),
            OffsetDateTime::from_unix_timestamp(3_000).unwrap(),
        );
        assert_eq!(last("/data/wal"), Some(expected.clone()));
        assert_eq!(last("/link/wal"), Some(expected.clone()));
        std::process::Command::new("chmod")
            .args(["777", data.to_str().unwrap()])
            .status()
            .unwrap();
        assert_eq!(last("/data/wal"), Some(expected));
        assert_eq!(last("/missing"), None);
        assert_eq!(last("/data/wal/1.wal"), None);
    }

    #[test]
    fn a_socket_and_nothing_else_says_when_it_was_made() {
        let folder = tempfile::tempdir().unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(folder.path().join("notify"));
        write(&folder.path().join("file"), 1_000);
        let root = Root::open(folder.path()).unwrap();
        assert!(root.socket_made_at(Path::new("/notify")).is_some());
        assert_eq!(root.socket_made_at(Path::new("/file")), None);
        assert_eq!(root.socket_made_at(Path::new("/missing")), None);
    }
}
