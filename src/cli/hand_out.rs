//! The run of a verb that changes no file of the node, and hands out files that it has made.

use std::io;
use std::path::Path;

use super::ended::despite_lost_output;
use super::execution::under_way;
use super::exit::Exit;
use super::failure::Failure;
use super::voice::Voice;
use crate::digest::Sha256Digest;
use crate::node::Root;
use crate::pki::Authority;
use crate::recovery::{Ended, HandOut, Interrupted, Reason, Undertaking, hand_out};

/// What is handed out, and what its run has to know.
pub(super) struct HandingOut<'a> {
    /// The files, each with what is recorded of it.
    pub(super) files: &'a [HandOut],
    /// The operator's folder in which all of them go.
    pub(super) folder: &'a Path,
    /// Of the node as it was before the authority's key was taken out.
    pub(super) inventory_digest: Sha256Digest,
    /// What an earlier run left lying about.
    pub(super) left_over: Option<Interrupted>,
    pub(super) reason: Reason,
}

impl HandingOut<'_> {
    /// Writes all of them, or none, and tells of it. `authority` vouches for the journal. 1 where there are warnings.
    pub(super) fn run(
        self,
        root: &Root,
        authority: Authority,
        report: impl FnOnce(&Ended) -> io::Result<()>,
    ) -> Result<Exit, Failure> {
        let undertaking = Undertaking {
            inventory_digest: Some(self.inventory_digest),
            steps: self.files.iter().map(|it| it.act.to_string()).collect(),
            left: Vec::new(),
            changes: Vec::new(),
            touches: Vec::new(),
            moves: Vec::new(),
        };
        let ended = under_way(
            root,
            &undertaking,
            Some(self.folder),
            self.left_over,
            &self.reason,
            &mut Voice::People.watch(),
            |watch| {
                hand_out(
                    root,
                    &undertaking,
                    self.files,
                    authority,
                    &self.reason,
                    watch,
                )
            },
        )?;
        despite_lost_output(root, &ended, &report(&ended));
        Ok(if ended.warnings.is_empty() {
            Exit::Done
        } else {
            Exit::ActionNeeded
        })
    }
}
