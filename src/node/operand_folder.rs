//! The folder that the operator names for what is made.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{FileError, Root, operator};

/// A folder outside any root, links resolved: whose it is, and where.
#[derive(Debug)]
pub struct OperandFolder {
    path: PathBuf,
    owner: u32,
    group: u32,
    mode: u32,
    /// Device and inode of it and of each folder above it.
    line: Vec<(u64, u64)>,
}

impl OperandFolder {
    /// Looks at the folder at `path`, as a shell names it.
    #[allow(
        clippy::disallowed_methods,
        reason = "the operator's own folder, which is none of the node's"
    )]
    pub fn look(path: &Path) -> Result<Self, FileError> {
        let fail = |error| FileError::from_io("look at", path, error);
        let about = std::fs::metadata(path).map_err(fail)?;
        let resolved = std::fs::canonicalize(path).map_err(fail)?;
        let mut line = Vec::new();
        for folder in resolved.ancestors() {
            line.push(identity(folder).map_err(fail)?);
        }
        Ok(Self {
            path: path.to_owned(),
            owner: about.uid(),
            group: about.gid(),
            mode: about.mode() & 0o7777,
            line,
        })
    }

    /// Whether it is the node's `folder` or beneath it, by whatever links and mounts.
    pub fn is_within(&self, root: &Root, folder: &Path) -> bool {
        let folder = root
            .resolved_folder(folder)
            .unwrap_or_else(|| folder.to_owned());
        identity(&root.outside(&folder)).is_ok_and(|folder| self.line.contains(&folder))
    }

    /// Fails where somebody else could put another file in the place of one in it: its owner, where that is neither root nor whoever
    /// runs this or logged in to run it; and others, where it has no sticky bit.
    pub fn demand_private(&self) -> Result<(), FileError> {
        let operator = operator();
        let trusted = [Some(0), Some(operator.uid), operator.login_uid];
        if !trusted.contains(&Some(self.owner)) {
            return Err(FileError::ForeignOwner {
                path: self.path.clone(),
                owner: self.owner,
                expected: operator.uid,
            });
        }
        // A user's own group has the user's number.
        let is_own_group = self.group == 0 || self.group == self.owner;
        let others = if is_own_group { 0o002 } else { 0o022 };
        if self.mode & others != 0 && self.mode & 0o1000 == 0 {
            return Err(FileError::FolderWritableByOthers {
                path: self.path.clone(),
                mode: self.mode,
            });
        }
        Ok(())
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "the operator's own folder, which is none of the node's"
)]
fn identity(folder: &Path) -> std::io::Result<(u64, u64)> {
    let about = std::fs::metadata(folder)?;
    Ok((about.dev(), about.ino()))
}
