//! Keeps a copy of what is about to be replaced: outside `/etc/kubernetes`, in a folder that only its
//! owner can enter, with owner and mode kept, so that `cp -a` brings it back by hand.

use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use nix::unistd::symlinkat;

use super::read::{open_checked, read_resolved};
use super::write::{Model, write_new_file};
use super::{Access, FileError, Root};
use crate::digest::Sha256Digest;

/// Where the copy of a file lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupCopy {
    /// The node path of the copy.
    pub path: PathBuf,
    /// SHA-256 of its content; `None` for a copied link.
    pub digest: Option<Sha256Digest>,
}

impl Root {
    /// Copies the file or link at `path` (itself, not what a link leads to) into `folder`, under the same
    /// path. The copy is flushed; its name is not before [`flush_folder`](Self::flush_folder).
    pub fn back_up(&self, path: &Path, folder: &Path) -> Result<BackupCopy, FileError> {
        let source = self.resolve_parent(path)?;
        let copy = folder.join(path.strip_prefix("/").unwrap_or(path));
        let outside = self.outside(&copy);
        let parent = copy.parent().unwrap_or(folder);
        let into = self.private_folder(parent)?;
        let name = &source.name;
        if let Some(destination) = self.link_destination(path)? {
            symlinkat(&destination, into.as_fd(), name.as_os_str())
                .map_err(|errno| FileError::from_errno("create the link", &outside, errno))?;
            return Ok(BackupCopy {
                path: copy,
                digest: None,
            });
        }
        let at = self.outside(path);
        let snapshot = read_resolved(&source, &at)?;
        let (file, status) = open_checked(&source, &at)?;
        let model = Model {
            file: &file,
            access: Access::of(&status),
        };
        write_new_file(&into, name, &snapshot.bytes, &model, &outside)?;
        Ok(BackupCopy {
            path: copy,
            digest: Some(snapshot.digest),
        })
    }
}
