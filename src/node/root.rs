//! The root of a node: the machine itself, or a folder that holds one.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::RwLock;

use nix::fcntl::{OFlag, open};
use nix::sys::stat::{Mode, fstat, stat};

use super::resolve::check_folder;
use super::tenant::Tenant;
use super::{FileError, Home};
use crate::shell::quote;

/// A node: `/`, or a folder laid out like one. Holds the folder open, so that nobody can exchange it.
#[derive(Debug)]
pub struct Root {
    pub(super) folder: OwnedFd,
    path: PathBuf,
    machine: bool,
    /// The home folders in which files may be their users'.
    pub(super) homes: RwLock<Vec<Home>>,
    /// The files that may be of the users whom components run as.
    pub(super) tenants: RwLock<Vec<Tenant>>,
}

impl Root {
    /// Opens the folder that is the node's `/`.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let fail = |errno| FileError::from_errno("open", path, errno);
        let folder = open(path, flags, Mode::empty()).map_err(fail)?;
        let opened = fstat(&folder).map_err(fail)?;
        check_folder(&opened, path)?;
        let own = stat("/").map_err(fail)?;
        let path = std::path::absolute(path)
            .map_err(|error| FileError::from_io("make absolute", path, error))?;
        Ok(Self {
            folder,
            path,
            machine: (opened.st_dev, opened.st_ino) == (own.st_dev, own.st_ino),
            homes: RwLock::default(),
            tenants: RwLock::default(),
        })
    }

    /// Whether this is the machine's own root, and not a node in a folder; however it was spelled, since a link
    /// or `/..` leads there too.
    pub fn is_machine(&self) -> bool {
        self.machine
    }

    /// The root as a shell outside would spell it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How an operator calls this program for this node: to be copied from a hint into a shell.
    pub fn command(&self, verb: &str) -> String {
        if self.machine {
            format!("rekindle {verb}")
        } else {
            format!("rekindle --root {} {verb}", quote(&self.path))
        }
    }

    /// A text of who knows nothing of roots, with each command in it for this node.
    pub fn addressed(&self, text: &str) -> String {
        let own = self.command("");
        // What is printed of a runbook is the same for every node.
        text.replace("rekindle ", &own)
            .replace(&format!("{own}runbook"), "rekindle runbook")
    }

    /// A node path as a shell outside the root would spell it.
    pub fn outside(&self, node_path: &Path) -> PathBuf {
        match node_path.strip_prefix("/") {
            Ok(relative) => self.path.join(relative),
            Err(_) => self.path.join(node_path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(
        clippy::disallowed_methods,
        reason = "the test makes a link in a temporary folder"
    )]
    fn the_machine_is_known_by_what_it_is_and_not_by_how_it_is_spelled() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/", &link).unwrap();
        let spellings = ["/", "//", "/.", "/..", "/etc/..", "/proc/self/root"];
        for spelling in spellings.map(PathBuf::from).iter().chain([&link]) {
            assert!(Root::open(spelling).unwrap().is_machine(), "{spelling:?}");
        }
        assert!(!Root::open(folder.path()).unwrap().is_machine());
    }
}
