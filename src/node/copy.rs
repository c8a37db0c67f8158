//! Copies a folder aside with all that is in it, flushed to the disk: etcd's data before anything touches it.

use std::path::Path;

use nix::sys::stat::{Mode, fstat, mkdirat};
use nix::unistd::fsync;

use super::{FileError, Root, TreeSize};

mod copying;

use copying::{Copying, open_folder};

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CopiedFolder {
    /// Files and links.
    pub files: u64,
    /// The sizes of the files in bytes; holes count.
    pub bytes: u64,
    /// How many of these bytes the copy shares with the original (a reflink): they take no space until one of the two is
    /// changed.
    pub shared: u64,
}

impl CopiedFolder {
    /// Whether nothing had to be copied byte by byte.
    pub fn is_shared(&self) -> bool {
        self.shared == self.bytes
    }
}

impl Root {
    /// Copies the folder at node path `from` to `to`, which must not be there, in a folder that must: files, folders and
    /// links, with owner, mode, extended attributes and times. Sparse files stay sparse; two names of one file become
    /// two files. `to` itself is closed to everybody but its owner, whatever the original is.
    ///
    /// A link in place of `from` is followed, as everywhere; those in it are copied, and never followed. What is neither
    /// file, folder nor link is an error, and so are a file that changes while it is copied (stop whoever writes first),
    /// a disk without the room (asked for before the first byte), and a copy into itself. Then what was copied is removed
    /// again. Of a copy that was killed half-way the beginning stays: `to` is complete when this returned.
    ///
    /// `progress` hears how many bytes are done, of those that [`measure`](Self::measure) tells (which counts the few of links,
    /// too).
    pub fn copy_folder(
        &self,
        from: &Path,
        to: &Path,
        progress: &mut dyn FnMut(u64),
    ) -> Result<CopiedFolder, FileError> {
        let (from_outside, to_outside) = (self.outside(from), self.outside(to));
        let source = match self.open_tree(from) {
            // A link, perhaps; or the root itself, which is in no folder.
            Err(FileError::LinkLoop { .. } | FileError::NotAFolder { .. }) => {
                self.open_folder(from)?
            }
            other => other?.1,
        };
        let fail = |operation, path| move |errno| FileError::from_errno(operation, path, errno);
        let needed = TreeSize::of(&source).map_err(fail("measure", &from_outside))?;
        let place = self.resolve_parent(to)?;
        let free = self
            .nearest_folder(to.parent().unwrap_or(to))?
            .free_space()?;
        mkdirat(&place.folder, place.name.as_os_str(), Mode::S_IRWXU)
            .map_err(fail("create the folder", &to_outside))?;
        let target = open_folder(&place.folder, &place.name)
            .map_err(fail("open the folder", &to_outside))
            .and_then(|target| {
                let made = fstat(&target).map_err(fail("stat", &to_outside))?;
                Ok((target, made))
            });
        let copied = target.and_then(|(target, made)| {
            let has_room = needed.allocated <= free.bytes
                && free.files.is_none_or(|files| needed.files <= files);
            let mut copying = Copying::new(&made, has_room, progress);
            copying.folder(&source, &target, (&from_outside, &to_outside), 0)?;
            fsync(&place.folder).map_err(fail("flush the folder of", &to_outside))?;
            Ok(copying.copied)
        });
        if copied.is_err() {
            // The first failure is the one to report.
            let _ = self.remove_folder(to);
        }
        copied
    }
}

#[cfg(test)]
mod tests;
