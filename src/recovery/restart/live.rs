//! What the live half of a run works with.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use super::plan::RestartPlan;
use super::release::Release;
use crate::control_plane::ControlPlane;
use crate::digest::Sha256Digest;
use crate::node::{Root, RunningComponent, Unconfined, UnconfinedError};
use crate::proof::{Written, running};

/// The plan of a restart, and the one thread of this process that may carry it out: made before the process gives up
/// starting programs, signalling and connecting.
#[derive(Debug)]
pub struct Live {
    pub(super) root: Arc<Root>,
    pub(super) plane: Arc<ControlPlane>,
    pub(super) plan: RestartPlan,
    /// How the node is looked at again.
    observe: fn(&Root) -> ControlPlane,
    pub(super) unconfined: Unconfined,
    /// What the run itself has put in place, and when.
    pub(super) written: Written,
    /// Whether all components have ended that were to.
    pub(super) has_ended: bool,
    /// The Leases of leaders that this run has ended.
    pub(super) release: Release,
}

impl Live {
    /// To be called before [`confine()`](crate::recovery::confine()).
    pub fn begin(
        root: Arc<Root>,
        plane: Arc<ControlPlane>,
        plan: RestartPlan,
        written: Written,
        observe: fn(&Root) -> ControlPlane,
    ) -> Result<Self, UnconfinedError> {
        let release = Release::new(&root, &plane);
        Ok(Self {
            root,
            plane,
            plan,
            observe,
            unconfined: Unconfined::begin()?,
            written,
            has_ended: false,
            release,
        })
    }

    /// What is not done that could have been expected.
    pub(in crate::recovery) fn notes(self) -> Vec<String> {
        self.plan.notes
    }

    /// Looks at the manifests again, after some have come back.
    pub(super) fn look_again(&mut self) {
        let plane = (self.observe)(&self.root);
        self.plan.add_ends(&plane);
        self.plane = Arc::new(plane);
    }

    /// Notes that a file was just put in place.
    pub(in crate::recovery) fn note(
        &mut self,
        path: PathBuf,
        content: Sha256Digest,
        now: Duration,
    ) {
        self.written.note(path, content, now);
    }

    /// What runs, seen by the thread that may look into the namespaces of others.
    pub(super) fn running(&self) -> Result<Vec<RunningComponent>, UnconfinedError> {
        let (root, plane) = (Arc::clone(&self.root), Arc::clone(&self.plane));
        self.unconfined.run(move || running(&root, &plane))
    }

    /// Notes that no leader of this component lives on this node, whose Lease its successor would wait for.
    pub(super) fn note_ended(&mut self, component: &str, at: OffsetDateTime) {
        self.release.expect(&self.plane, component, at);
    }
}
