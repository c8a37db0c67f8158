//! The root of a node: the machine itself, or a folder that holds one.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;

use super::FileError;
use super::resolve::check_folder;

/// A node: `/`, or a folder laid out like one. Holds the folder open, so that nobody can exchange it.
#[derive(Debug)]
pub struct Root {
    pub(super) folder: OwnedFd,
    path: PathBuf,
}

impl Root {
    /// Opens the folder that is the node's `/`.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let fail = |errno| FileError::from_errno("open", path, errno);
        let folder = open(path, flags, Mode::empty()).map_err(fail)?;
        check_folder(&folder, path)?;
        let path = std::path::absolute(path)
            .map_err(|error| FileError::from_io("make absolute", path, error))?;
        Ok(Self { folder, path })
    }

    /// Whether this is the machine's own root, and not a node in a folder.
    pub fn is_machine(&self) -> bool {
        self.path == Path::new("/")
    }

    /// The root as a shell outside would spell it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A node path as a shell outside the root would spell it.
    pub fn outside(&self, node_path: &Path) -> PathBuf {
        match node_path.strip_prefix("/") {
            Ok(relative) => self.path.join(relative),
            Err(_) => self.path.join(node_path),
        }
    }
}
