//! All that is in a folder, to the byte and to the nanosecond: what a run changed is what differs.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Every path below a folder, with what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree(BTreeMap<PathBuf, Entry>);

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Content of a file, destination of a link.
    pub content: Content,
    /// File type and permission bits.
    pub mode: u32,
    /// Owner and group.
    pub owner: (u32, u32),
    /// Time of the last change of the content, in nanoseconds.
    pub modified: i128,
    /// `user.*` and other extended attributes.
    pub attributes: BTreeMap<String, Vec<u8>>,
}

/// The kinds of entries.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// A regular file.
    File(Vec<u8>),
    /// A symbolic link.
    Link(PathBuf),
    /// A folder.
    Folder,
    /// A FIFO, socket or device.
    Special,
}

impl Tree {
    /// Reads everything below `root`, links not followed.
    pub fn read(root: &Path) -> Self {
        let mut entries = BTreeMap::new();
        let mut folders = vec![root.to_owned()];
        entries.insert(PathBuf::from("/"), Entry::read(root));
        while let Some(folder) = folders.pop() {
            for found in fs::read_dir(&folder).unwrap() {
                let path = found.unwrap().path();
                let entry = Entry::read(&path);
                if entry.content == Content::Folder {
                    folders.push(path.clone());
                }
                let inside = Path::new("/").join(path.strip_prefix(root).unwrap());
                entries.insert(inside, entry);
            }
        }
        Self(entries)
    }

    /// The same without what the program keeps for itself.
    pub fn without_state(&self) -> Self {
        let mut entries = self.0.clone();
        entries.retain(|path, _| !path.starts_with("/var/lib/rekindle"));
        Self(entries)
    }

    /// The same without etcd's data.
    pub fn without_data(&self) -> Self {
        let mut entries = self.0.clone();
        entries.retain(|path, _| !path.starts_with("/var/lib/etcd"));
        Self(entries)
    }

    /// The same without files that a run staged, or left when it was killed.
    pub fn without_staged(&self) -> Self {
        let staged = |path: &Path| {
            path.file_name()
                .is_some_and(|name| name.as_encoded_bytes().starts_with(b".rekindle-"))
        };
        let mut entries = self.0.clone();
        entries.retain(|path, _| !staged(path));
        Self(entries)
    }

    /// The same without times.
    pub fn timeless(&self) -> Self {
        let mut tree = self.clone();
        for entry in tree.0.values_mut() {
            entry.modified = 0;
        }
        tree
    }

    /// What is at `path`.
    #[track_caller]
    pub fn entry(&self, path: &str) -> &Entry {
        self.get(path)
            .unwrap_or_else(|| panic!("{path} is not there"))
    }

    /// What is at `path`, if anything.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.0.get(Path::new(path))
    }

    /// The paths, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(|path| path.to_str().unwrap())
    }

    /// The paths at which the two differ. A folder in which files were exchanged has another time: of folders, only mode
    /// and owner count.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let paths: std::collections::BTreeSet<&str> = self.paths().chain(other.paths()).collect();
        let differs = |path: &&str| match (self.get(path), other.get(path)) {
            (Some(one), Some(other)) if one.content == Content::Folder => {
                (one.mode, one.owner, &one.content) != (other.mode, other.owner, &other.content)
            }
            (one, other) => one != other,
        };
        paths
            .into_iter()
            .filter(differs)
            .map(str::to_owned)
            .collect()
    }
}

impl Entry {
    fn read(path: &Path) -> Self {
        let metadata = fs::symlink_metadata(path).unwrap();
        let kind = metadata.file_type();
        let content = if kind.is_symlink() {
            Content::Link(fs::read_link(path).unwrap())
        } else if kind.is_dir() {
            Content::Folder
        } else if kind.is_file() {
            Content::File(fs::read(path).unwrap())
        } else {
            Content::Special
        };
        Self {
            content,
            mode: metadata.mode(),
            owner: (metadata.uid(), metadata.gid()),
            modified: i128::from(metadata.mtime()) * 1_000_000_000
                + i128::from(metadata.mtime_nsec()),
            attributes: attributes(path),
        }
    }

    /// The bytes of a regular file.
    #[track_caller]
    pub fn bytes(&self) -> &[u8] {
        match &self.content {
            Content::File(bytes) => bytes,
            other => panic!("not a file: {other:?}"),
        }
    }

    /// The text of a regular file.
    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(self.bytes()).unwrap()
    }

    /// The destination of a link.
    #[track_caller]
    pub fn destination(&self) -> &Path {
        match &self.content {
            Content::Link(destination) => destination,
            other => panic!("not a link: {other:?}"),
        }
    }

    /// Mode, owner and attributes: what a replaced file keeps.
    pub fn label(&self) -> impl PartialEq + std::fmt::Debug + '_ {
        (self.mode, self.owner, &self.attributes)
    }
}

fn attributes(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let Ok(names) = xattr::list(path) else {
        return BTreeMap::new();
    };
    names
        .filter_map(|name| Some((name.to_str()?.to_owned(), xattr::get(path, &name).ok()??)))
        .collect()
}

impl std::fmt::Debug for Content {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(bytes) => write!(formatter, "File({} bytes)", bytes.len()),
            Self::Link(destination) => write!(formatter, "Link({})", destination.display()),
            Self::Folder => formatter.write_str("Folder"),
            Self::Special => formatter.write_str("Special"),
        }
    }
}
