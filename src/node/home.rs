//! Home folders: the one place where files of somebody else than root are read and replaced, and how far that goes.
//!
//! A user may do anything in a folder of his own, at any moment. So nothing there is followed that could lead out of it, and
//! each name is opened in a folder that is held open: whatever is exchanged meanwhile, what is read and written lies in a folder
//! of that user's.

use std::path::{Component, Path, PathBuf};
use std::sync::PoisonError;

use nix::sys::stat::FileStat;

use super::privileges::is_trusted;
use super::resolve::{check_folder, check_owner, check_writers};
use super::{FileError, Root};

/// The folder beneath a home folder in which kubectl keeps its configuration (`RecommendedHomeDir` in
/// `k8s.io/client-go/tools/clientcmd`).
const CONFIGURATION: &str = ".kube";

/// The home folder of a user who is not trusted like root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Home {
    /// Where it is: a node path, links resolved.
    pub path: PathBuf,
    /// Whose it is.
    pub uid: u32,
}

impl Home {
    /// Whether this user's own files may stand at `path`: the home folder, the folder of kubectl's configuration, and what is
    /// right in that.
    fn holds(&self, path: &Path) -> bool {
        path.strip_prefix(&self.path).is_ok_and(|inside| {
            let mut names = inside.components();
            match names.next() {
                None => true,
                Some(first) => {
                    first == Component::Normal(CONFIGURATION.as_ref()) && names.count() <= 1
                }
            }
        })
    }
}

impl Root {
    /// The home folder of the user `uid`, of whom or of root it must be, and which nobody else may write; `None` where that user's
    /// files are trusted everywhere.
    pub fn home(&self, path: &Path, uid: u32) -> Result<Option<Home>, FileError> {
        if is_trusted(uid) {
            return Ok(None);
        }
        let path = self.resolve_home(path, uid)?;
        Ok(Some(Home { path, uid }))
    }

    /// From now on files of that user are read and replaced in that home folder, or in a copy of it.
    pub fn admit(&self, home: Home) {
        // A panic elsewhere is no reason to forget whose folders these are.
        let mut homes = self.homes.write().unwrap_or_else(PoisonError::into_inner);
        if !homes.contains(&home) {
            homes.push(home);
        }
    }

    /// The user who, besides root, may own what stands at `path`, links resolved.
    pub(super) fn guest(&self, path: &Path) -> Option<u32> {
        let homes = self.homes.read().unwrap_or_else(PoisonError::into_inner);
        let host = homes.iter().find(|home| home.holds(path));
        host.map(|home| home.uid).or_else(|| self.tenant(path))
    }

    /// Refuses a folder, with links resolved at `path`, in which somebody else than its rightful owner could exchange files.
    pub(super) fn check_folder(&self, status: &FileStat, path: &Path) -> Result<(), FileError> {
        check_folder_of(status, self.guest(path), &self.outside(path))
    }
}

/// The same, where the guest is known.
pub(super) fn check_folder_of(
    status: &FileStat,
    guest: Option<u32>,
    outside: &Path,
) -> Result<(), FileError> {
    if guest == Some(status.st_uid) {
        return check_writers(status, outside);
    }
    check_folder(status, outside)
}

/// Refuses what belongs neither to who is trusted nor to the guest.
pub(super) fn check_owner_or(
    status: &FileStat,
    guest: Option<u32>,
    outside: &Path,
) -> Result<(), FileError> {
    if guest == Some(status.st_uid) {
        return Ok(());
    }
    check_owner(status, outside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_has_three_levels_and_no_more() {
        let home = Home {
            path: "/home/alice".into(),
            uid: 1000,
        };
        for inside in ["", "/.kube", "/.kube/config", "/.kube/.rekindle-1-config"] {
            assert!(
                home.holds(Path::new(&format!("/home/alice{inside}"))),
                "{inside}"
            );
        }
        for outside in [
            "/.ssh",
            "/.ssh/config",
            "/.kube/cache/x",
            "2",
            "2/.kube",
            "/config",
        ] {
            assert!(
                !home.holds(Path::new(&format!("/home/alice{outside}"))),
                "{outside}"
            );
        }
        assert!(!home.holds(Path::new("/home")));
    }
}
