//! A control plane of real processes for a story: etcd, API server, controller-manager and scheduler, kept running by what takes
//! the kubelet's place.

use std::time::Instant;

use crate::support::interruption::{PATIENCE, wait_for};
use crate::support::node::Node;
use crate::support::program::rekindle;

use super::page::Page;
pub use super::programs::CONTROL_PLANE;
use super::programs::find;
use super::story::Story;

/// The node that it runs on.
pub const NODE: &str = "ecdsa-p256-stacked";

/// What a cluster with one node has, which no kubelet makes here.
const OBJECTS: &str = r"
apiVersion: v1
kind: Node
metadata: {name: cp-1}
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: cp-1, namespace: kube-node-lease}
spec: {holderIdentity: cp-1, leaseDurationSeconds: 40}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: 'kubeadm:cluster-admins'}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'kubeadm:cluster-admins'}]
";

/// A story on a node whose certificates are good, with these components running; `None`, with a line that says why, where there are no
/// programs or no namespaces.
pub fn living<'page>(page: &'page mut Page, components: &[&str]) -> Option<Story<'page>> {
    living_on(page, components, |_| {})
}

/// The same on a node that was prepared.
pub fn living_on<'page>(
    page: &'page mut Page,
    components: &[&str],
    prepare: impl FnOnce(&Node),
) -> Option<Story<'page>> {
    let needed = || CONTROL_PLANE.iter().chain(&["kubectl"]);
    if !needed().all(|program| find(program).is_some()) {
        println!(
            "skipped: {}: neither KUBE_BIN_DIR nor the cache of the rehearsals has a control plane",
            page.path()
        );
        return None;
    }
    let node = Node::materialize_with_room(NODE);
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    node.shell("rm -r var/lib/rekindle");
    prepare(&node);
    let mut story = page.begin(node)?;
    story
        .machine()
        .shell("ln -s /run/control-plane/kube-* /run/bin/");
    story
        .machine()
        .shell("echo 192.0.2.10 api.example.test >>/etc/hosts");
    story.with_kubelet();
    story.machine().start_kubelet(components);
    wait_until_ready(&story);
    kubectl(&story, &format!("apply -f - <<'END'\n{OBJECTS}\nEND"));
    Some(story)
}

/// Everything expires, and the node is booted again; of earlier runs nothing is left.
pub fn strike(story: &Story<'_>) {
    stop(story);
    rekindle(story.machine().node().path(), &["expire"]).expect(0);
    story.machine().shell("rm -rf /var/lib/rekindle");
    story.machine().start_kubelet(&CONTROL_PLANE);
    let metrics =
        "curl -s http://127.0.0.1:2381/metrics | grep -c ^etcd_debugging_mvcc_keys_total || true";
    wait_for(|| (story.machine().shell(metrics) == "1\n").then_some(()));
}

/// Ends the kubelet and all that it started.
pub fn stop(story: &Story<'_>) {
    let machine = story.machine();
    machine.shell("/run/bin/systemctl stop kubelet");
    for component in CONTROL_PLANE.iter().rev() {
        for pid in machine.pids_of(component) {
            machine.shell(&format!("kill {pid} || true"));
        }
        wait_for(|| machine.pid_of(component).is_none().then_some(()));
    }
}

/// Until the API server takes the administrator who is above RBAC.
///
/// # Panics
/// With its last words if it does not.
pub fn wait_until_ready(story: &Story<'_>) {
    let ready = "/run/bin/kubectl --kubeconfig /etc/kubernetes/super-admin.conf get --raw /readyz 2>&1 || true";
    let begin = Instant::now();
    while story.machine().shell(ready) != "ok" {
        let log = story.machine().log_of("kube-apiserver");
        let last: Vec<&str> = log.lines().rev().take(5).collect();
        assert!(begin.elapsed() < PATIENCE, "{last:#?}");
    }
}

/// Runs kubectl as that administrator; what it said.
#[track_caller]
pub fn kubectl(story: &Story<'_>, arguments: &str) -> String {
    story.machine().shell(&format!(
        "/run/bin/kubectl --kubeconfig /etc/kubernetes/super-admin.conf {arguments}"
    ))
}
