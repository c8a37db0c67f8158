//! What a run is to do. Plain data.

use std::path::{Path, PathBuf};

use crate::digest::Sha256Digest;
use crate::elision::elide;
use crate::issuance::FileChange;
use crate::plan::{LeftAlone, RecoveryPlan, Step};

/// All that a run is to do, with every byte that it will write.
#[derive(Debug)]
pub struct Undertaking {
    /// The digest of the inventory on which it rests; none where no node was looked at.
    pub inventory_digest: Option<Sha256Digest>,
    /// The steps in words, as shown to the operator.
    pub steps: Vec<String>,
    /// What is left to a person.
    pub left: Vec<LeftAlone>,
    /// The files to be replaced, in this order.
    pub changes: Vec<FileChange>,
    /// The manifests whose time is set afterwards, as node paths.
    pub touches: Vec<PathBuf>,
    /// The folders in which manifests are moved away and back, as node paths.
    pub moves: Vec<PathBuf>,
}

impl Undertaking {
    /// What `plan` asks for, signed.
    pub fn of_plan(plan: &RecoveryPlan, changes: Vec<FileChange>) -> Self {
        let touches = plan.steps.iter().filter_map(|step| match step {
            Step::Touch { path, .. } => Some(path.clone()),
            _ => None,
        });
        Self {
            inventory_digest: Some(plan.inventory_digest),
            steps: plan.steps.iter().map(step_in_words).collect(),
            left: plan.left.iter().map(recorded).collect(),
            touches: touches.collect(),
            changes,
            moves: Vec::new(),
        }
    }

    /// The files to be replaced, as node paths.
    pub fn targets(&self) -> impl Iterator<Item = &Path> {
        self.changes.iter().map(|change| change.target.as_path())
    }

    /// The folders in which files are staged, or moved, each once.
    pub fn folders(&self) -> Vec<&Path> {
        let staged = self.targets().filter_map(Path::parent);
        let mut folders: Vec<&Path> = staged
            .chain(self.moves.iter().map(PathBuf::as_path))
            .collect();
        folders.sort_unstable();
        folders.dedup();
        folders
    }
}

/// A path may have come out of a file, and the journal is shown to many.
fn step_in_words(step: &Step) -> String {
    elide(&step.to_string()).into_owned()
}

fn recorded(left: &LeftAlone) -> LeftAlone {
    LeftAlone {
        name: left.name.clone(),
        reason: elide(&left.reason).into_owned(),
        needs: elide(&left.needs).into_owned(),
    }
}
