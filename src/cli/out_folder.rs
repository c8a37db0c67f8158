//! The folder that `--out` names.

use std::path::Path;

use super::exit::Exit;
use super::failure::Failure;
use crate::inventory::Layout;
use crate::node::{OperandFolder, Root, look_at_operand};
use crate::recovery::STATE_FOLDER;
use crate::shell::quote;

/// Fails where there is no folder at `path`: none is made, for who may look into it is not for us to say.
pub(super) fn demand_folder(path: &Path) -> Result<(), Failure> {
    let (is_folder, _) = look_at_operand(path);
    if is_folder {
        return Ok(());
    }
    let message = format!("{} is no folder", path.display());
    let hint = format!("make it: install -d -m 0700 {}", quote(path));
    Err(Failure::new(Exit::Usage, message).hint(hint))
}

/// The same for files with a key in them: each stays where it is put, is taken for nothing else, and nobody else can exchange it.
pub(super) fn demand_folder_for_keys(root: &Root, path: &Path) -> Result<(), Failure> {
    demand_folder(path)?;
    let refuse = |message: String| {
        Err(Failure::new(Exit::Usage, message)
            .hint("name a folder that is yours alone: install -d -m 0700 /root/out"))
    };
    let folder = OperandFolder::look(path).map_err(|error| Failure::of(Exit::Usage, &error))?;
    if folder.is_within(root, Path::new(STATE_FOLDER)) {
        return refuse(format!(
            "{} is rekindle's own: what is in it is its record",
            path.display()
        ));
    }
    if folder.is_within(root, &Layout::observe(root).manifests_folder) {
        return refuse(format!(
            "{} holds the static pods' manifests: the kubelet would take the file for one",
            path.display()
        ));
    }
    folder
        .demand_private()
        .or_else(|error| refuse(format!("{error}: they could exchange a file in it")))
}
