//! Which conditions a control plane has to meet.

use std::sync::Arc;

use super::api_server::ApiServer;
use super::finding::{Condition, Finding, State};
use super::running::Running;
use super::written::Written;
use super::{certificate, etcd, kubelet, lease, process};
use crate::control_plane::{ControlPlane, Etcd};
use crate::kubernetes::Component;
use crate::node::Root;

/// Looks at a condition; remembers what it saw before where that matters.
pub(super) type Look = Box<dyn FnMut() -> State + Send>;

/// A condition, and how it is looked at.
pub(super) struct Watched {
    pub(super) subject: &'static str,
    pub(super) condition: Condition,
    pub(super) look: Look,
}

/// All of them, those of one component together.
pub(super) fn conditions(
    root: &Arc<Root>,
    plane: &Arc<ControlPlane>,
    written: &Arc<Written>,
) -> Vec<Watched> {
    // A control plane of which a part is not known is not proven by the rest.
    let obstacles = plane.obstacles.iter().cloned();
    let mut watched: Vec<Watched> = obstacles
        .map(|obstacle| Watched {
            subject: "node",
            condition: Condition::Configuration,
            look: Box::new(move || State::open_with(obstacle.clone(), "mend it: rekindle check")),
        })
        .collect();
    let mut add = |component: Component, condition, look| {
        watched.push(Watched {
            subject: component.as_str(),
            condition,
            look,
        });
    };
    let running = Arc::new(Running::new(root, plane));
    for pod in &plane.pods {
        let component = pod.component;
        let look = process::of_pod(Arc::clone(&running), pod.clone(), Arc::clone(written));
        add(component, Condition::Process, look);
        for serving in plane.serving.iter().filter(|it| it.component == component) {
            let look = certificate::of(Arc::clone(root), serving.clone());
            add(component, Condition::Certificate, look);
        }
        if component == Component::Etcd
            && let Etcd::Local {
                client: Some(client),
                ..
            } = plane.etcd
        {
            let serving = plane.serving.iter().find(|it| it.address == client);
            if let Some(serving) = serving {
                let look = etcd::of(Arc::clone(root), serving.clone());
                add(component, Condition::Health, look);
            }
        }
        if component == Component::ApiServer {
            let asked = ApiServer::of(root, plane);
            for (condition, path) in [(Condition::Live, "/livez"), (Condition::Ready, "/readyz")] {
                let server = asked.clone();
                let look: Look = Box::new(move || server.health(path));
                add(component, condition, look);
            }
        }
        if let Some(name) = &pod.lease {
            let server = ApiServer::of(root, plane);
            let look = lease::of_leader(Arc::clone(&running), server, name.clone(), pod.clone());
            add(component, Condition::Lease, look);
        }
    }
    let look = match &plane.kubelet.alone {
        Some(alone) => kubelet::of_process(
            Arc::clone(&running),
            alone.credential.clone(),
            Arc::clone(written),
        ),
        None => process::of_kubelet(Arc::clone(&running), Arc::clone(written)),
    };
    add(Component::Kubelet, Condition::Process, look);
    let healthz = plane.kubelet.alone.as_ref().and_then(|alone| alone.healthz);
    if let Some(address) = healthz {
        add(
            Component::Kubelet,
            Condition::Health,
            kubelet::of_health(address),
        );
    }
    for serving in &plane.serving {
        if serving.component == Component::Kubelet {
            let look = certificate::of(Arc::clone(root), serving.clone());
            add(Component::Kubelet, Condition::Certificate, look);
        }
    }
    // Without an API server here there is nobody to ask for it.
    if let Some(name) = plane.kubelet.lease.clone()
        && plane.api_server.is_some()
    {
        let look = lease::of_node(Arc::clone(&running), ApiServer::of(root, plane), name);
        add(Component::Kubelet, Condition::Lease, look);
    }
    watched
}

/// The conditions of processes, each looked at once.
pub fn look_at_processes(
    root: &Arc<Root>,
    plane: &Arc<ControlPlane>,
    written: &Arc<Written>,
) -> Vec<Finding> {
    let mut watched = conditions(root, plane, written);
    watched.retain(|watched| watched.condition == Condition::Process);
    let look = |mut watched: Watched| Finding {
        subject: watched.subject,
        condition: watched.condition,
        state: (watched.look)(),
    };
    watched.into_iter().map(look).collect()
}
