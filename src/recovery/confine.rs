//! What a process that changes a node may still do.

use std::collections::BTreeSet;
use std::path::Path;

use super::STATE_FOLDER;
use crate::node::{Confinement, FileError, Root};

/// Before the first write, after all refusals: from now on this process writes beneath the folders of `targets` and the
/// state folder alone, starts no program and opens no connection ([`Root::confine`]).
///
/// The state folder is created, since only what exists can be named. A manifest's folder is not among them: a manifest is
/// touched through a descriptor that was opened for reading, which needs no leave.
pub fn confine<'a>(
    root: &Root,
    targets: impl IntoIterator<Item = &'a Path>,
) -> Result<Confinement, FileError> {
    let state = Path::new(STATE_FOLDER);
    root.create_folder(state)?;
    let folders: BTreeSet<&Path> = targets.into_iter().filter_map(Path::parent).collect();
    root.confine(folders.into_iter().chain([state]))
}
