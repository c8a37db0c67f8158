//! Moves a file out of the sight of whoever watches its folder, and back: the last resort to restart a static pod.

use std::ffi::OsString;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use nix::fcntl::{RenameFlags, renameat2};

use super::replace::flush_folder;
use super::{FileError, Permit, Root};

impl Root {
    /// Where a file is moved aside to by that run: beside itself, under a name that begins with a dot, which the kubelet does
    /// not look at (`k8s.io/kubernetes/pkg/kubelet/config/file.go`).
    pub fn aside(&self, path: &Path, run: &str) -> PathBuf {
        // Not the prefix of what is staged, which is removed when it is not needed any more.
        let mut name = OsString::from(format!(".rekindle-aside-{run}-"));
        name.push(path.file_name().unwrap_or_default());
        path.with_file_name(name)
    }

    /// Moves the file that `permit` is for from `from` to `to`, both in its folder and one of them its own name. Nothing is
    /// ever replaced by it. What was moved already is no error.
    pub fn move_beside(
        &self,
        permit: &impl Permit,
        from: &Path,
        to: &Path,
    ) -> Result<(), FileError> {
        let outside = self.outside(permit.target());
        let source = self.resolve_parent(from)?;
        let target = self.resolve_parent(to)?;
        let moved = renameat2(
            source.folder.as_fd(),
            source.name.as_os_str(),
            target.folder.as_fd(),
            target.name.as_os_str(),
            RenameFlags::RENAME_NOREPLACE,
        );
        match moved {
            Ok(()) => flush_folder(&target.folder, &outside),
            Err(nix::errno::Errno::ENOENT) if self.exists(to) => Ok(()),
            Err(errno) => Err(FileError::from_errno("move", &outside, errno)),
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "the test lays out a folder of its own"
)]
mod tests {
    use std::fs;

    use super::*;

    struct For(PathBuf);

    impl Permit for For {
        fn target(&self) -> &Path {
            &self.0
        }
    }

    #[test]
    fn a_file_goes_aside_and_comes_back_and_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        let path = PathBuf::from("/pod.yaml");
        let permit = For(path.clone());
        fs::write(folder.path().join("pod.yaml"), "pod").unwrap();
        let aside = root.aside(&path, "run");
        assert!(
            aside
                .file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with('.')
        );
        root.move_beside(&permit, &path, &aside).unwrap();
        root.move_beside(&permit, &path, &aside).unwrap();
        assert!(!root.exists(&path));
        root.move_beside(&permit, &aside, &path).unwrap();
        assert_eq!(
            fs::read_to_string(folder.path().join("pod.yaml")).unwrap(),
            "pod"
        );
        // Somebody wrote a new one meanwhile.
        root.move_beside(&permit, &path, &aside).unwrap();
        fs::write(folder.path().join("pod.yaml"), "other").unwrap();
        assert!(root.move_beside(&permit, &aside, &path).is_err());
        assert_eq!(
            fs::read_to_string(folder.path().join("pod.yaml")).unwrap(),
            "other"
        );
    }
}
