//! Whether the disks and the kernel will take what is to be written: asked before the first byte.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{RunFiles, STATE_FOLDER, Undertaking, facts};
use crate::issuance::{Content, FileChange};
use crate::journal::{Backup, Change, FileIdentity, LONGEST_LINE, commit_size};
use crate::node::{
    ExistingFolder, FileError, FreeSpace, Present, RESERVE_SIZE, Root, file_size_limit,
};
use crate::plan::{Refusal, RefusalCode};

/// A journal of the longest run, in bytes, with room to spare; its commit is as long as the names in the certificates, and comes
/// on top.
const JOURNAL_SIZE: u64 = 256 * 1024;
/// Journal, reserve, checkpoint, and the folders of a backup.
const JOURNAL_FILES: u64 = 25;

/// What has to fit into a folder, or on a file system.
#[derive(Default)]
struct Need {
    bytes: u64,
    files: u64,
    /// The largest of the files: undoing stages them once more, one at a time.
    largest: u64,
}

impl Need {
    fn add(&mut self, size: u64) {
        let size = size.next_multiple_of(4096);
        self.bytes += size;
        self.files += 1;
        self.largest = self.largest.max(size);
    }
}

/// Refuses what the disks or the kernel would refuse half-way: what [`check_targets`] does, and too few bytes or inodes
/// left, a limit on the size of files that the journal would run into, or more than a line of the journal takes.
pub fn preflight(root: &Root, undertaking: &Undertaking) -> Vec<Refusal> {
    let changes = &undertaking.changes[..];
    let commit = commit(undertaking);
    let targets = changes
        .iter()
        .map(|change| (&*change.name, &*change.target));
    let mut refusals = check_targets(root, targets);
    let (spaces, unknown) = spaces(root, &needs(changes, commit));
    refusals.extend(unknown);
    refusals.extend(spaces.values().filter_map(|space| shortage(root, space)));
    refusals.extend(size_limit(root, changes, commit));
    refusals.extend(too_long(root, changes, commit));
    without_repetitions(refusals)
}

/// Refuses targets and folders that cannot be changed: read-only file systems, what `chattr` holds fast, what something is
/// mounted on; and folders of earlier runs that others may enter by now. Each target comes with its certificate's name.
pub fn check_targets<'a>(
    root: &Root,
    targets: impl IntoIterator<Item = (&'a str, &'a Path)>,
) -> Vec<Refusal> {
    let state = Path::new(STATE_FOLDER);
    let own = [
        state.to_owned(),
        RunFiles::journals(),
        state.join("backups"),
    ];
    let mut folders: BTreeSet<&Path> = own.iter().map(PathBuf::as_path).collect();
    let mut refusals = Vec::new();
    for (name, target) in targets {
        folders.extend(target.parent());
        let found = root.check_replaceable(target);
        refusals.extend(found.err().map(|error| Refusal::of_file(name, &error)));
    }
    let mut asked = BTreeSet::new();
    for folder in folders {
        let found = root.nearest_folder(folder).and_then(|existing| {
            // Folders that are missing may have the same one above them.
            if asked.insert(existing.path.clone()) {
                check_folder(&existing)
            } else {
                Ok(())
            }
        });
        refusals.extend(found.err().map(|error| Refusal::of_file("disk", &error)));
    }
    for folder in own.iter().skip(1) {
        if let Err(error) = root.check_private_folder(folder) {
            refusals.push(Refusal::of_file("journal", &error));
        }
    }
    without_repetitions(refusals)
}

/// Each refusal once: what stands in the way of several files may be one and the same.
pub(super) fn without_repetitions(refusals: impl IntoIterator<Item = Refusal>) -> Vec<Refusal> {
    let mut told = Vec::new();
    for refusal in refusals {
        if !told.contains(&refusal) {
            told.push(refusal);
        }
    }
    told
}

fn check_folder(existing: &ExistingFolder) -> Result<(), FileError> {
    // First what has a name: the kernel's own answer is the same for all of it.
    existing.check_changeable()?;
    existing.check_writable()
}

/// What each folder has to take.
fn needs(changes: &[FileChange], commit: u64) -> BTreeMap<&Path, Need> {
    let state = Path::new(STATE_FOLDER);
    let mut needs: BTreeMap<&Path, Need> = BTreeMap::new();
    for change in changes {
        let size = match &change.after {
            Content::File(bytes) => bytes.len() as u64,
            Content::Link(_) => 0,
        };
        // The new file beside its target, and the old one, about as long, in the backup.
        for place in [change.target.parent().unwrap_or(state), state] {
            needs.entry(place).or_default().add(size);
        }
    }
    for need in needs.values_mut() {
        need.bytes += need.largest;
        need.files += 1;
    }
    let journal = needs.entry(state).or_default();
    journal.bytes += JOURNAL_SIZE + commit + RESERVE_SIZE as u64;
    journal.files += JOURNAL_FILES;
    needs
}

