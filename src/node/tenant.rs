//! Files that a component's own user reads, where the components do not run as root.
//!
//! kubeadm gives keys and kubeconfigs to the user of the component that reads them, and opens those that several read to a group
//! (`RootlessControlPlane`: kubeadm `app/util/users`, `app/util/staticpod/utils_linux.go`). The folders stay root's, so that nobody
//! can exchange what is in them.

use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use nix::sys::stat::SFlag;

use super::resolve::file_type;
use super::{Access, Root};

/// The bit of a mode with which a group reads.
const GROUP_READS: u32 = 0o040;

/// A file that may be of somebody who is not trusted like root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tenant {
    /// Where it is: a node path, links resolved.
    path: PathBuf,
    /// Whose it may be.
    uid: u32,
    /// The groups whose members may read it, though it is secret.
    groups: Vec<u32>,
}

impl Root {
    /// From now on the file at `path`, links followed, may belong to that user, if it does, and be read by those groups. Nothing
    /// where there is no file: on the way to it all must be root's.
    pub fn admit_tenant(&self, path: &Path, uid: u32, groups: &[u32]) {
        let Ok(place) = self.look_up(path) else {
            return;
        };
        let is_file = |status| file_type(status) == SFlag::S_IFREG;
        let Some(status) = place.found.as_ref().filter(|status| is_file(status)) else {
            return;
        };
        self.add(Tenant {
            path: place.path,
            uid: if status.st_uid == uid { uid } else { 0 },
            groups: groups.to_vec(),
        });
    }

    /// The same for what is, or will be, at `path` with an owner and a mode that are on record.
    pub fn admit_recorded(&self, path: &Path, access: Access) {
        let is_open = access.mode & GROUP_READS != 0;
        if access.uid != 0 || is_open {
            self.add(Tenant {
                path: self.resolved_path(path),
                uid: access.uid,
                groups: if is_open {
                    vec![access.gid]
                } else {
                    Vec::new()
                },
            });
        }
    }

    /// The user who, besides root, may own the file at `path`, links resolved.
    pub(super) fn tenant(&self, path: &Path) -> Option<u32> {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        let mut here = tenants.iter().filter(|tenant| tenant.path == path);
        here.find_map(|tenant| (tenant.uid != 0).then_some(tenant.uid))
    }

    /// The bits of a mode that open the secret at `path`, links resolved, to others than who may read it.
    pub(super) fn exposure(&self, path: &Path, access: Access) -> u32 {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        let mut here = tenants.iter().filter(|tenant| tenant.path == path);
        let is_readers = here.any(|tenant| tenant.groups.contains(&access.gid));
        let allowed = if is_readers { GROUP_READS } else { 0 };
        access.mode & 0o077 & !allowed
    }

    fn add(&self, tenant: Tenant) {
        // A panic elsewhere is no reason to forget whose files these are.
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        if !tenants.contains(&tenant) {
            tenants.push(tenant);
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "the tests make files of their own"
)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::node::{FileError, Secrecy, is_root};

    const COMPONENT: u32 = 2001;
    const READERS: u32 = 2002;

    /// A key of the component's, behind a folder that is a link; `None` where this user cannot give files away.
    fn key(mode: u32, uid: u32, gid: u32) -> Option<(tempfile::TempDir, Root)> {
        if !is_root() {
            println!("skipped: only root may give a file away");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("real/a.key");
        fs::create_dir(folder.path().join("real")).unwrap();
        symlink("real", folder.path().join("pki")).unwrap();
        fs::write(&file, "key").unwrap();
        std::os::unix::fs::chown(&file, Some(uid), Some(gid)).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let root = Root::open(folder.path()).unwrap();
        Some((folder, root))
    }

    fn read(root: &Root) -> Result<(), FileError> {
        let path = Path::new("/pki/a.key");
        root.read(path, Secrecy::Secret).map(drop)
    }

    #[test]
    fn a_file_may_be_of_the_user_who_reads_it_and_of_nobody_else() {
        let Some((_folder, root)) = key(0o600, COMPONENT, COMPONENT) else {
            return;
        };
        let refused = |root: &Root| matches!(read(root), Err(FileError::ForeignOwner { .. }));
        assert!(refused(&root));
        root.admit_tenant(Path::new("/pki/b.key"), COMPONENT, &[]);
        root.admit_tenant(Path::new("/pki/a.key"), COMPONENT + 1, &[]);
        assert!(refused(&root));
        root.admit_tenant(Path::new("/pki/a.key"), COMPONENT, &[]);
        read(&root).unwrap();
    }

    #[test]
    fn a_group_may_read_a_secret_only_where_it_is_the_readers() {
        for (mode, is_good) in [
            (0o640, true),
            (0o600, true),
            (0o660, false),
            (0o644, false),
            (0o650, false),
        ] {
            let Some((_folder, root)) = key(mode, 0, READERS) else {
                return;
            };
            root.admit_tenant(Path::new("/pki/a.key"), COMPONENT, &[COMPONENT]);
            assert_eq!(read(&root).is_ok(), mode == 0o600, "{mode:o}");
            root.admit_tenant(Path::new("/pki/a.key"), COMPONENT, &[COMPONENT, READERS]);
            assert_eq!(read(&root).is_ok(), is_good, "{mode:o}");
        }
    }

    #[test]
    fn what_is_on_record_is_admitted_before_it_is_there() {
        let Some((folder, root)) = key(0o640, COMPONENT, READERS) else {
            return;
        };
        let copy = folder.path().join("real/deep/a.key");
        let path = Path::new("/pki/deep/a.key");
        let access = |mode| Access {
            mode,
            uid: COMPONENT,
            gid: READERS,
        };
        root.admit_recorded(path, access(0o640));
        fs::create_dir(copy.parent().unwrap()).unwrap();
        fs::rename(folder.path().join("real/a.key"), &copy).unwrap();
        root.read(path, Secrecy::Secret).unwrap();
    }

    /// The folder must be root's, whoever may own the file.
    #[test]
    fn a_folder_of_the_same_user_is_refused() {
        let Some((folder, root)) = key(0o600, COMPONENT, COMPONENT) else {
            return;
        };
        let real = folder.path().join("real");
        root.admit_tenant(Path::new("/pki/a.key"), COMPONENT, &[]);
        std::os::unix::fs::chown(&real, Some(COMPONENT), None).unwrap();
        root.admit_tenant(Path::new("/pki"), COMPONENT, &[]);
        assert!(matches!(read(&root), Err(FileError::ForeignOwner { .. })));
    }
}
