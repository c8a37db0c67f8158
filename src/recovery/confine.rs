//! What a process that changes a node may still do.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::STATE_FOLDER;
use crate::node::{Confinement, FileError, Root};

/// Before the first write, after all refusals: from now on this process writes beneath `folders`, in which files are replaced
/// or were staged, and the state folder alone, starts no program and opens no connection ([`Root::confine`]).
///
/// Of a folder that is missing it is the one above it, in which it is made; the same of one that an interrupted run made, which is
/// removed with that run. The state folder is created, since only what exists can be named. A manifest's folder is not among them: a manifest is
/// touched through a descriptor that was opened for reading, which needs no leave. The `operand` is the folder that the operator
/// named for what is made for other nodes: as a shell names it.
pub fn confine<'a>(
    root: &Root,
    folders: impl IntoIterator<Item = &'a Path>,
    operand: Option<&Path>,
) -> Result<Confinement, FileError> {
    let state = Path::new(STATE_FOLDER);
    root.create_folder(state)?;
    let folders: Vec<&Path> = folders.into_iter().collect();
    let nearest = folders.iter().filter_map(|it| root.nearest_folder(it).ok());
    let nearest: BTreeSet<PathBuf> = nearest.map(|nearest| nearest.path).collect();
    // Of one that is there it is that one.
    let mut all: BTreeSet<&Path> = nearest.iter().map(PathBuf::as_path).collect();
    all.extend(folders);
    all.insert(state);
    root.confine(all, operand)
}
