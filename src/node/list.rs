//! The names in a folder.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::dir::Dir;

use super::{FileError, Root};

impl Root {
    /// The names in the folder at `path`, sorted; none where there is no such folder.
    pub fn list(&self, path: &Path) -> Result<Vec<String>, FileError> {
        let outside = self.outside(path);
        let fail = |errno| FileError::from_errno("list", &outside, errno);
        let folder = match self.open_folder(path) {
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            other => other?,
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
