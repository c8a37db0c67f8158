//! A node of `testdata/nodes` in a temporary folder, with the modes of a real one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Removed when dropped. The root lies one level below the temporary folder: what leads out of it leads to nothing.
pub struct Node {
    _folder: TempDir,
    root: PathBuf,
}

/// The nodes in `testdata/nodes`.
pub fn names() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(project().join("testdata/nodes"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.len() >= 12, "{names:?}");
    names
}

/// The repository.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A temporary folder that others may enter. In memory where that is possible: every recovery flushes some two hundred
/// times, which takes seconds on a slow disk.
pub fn temporary_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let mut builder = tempfile::Builder::new();
    let builder = builder
        .prefix("rekindle-test-")
        .permissions(fs::Permissions::from_mode(0o755));
    builder
        .tempdir_in(memory)
        .or_else(|_| builder.tempdir())
        .unwrap()
}

impl Node {
    /// Lays out the node of that name.
    pub fn materialize(name: &str) -> Self {
        let node = Self::empty();
        let script = project().join("scripts/materialize-node");
        let status = Command::new(script)
            .arg(name)
            .arg(node.path())
            .status()
            .unwrap();
        assert!(status.success(), "materialize-node {name}");
        node
    }

    /// The same where there is room for a database: not in a memory of 64 MB, as containers have it.
    pub fn materialize_with_room(name: &str) -> Self {
        let node = Self::materialize(name);
        let free = nix::sys::statvfs::statvfs(node.path()).unwrap();
        if free.blocks_available() * free.fragment_size() > 1 << 30 {
            return node;
        }
        let copy = Self::empty_in(tempfile::tempdir().unwrap());
        node.shell(&format!("cp -a . '{}'", copy.path().display()));
        copy
    }

    /// A folder with nothing in it.
    pub fn empty() -> Self {
        Self::empty_in(temporary_folder())
    }

    fn empty_in(folder: TempDir) -> Self {
        let root = folder.path().join("node");
        fs::create_dir(&root).unwrap();
        fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).unwrap();
        Self {
            _folder: folder,
            root,
        }
    }

    /// The same node once more, to the byte and to the time.
    pub fn copy(&self) -> Self {
        let copy = Self::empty();
        self.shell(&format!("cp -a . '{}'", copy.path().display()));
        copy
    }

    /// The root.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The file at a node path.
    pub fn file(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// The content of the file at a node path.
    pub fn read(&self, path: &str) -> Vec<u8> {
        fs::read(self.file(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Writes over the file at a node path: same owner, same mode.
    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.file(path), bytes).unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// Writes a file at a node path, for its owner alone (mode 0600).
    pub fn write_private(&self, path: &str, bytes: impl AsRef<[u8]>) {
        self.write(path, bytes);
        fs::set_permissions(self.file(path), fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Writes over the file at a node path what `edit` makes of its text.
    pub fn edit(&self, path: &str, edit: impl FnOnce(String) -> String) {
        let before = String::from_utf8(self.read(path)).unwrap();
        let after = edit(before.clone());
        assert_ne!(before, after, "{path}: the edit changed nothing");
        self.write(path, after);
    }

    /// Runs a shell script in the root, and expects it to succeed.
    pub fn shell(&self, script: &str) {
        let output = Command::new("sh")
            .args(["-ec", script])
            .current_dir(&self.root)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{script}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
