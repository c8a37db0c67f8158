//! A folder made for a drill. What is not kept is removed again, with all that is in it.
//!
//! It is closed to everybody else from its first moment, so nobody can exchange what is in it: the plain calls of the
//! standard library do. Nothing is flushed: a drill may be lost with the power.
#![allow(
    clippy::disallowed_methods,
    reason = "writes, and removes, in a folder of its own making alone"
)]

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread::{Builder, JoinHandle};

use nix::sys::signal::SigSet;
use nix::unistd::mkdtemp;

use super::FileError;

/// The mode of folders that nobody asked for by name: kubeadm's own.
const FOLDER_MODE: u32 = 0o755;

/// A new folder for a node that nobody runs. Paths in it are node paths: absolute, without `..`.
///
/// Removed when dropped, unless [`ScratchFolder::keep`] was called; links are removed, not followed.
#[derive(Debug)]
pub struct ScratchFolder {
    path: PathBuf,
    /// Until it is kept or removed.
    remover: Option<Remover>,
}

/// Removes a folder once it is told to. A thread of its own, from before the folder was used: a recovery confines the thread in which
/// it runs (node/confine.rs), for good, and that may no longer remove what was no business of the recovery's.
#[derive(Debug)]
struct Remover {
    order: Sender<()>,
    thread: JoinHandle<io::Result<()>>,
}

impl Remover {
    fn start(path: PathBuf) -> io::Result<Self> {
        let (order, ordered) = channel();
        let thread = Builder::new().spawn(move || {
            // Signals are for the thread that works.
            SigSet::all().thread_block()?;
            // Without an order there is nobody left to give one: the folder is kept.
            ordered
                .recv()
                .map_or(Ok(()), |()| fs::remove_dir_all(&path))
        })?;
        Ok(Self { order, thread })
    }

    fn remove(self) -> io::Result<()> {
        // Where it no longer listens, what stopped it is its result.
        let _ = self.order.send(());
        self.thread
            .join()
            .unwrap_or_else(|_| Err(ErrorKind::Other.into()))
    }
}

impl ScratchFolder {
    /// Makes `rekindle-drill-XXXXXX`, mode 0700 and a name never used before, in the system's folder for temporary
    /// files (`TMPDIR`).
    pub fn create_temporary() -> Result<Self, FileError> {
        let folder = absolute(&std::env::temp_dir())?;
        let template = folder.join("rekindle-drill-XXXXXX");
        let path = mkdtemp(&template)
            .map_err(|errno| FileError::from_errno("create the folder", &template, errno))?;
        Self::own(path)
    }

    /// Makes a folder at `path`, mode 0700. An empty one that is there already gives way to it; anything else is an
    /// error.
    pub fn create_at(path: &Path) -> Result<Self, FileError> {
        let path = absolute(path)?;
        match fs::remove_dir(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(FileError::from_io("replace", &path, error));
            }
            _ => {}
        }
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(|error| FileError::from_io("create the folder", &path, error))?;
        Self::own(path)
    }

    fn own(path: PathBuf) -> Result<Self, FileError> {
        let remover = Remover::start(path.clone())
            .map_err(|error| FileError::from_io("start a thread for", &path, error))?;
        Ok(Self {
            path,
            remover: Some(remover),
        })
    }

    /// Where it is, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a folder with permission bits `mode`; those above it are made with 0755 where they are missing.
    pub fn create_folder(&mut self, node_path: &Path, mode: u32) -> Result<(), FileError> {
        let path = self.place(node_path)?;
        create_folder(&path, mode)
    }

    /// Writes a new file with permission bits `mode`.
    pub fn write(&mut self, node_path: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
        let path = self.place(node_path)?;
        let write = || {
            let mut file = File::options()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)?;
            file.write_all(bytes)?;
            // Not when it is created: the umask would take its share.
            file.set_permissions(Permissions::from_mode(mode))
        };
        write().map_err(|error| FileError::from_io("write", &path, error))
    }

    /// Makes a symbolic link that says `destination`, as it stands.
    pub fn link(&mut self, node_path: &Path, destination: &Path) -> Result<(), FileError> {
        let path = self.place(node_path)?;
        symlink(destination, &path)
            .map_err(|error| FileError::from_io("create the link", &path, error))
    }

    /// Leaves the folder where it is, and says where.
    pub fn keep(mut self) -> PathBuf {
        self.remover = None;
        self.path.clone()
    }

    /// Removes the folder, with all that is in it.
    pub fn remove(mut self) -> Result<(), FileError> {
        self.remover
            .take()
            .map_or(Ok(()), Remover::remove)
            .map_err(|error| FileError::from_io("remove the folder", &self.path, error))
    }

    /// The path outside of a node path whose parent folder then exists.
    fn place(&self, node_path: &Path) -> Result<PathBuf, FileError> {
        let mut path = self.path.clone();
        let mut components = node_path.components().peekable();
        while let Some(component) = components.next() {
            match component {
                Component::Normal(name) => path.push(name),
                Component::RootDir | Component::CurDir => continue,
                Component::ParentDir | Component::Prefix(_) => {
                    return Err(FileError::LeavesRoot {
                        path: path.join(component),
                        root: self.path.clone(),
                    });
                }
            }
            if components.peek().is_some() {
                create_folder(&path, FOLDER_MODE)?;
            }
        }
        Ok(path)
    }
}

