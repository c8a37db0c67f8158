//! The names in a folder.

use std::ffi::OsStr;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::dir::Dir;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;

use super::{FileError, Root};

impl Root {
    /// The names in the folder at `path`, sorted; none where there is no such folder.
    pub fn list(&self, path: &Path) -> Result<Vec<String>, FileError> {
        let outside = self.outside(path);
        let fail = |errno| FileError::from_errno("list", &outside, errno);
        let resolved = match self.resolve(path) {
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            other => other?,
        };
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let folder = match openat(
            resolved.folder.as_fd(),
            resolved.name.as_os_str(),
            flags,
            Mode::empty(),
        ) {
            Err(nix::errno::Errno::ENOENT) => return Ok(Vec::new()),
            other => other.map_err(fail)?,
        };
        let mut names = Vec::new();
        for entry in Dir::from_fd(folder).map_err(fail)?.iter() {
            let entry = entry.map_err(fail)?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name != "." && name != ".." {
                names.push(name.to_string_lossy().into_owned());
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}