/// A file system, by one of the folders on it.
struct Space {
    folder: PathBuf,
    left: FreeSpace,
    need: Need,
}

/// Folders of one file system share what is left of it.
fn spaces(root: &Root, needs: &BTreeMap<&Path, Need>) -> (BTreeMap<u64, Space>, Vec<Refusal>) {
    let mut spaces: BTreeMap<u64, Space> = BTreeMap::new();
    let mut refusals = Vec::new();
    for (folder, need) in needs {
        let existing = root.nearest_folder(folder);
        match existing.and_then(|existing| Ok((existing.free_space()?, existing.path))) {
            Ok((left, folder)) => {
                let space = spaces.entry(left.device).or_insert(Space {
                    folder,
                    left,
                    need: Need::default(),
                });
                space.need.bytes += need.bytes;
                space.need.files += need.files;
            }
            Err(error) => refusals.push(Refusal::of_file("disk", &error)),
        }
    }
    (spaces, refusals)
}

fn shortage(root: &Root, Space { folder, left, need }: &Space) -> Option<Refusal> {
    let path = root.outside(folder);
    let operation = "write below";
    let few_files = left.files.is_some_and(|files| files < need.files);
    if left.bytes >= need.bytes && !few_files {
        return None;
    }
    let mut refusal = Refusal::of_file("disk", &FileError::NoSpace { operation, path });
    refusal.evidence = format!(
        "{}: {} bytes and {} files are needed, {} bytes and {} files are left",
        refusal.evidence,
        need.bytes,
        need.files,
        left.bytes,
        left.files
            .map_or_else(|| "any number of".to_owned(), |files| files.to_string())
    );
    Some(refusal)
}

fn size_limit(root: &Root, changes: &[FileChange], commit: u64) -> Option<Refusal> {
    let largest = changes.iter().map(|change| match &change.after {
        Content::File(bytes) => bytes.len() as u64,
        Content::Link(_) => 0,
    });
    let needed = largest.max().unwrap_or(0).max(JOURNAL_SIZE + commit);
    let limit = file_size_limit().filter(|limit| *limit < needed)?;
    let error = FileError::SizeLimit {
        operation: "write below",
        path: root.outside(Path::new(STATE_FOLDER)),
    };
    let mut refusal = Refusal::of_file("disk", &error);
    refusal.evidence = format!(
        "{}: {needed} bytes are needed, {limit} are allowed",
        refusal.evidence
    );
    Some(refusal)
}

/// How long the journal's line is that commits the run to its changes, in bytes.
fn commit(undertaking: &Undertaking) -> u64 {
    let changes = undertaking.changes.iter().map(recorded).collect();
    let touches = undertaking.touches.iter().map(|path| facts::text(path));
    line(changes, touches.collect())
}

fn line(changes: Vec<Change>, touches: Vec<String>) -> u64 {
    let size = commit_size(changes, touches);
    // What cannot be written at all is no better than what is too long.
    size.unwrap_or(LONGEST_LINE + 1) as u64
}

/// What the journal will say of a change, with a backup whose path is as long as that of any run.
fn recorded(change: &FileChange) -> Change {
    const RUN: &str = "20261124T031245.118Z-1f5a9e";
    let target = change.target.strip_prefix("/").unwrap_or(&change.target);
    let backup = match change.before {
        Present::File(digest) => Some(Backup {
            path: facts::text(&RunFiles::of(RUN).backup.join(target)),
            // For a key its public half's digest is recorded, which is as long.
            identity: if change.is_key {
                FileIdentity::PublicKey(digest)
            } else {
                FileIdentity::Sha256(digest)
            },
        }),
        Present::Link(_) | Present::Nothing => None,
    };
    facts::change(change, backup.as_ref())
}

/// A certificate may have thousands of names, and a line of the journal not.
fn too_long(root: &Root, changes: &[FileChange], commit: u64) -> Option<Refusal> {
    if commit <= LONGEST_LINE as u64 {
        return None;
    }
    let largest = changes
        .iter()
        .max_by_key(|change| line(vec![recorded(change)], Vec::new()))?;
    let mut others: Vec<&str> = changes.iter().map(|change| &*change.name).collect();
    others.retain(|name| *name != largest.name);
    others.dedup();
    let leave_out = match &others[..] {
        [] => String::new(),
        others => {
            let recover = root.command(&format!("recover --only {}", others.join(",")));
            format!(", and leave it out: {recover}")
        }
    };
    Some(Refusal {
        code: RefusalCode::FileTooLarge,
        subject: largest.name.clone(),
        evidence: format!(
            "{}: its certificate says so much that the journal's line for this run would have {commit} bytes; at most {LONGEST_LINE} are written",
            root.outside(&largest.target).display()
        ),
        remedy: format!("see who gave it so many names{leave_out}"),
    })
}
