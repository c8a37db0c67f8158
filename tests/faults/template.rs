//! A node that is laid out once, and copied for each run: same bytes, modes, owners, attributes and times.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};

use nix::fcntl::AT_FDCWD;
use nix::sys::stat::{UtimensatFlags, utimensat};
use nix::sys::time::TimeSpec;

use crate::support::node::Node;
use crate::support::tree::Tree;

/// A group that no other file of a node has.
const GROUP: u32 = 4321;

/// A node, and what it looks like.
pub struct Template {
    pub name: &'static str,
    /// What the names of cases begin with.
    pub label: &'static str,
    /// What recovers it.
    pub arguments: &'static [&'static str],
    node: Node,
    pub tree: Tree,
    /// How `recover` ends when nothing goes wrong.
    pub normal: i32,
}

impl Template {
    /// The node of that name. Where that is possible one certificate has a mode, a group and an attribute of its own: what
    /// is replaced has to keep them. `lost` is a shell script that ruins something of it.
    pub fn new(
        name: &'static str,
        label: &'static str,
        arguments: &'static [&'static str],
        lost: Option<&str>,
    ) -> Self {
        let node = Node::materialize(name);
        let odd = node.file("/etc/kubernetes/pki/apiserver.crt");
        fs::set_permissions(&odd, Permissions::from_mode(0o640)).unwrap();
        if nix::unistd::geteuid().is_root() {
            chown(&odd, None, Some(GROUP)).unwrap();
        }
        let _ = xattr::set(&odd, "security.test", b"label");
        if let Some(script) = lost {
            node.shell(script);
        }
        Self {
            name,
            label,
            arguments,
            tree: Tree::read(node.path()),
            // The client certificate for an etcd elsewhere is signed elsewhere too.
            normal: i32::from(name.contains("external-etcd")),
            node,
        }
    }

    /// A copy at `to`, in place of what is there.
    pub fn copy(&self, to: &Path) {
        copy(self.node.path(), to);
    }
}

/// Copies the folder `from` to `to`, in place of what is there.
pub fn copy(from: &Path, to: &Path) {
    remove(to);
    copy_entry(from, to);
}

/// Removes what is at `path`, if anything.
pub fn remove(path: &Path) {
    if path.symlink_metadata().is_ok() {
        fs::remove_dir_all(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

fn copy_entry(from: &Path, to: &Path) {
    let metadata = fs::symlink_metadata(from).unwrap();
    let kind = metadata.file_type();
    if kind.is_symlink() {
        symlink(fs::read_link(from).unwrap(), to).unwrap();
    } else if kind.is_dir() {
        fs::create_dir(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let name = entry.unwrap().file_name();
            copy_entry(&from.join(&name), &to.join(&name));
        }
    } else {
        fs::copy(from, to).unwrap();
        copy_attributes(from, to);
    }
    let own = fs::symlink_metadata(to).unwrap();
    if (own.uid(), own.gid()) != (metadata.uid(), metadata.gid()) {
        lchown(to, Some(metadata.uid()), Some(metadata.gid())).unwrap();
    }
    if !kind.is_symlink() {
        fs::set_permissions(to, metadata.permissions()).unwrap();
    }
    let accessed = TimeSpec::new(metadata.atime(), metadata.atime_nsec());
    let modified = TimeSpec::new(metadata.mtime(), metadata.mtime_nsec());
    let flag = UtimensatFlags::NoFollowSymlink;
    utimensat(AT_FDCWD, to, &accessed, &modified, flag).unwrap();
}

fn copy_attributes(from: &Path, to: &Path) {
    for name in xattr::list(from).into_iter().flatten() {
        let value = xattr::get(from, &name).unwrap().unwrap();
        xattr::set(to, &name, &value).unwrap();
    }
}

/// Two places to work in, removed when dropped: roots of nodes, one level below their folder, so that what leads out of
/// them leads to nothing.
pub struct Workplace {
    folder: tempfile::TempDir,
}

impl Workplace {
    pub fn new() -> Self {
        Self {
            folder: crate::support::node::temporary_folder(),
        }
    }

    /// Where the run goes.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("node")
    }

    /// Where a copy of what it left goes.
    pub fn copy(&self) -> PathBuf {
        self.folder.path().join("copy")
    }

    /// Where a disk of its own can be mounted.
    pub fn disk(&self) -> PathBuf {
        let disk = self.folder.path().join("disk");
        fs::create_dir_all(&disk).unwrap();
        disk
    }

    /// For traces.
    pub fn scratch(&self) -> &Path {
        self.folder.path()
    }
}
