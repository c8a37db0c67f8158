//! An ext4 file system on a disk that remembers everything.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use nix::errno::Errno;
use nix::mount::{MsFlags, umount};
use nix::sched::{CloneFlags, unshare};
use tempfile::TempDir;

use crate::disk::Disk;

/// Where the node lies in the file system; beside it is what belongs to others.
const NODE: &str = "node";
const MOUNT_POINT: &str = "mount";
/// Small, so that thousands of copies take no time; the blocks and the journal are those of a big one.
const SIZE: u64 = 12 << 20;

/// How the file system treats a program that replaces a file without flushing the new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// ext4's default: it writes the new content out before the new name.
    Default,
    /// `noauto_da_alloc`: it does not, like most other file systems.
    None,
}

impl Care {
    /// The mount option.
    pub fn option(self) -> &'static str {
        match self {
            Self::Default => "auto_da_alloc",
            Self::None => "noauto_da_alloc",
        }
    }
}

/// A disk, and a place to mount it.
pub struct Machine {
    /// The disk.
    pub disk: Disk,
    folder: TempDir,
}

impl Machine {
    /// A machine with an empty disk. From now on this thread makes mounts that nobody else sees, and that end with it.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join(MOUNT_POINT)).expect("a folder");
        enter_namespace();
        let disk = Disk::new(folder.path(), SIZE);
        // The server of the disk stays behind: it must not hold what is mounted from here on.
        enter_namespace();
        Self { disk, folder }
    }

    /// Mounts the disk, which recovers the journal of the file system; what mount(8) complained of where it cannot be
    /// mounted.
    pub fn mount(&self, care: Care) -> Result<Mount, String> {
        let mount_point = self.folder.path().join(MOUNT_POINT);
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "ext4", "-o", &format!("loop,{}", care.option())])
            .arg(self.disk.device())
            .arg(&mount_point);
        match mount.output().expect("mount(8)") {
            output if output.status.success() => Ok(Mount { mount_point }),
            output => Err(complaint(&output)),
        }
    }
}

fn enter_namespace() {
    unshare(CloneFlags::CLONE_NEWNS).expect("a mount namespace");
    let (nothing, private) = (None::<&str>, MsFlags::MS_PRIVATE | MsFlags::MS_REC);
    nix::mount::mount(nothing, "/", nothing, private, nothing).expect("a private namespace");
}

/// A mounted file system. Unmounted when dropped.
pub struct Mount {
    mount_point: PathBuf,
}

impl Mount {
    /// The root of the node.
    pub fn node(&self) -> PathBuf {
        self.mount_point.join(NODE)
    }

    /// A path beside the node.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.mount_point.join(name)
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // A process that another thread is about to start holds our files until it is another program.
        while let Err(error) = umount(&self.mount_point) {
            assert_eq!(error, Errno::EBUSY, "{}", self.mount_point.display());
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}

/// An image of a new file system that holds a node of `testdata/nodes`.
pub fn format(node: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let (tree, image) = (folder.path().join("tree"), folder.path().join("image"));
    fs::create_dir(&tree).expect("a folder");
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut materialize = Command::new(project.join("scripts/materialize-node"));
    run(materialize.arg(node).arg(tree.join(NODE)));
    let mut mkfs = Command::new("mkfs.ext4");
    // All of it at once: the kernel has nothing left to do later, which would be in the log.
    let at_once = "lazy_itable_init=0,lazy_journal_init=0,nodiscard";
    mkfs.args(["-q", "-b", "4096", "-J", "size=4", "-E", at_once, "-d"]);
    run(mkfs.arg(&tree).arg(&image).arg(format!("{}k", SIZE >> 10)));
    fs::read(&image).expect("an image")
}

fn run(command: &mut Command) {
    let output = command.output().expect("a program");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        complaint(&output)
    );
}
