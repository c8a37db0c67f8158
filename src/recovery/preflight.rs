//! Whether the disks will take what is to be written: asked before the first byte.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{RunFiles, STATE_FOLDER};
use crate::issuance::{Content, FileChange};
use crate::node::{FileError, FreeSpace, Root};
use crate::plan::Refusal;

/// A journal of the longest run, in bytes, with room to spare.
const JOURNAL_SIZE: u64 = 256 * 1024;
/// Journal, checkpoint, and the folders of a backup.
const JOURNAL_FILES: u64 = 24;

/// What has to fit into a folder, or on a file system.
#[derive(Default)]
struct Need {
    bytes: u64,
    files: u64,
}

/// Refuses what the disks would refuse half-way: read-only file systems, too few bytes or inodes left; and folders of
/// earlier runs that others may enter by now.
pub fn preflight(root: &Root, changes: &[FileChange]) -> Vec<Refusal> {
    let state = Path::new(STATE_FOLDER);
    let mut needs: BTreeMap<PathBuf, Need> = BTreeMap::new();
    let journal = needs.entry(state.to_owned()).or_default();
    journal.bytes += JOURNAL_SIZE;
    journal.files += JOURNAL_FILES;
    let mut refusals = Vec::new();
    for change in changes {
        let size = match &change.after {
            Content::File(bytes) => bytes.len() as u64,
            Content::Link(_) => 0,
        };
        let folder = change.target.parent().unwrap_or(state).to_owned();
        // The new file beside its target, and the old one, about as long, in the backup.
        for place in [folder, state.to_owned()] {
            let need = needs.entry(place).or_default();
            need.bytes += size.next_multiple_of(4096);
            need.files += 1;
        }
    }
    // Folders of one file system share what is left of it.
    let mut devices: BTreeMap<u64, (FreeSpace, Need)> = BTreeMap::new();
    for (folder, need) in &needs {
        match root.free_space(folder) {
            Ok(space) => {
                let (_, sum) = devices
                    .entry(space.device)
                    .or_insert((space, Need::default()));
                sum.bytes += need.bytes;
                sum.files += need.files;
            }
            Err(error) => refusals.push(Refusal::of_file("disk", &error)),
        }
        if let Err(error) = root.check_writable(folder) {
            refusals.push(Refusal::of_file("disk", &error));
        }
    }
    for (space, need) in devices.values() {
        refusals.extend(shortage(root, need, space));
    }
    for folder in [RunFiles::journals(), state.join("backups")] {
        if let Err(error) = root.check_private_folder(&folder) {
            refusals.push(Refusal::of_file("journal", &error));
        }
    }
    refusals.dedup();
    refusals
}

fn shortage(root: &Root, need: &Need, space: &FreeSpace) -> Option<Refusal> {
    let path = root.outside(&space.folder);
    let operation = "write below";
    let few_files = space.files.is_some_and(|files| files < need.files);
    if space.bytes >= need.bytes && !few_files {
        return None;
    }
    let mut refusal = Refusal::of_file("disk", &FileError::NoSpace { operation, path });
    refusal.evidence = format!(
        "{}: {} bytes and {} files are needed, {} bytes and {} files are left",
        refusal.evidence,
        need.bytes,
        need.files,
        space.bytes,
        space
            .files
            .map_or_else(|| "any number of".to_owned(), |files| files.to_string())
    );
    Some(refusal)
}
