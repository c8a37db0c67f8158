//! Folders that are gone with all that was in them: made before a file is staged there, and removed again on the way back.

use std::path::PathBuf;

use super::transaction::Transaction;
use super::{Failure, Undertaking};
use crate::evidence::with_causes;
use crate::node::Root;

/// The folders that `undertaking` needs and that are not there, outermost first.
pub(super) fn missing_folders(root: &Root, undertaking: &Undertaking) -> Vec<PathBuf> {
    let mut missing: Vec<PathBuf> = undertaking
        .folders()
        .into_iter()
        .flat_map(|folder| root.missing_folders(folder))
        .collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

impl Transaction<'_> {
    /// Makes the folders that were not there when the run began: its first record names them, so that whoever comes after a
    /// crash knows whose they are.
    pub(super) fn make_folders(&mut self) -> Result<(), Failure> {
        for folder in self.new_folders() {
            self.root.create_folder_like_parent(&folder)?;
        }
        Ok(())
    }

    /// Removes them again, innermost first; one in which somebody else has put something stays.
    pub(super) fn remove_folders(&mut self) {
        for folder in self.new_folders().iter().rev() {
            if let Err(error) = self.root.remove_folder_if_empty(folder) {
                self.warnings.push(with_causes(&error));
            }
        }
    }

    fn new_folders(&self) -> Vec<PathBuf> {
        let folders = &self.log.chain().genesis().circumstances.new_folders;
        folders.iter().map(PathBuf::from).collect()
    }
}
