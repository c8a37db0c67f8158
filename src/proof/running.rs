//! What runs of a control plane, seen by all conditions that ask for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::control_plane::ControlPlane;
use crate::kubernetes::Component;
use crate::node::{Root, RunningComponent, running_components};

/// For so long what was seen is new enough: a look reads an entry of `/proc` for every process of the machine, and a
/// condition looks ten times a second.
const NEW_ENOUGH: Duration = Duration::from_millis(50);

/// What runs of the control plane, and not of anything that is only called so.
pub fn running(root: &Root, plane: &ControlPlane) -> Vec<RunningComponent> {
    let mut running = running_components(root);
    running.retain(|process| plane.owns(&process.name, &process.arguments));
    running
}

/// One look for all who ask at the same time.
#[derive(Debug)]
pub(super) struct Running {
    root: Arc<Root>,
    plane: Arc<ControlPlane>,
    seen: Mutex<Option<(Instant, Vec<RunningComponent>)>>,
}

impl Running {
    pub(super) fn new(root: &Arc<Root>, plane: &Arc<ControlPlane>) -> Self {
        Self {
            root: Arc::clone(root),
            plane: Arc::clone(plane),
            seen: Mutex::default(),
        }
    }

    pub(super) fn root(&self) -> &Root {
        &self.root
    }

    pub(super) fn plane(&self) -> &ControlPlane {
        &self.plane
    }

    /// The processes of a component, the oldest first.
    pub(super) fn of(&self, component: Component) -> Vec<RunningComponent> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen
            .as_ref()
            .is_none_or(|(at, _)| at.elapsed() > NEW_ENOUGH)
        {
            *seen = Some((Instant::now(), running(&self.root, &self.plane)));
        }
        let all = seen.iter().flat_map(|(_, all)| all);
        let mut own: Vec<RunningComponent> = all
            .filter(|process| process.name == component.as_str())
            .cloned()
            .collect();
        own.sort_by_key(|process| process.started);
        own
    }
}