impl Drop for ScratchFolder {
    fn drop(&mut self) {
        if let Some(remover) = self.remover.take() {
            // Nobody is left to hear of a failure.
            let _ = remover.remove();
        }
    }
}

/// Makes one folder, unless it is there. A link in its place is refused: what it leads to is not ours.
fn create_folder(path: &Path, mode: u32) -> Result<(), FileError> {
    let create = || match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(mode)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists && is_folder(path)? => Ok(()),
        Err(error) => Err(error),
    };
    create().map_err(|error| FileError::from_io("create the folder", path, error))
}

fn is_folder(path: &Path) -> io::Result<bool> {
    fs::symlink_metadata(path).map(|metadata| metadata.is_dir())
}

fn absolute(path: &Path) -> Result<PathBuf, FileError> {
    std::path::absolute(path).map_err(|error| FileError::from_io("make absolute", path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_temporary_folder_is_closed_to_others_and_has_a_name_of_its_own() {
        let one = ScratchFolder::create_temporary().unwrap();
        let other = ScratchFolder::create_temporary().unwrap();
        assert_ne!(one.path(), other.path());
        assert_eq!(mode(one.path()), 0o700);
        let name = one.path().file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("rekindle-drill-"), "{name}");
    }

    #[test]
    fn it_is_removed_when_dropped_and_what_its_links_lead_to_is_not() {
        let elsewhere = tempfile::tempdir().unwrap();
        let precious = elsewhere.path().join("precious");
        fs::write(&precious, "kept").unwrap();
        let mut folder = ScratchFolder::create_temporary().unwrap();
        let path = folder.path().to_owned();
        folder
            .link(Path::new("/a/folder"), elsewhere.path())
            .unwrap();
        folder.link(Path::new("/a/file"), &precious).unwrap();
        assert!(path.join("a/folder/precious").exists());
        drop(folder);
        assert!(!path.exists());
        assert_eq!(fs::read_to_string(&precious).unwrap(), "kept");
    }

    #[test]
    fn a_kept_folder_stays() {
        let parent = tempfile::tempdir().unwrap();
        let mut folder = ScratchFolder::create_at(&parent.path().join("kept")).unwrap();
        folder.write(Path::new("/file"), b"content", 0o644).unwrap();
        let path = folder.keep();
        assert_eq!(fs::read(path.join("file")).unwrap(), b"content");
    }

    #[test]
    fn only_a_new_or_empty_place_is_taken() {
        let parent = tempfile::tempdir().unwrap();
        let empty = parent.path().join("empty");
        DirBuilder::new().mode(0o755).create(&empty).unwrap();
        let taken = ScratchFolder::create_at(&empty).unwrap().keep();
        assert_eq!(mode(&taken), 0o700);

        let full = parent.path().join("full");
        fs::create_dir(&full).unwrap();
        fs::write(full.join("file"), "theirs").unwrap();
        let link = parent.path().join("link");
        symlink(&taken, &link).unwrap();
        for occupied in [&full, &full.join("file"), &link] {
            ScratchFolder::create_at(occupied).unwrap_err();
        }
        assert_eq!(fs::read_to_string(full.join("file")).unwrap(), "theirs");
        assert!(link.is_symlink());
    }

    #[test]
    fn modes_are_as_asked_for_whatever_the_umask() {
        let mut folder = ScratchFolder::create_temporary().unwrap();
        folder
            .create_folder(Path::new("/etc/closed"), 0o700)
            .unwrap();
        folder
            .write(Path::new("/etc/closed/file"), b"", 0o666)
            .unwrap();
        let path = folder.path();
        assert_eq!(mode(&path.join("etc")), 0o755);
        assert_eq!(mode(&path.join("etc/closed")), 0o700);
        assert_eq!(mode(&path.join("etc/closed/file")), 0o666);
    }

    #[test]
    fn nothing_is_written_outside_or_twice() {
        let elsewhere = tempfile::tempdir().unwrap();
        let mut folder = ScratchFolder::create_temporary().unwrap();
        let mut refused = |path: &str| folder.write(Path::new(path), b"", 0o600).unwrap_err();
        assert!(matches!(refused("/../out"), FileError::LeavesRoot { .. }));
        assert!(matches!(
            refused("a/../../out"),
            FileError::LeavesRoot { .. }
        ));
        folder.link(Path::new("/out"), elsewhere.path()).unwrap();
        folder
            .write(Path::new("/out/file"), b"", 0o600)
            .unwrap_err();
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
        folder.write(Path::new("/file"), b"1", 0o600).unwrap();
        folder.write(Path::new("/file"), b"2", 0o600).unwrap_err();
        assert_eq!(fs::read(folder.path().join("file")).unwrap(), b"1");
    }
}
