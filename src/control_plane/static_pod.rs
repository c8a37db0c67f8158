//! One static pod, as its manifest describes it.

use std::path::PathBuf;

use super::LeaseName;
use crate::inventory::Manifest;
use crate::kubernetes::{Component, StaticPod};

/// A component that the kubelet is to run as a static pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedPod {
    /// Which one.
    pub component: Component,
    /// Its manifest.
    pub manifest: PathBuf,
    /// The kubeconfig that it reads when it starts, and not again (`k8s.io/client-go`: an embedded credential is part of
    /// the client's configuration).
    pub kubeconfig: Option<PathBuf>,
    /// What the manifest says.
    pub pod: StaticPod,
    /// The Lease that it renews while it leads; none where it elects no leader.
    pub lease: Option<LeaseName>,
}

impl ExpectedPod {
    pub(super) fn of(manifest: &Manifest) -> Self {
        let component = manifest.component;
        let elects = matches!(
            component,
            Component::ControllerManager | Component::Scheduler
        );
        Self {
            component,
            manifest: manifest.path.clone(),
            pod: manifest.pod.clone(),
            kubeconfig: manifest.flag("kubeconfig").map(PathBuf::from),
            lease: (elects && manifest.flag("leader-elect") != Some("false"))
                .then(|| lease(manifest)),
        }
    }

    /// Whether a process of that program is this pod's: another etcd, or another scheduler, may serve a workload in the node's own
    /// network.
    pub fn is_run_with(&self, arguments: &[String]) -> bool {
        match self.component {
            Component::Etcd => self.pod.agrees("data-dir", arguments),
            Component::ControllerManager | Component::Scheduler => {
                self.pod.agrees("kubeconfig", arguments)
            }
            Component::ApiServer | Component::Kubelet => true,
        }
    }
}

/// `--leader-elect-resource-…` (`k8s.io/component-base/config/options`), with the defaults of both components.
fn lease(manifest: &Manifest) -> LeaseName {
    let named = |flag, default: &str| manifest.flag(flag).unwrap_or(default).to_owned();
    LeaseName {
        namespace: named("leader-elect-resource-namespace", "kube-system"),
        name: named("leader-elect-resource-name", manifest.component.as_str()),
    }
}
