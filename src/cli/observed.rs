//! What every verb begins with: a node that may be looked at, and what was found on it.

use std::path::Path;

use super::exit::Exit;
use super::failure::Failure;
use time::OffsetDateTime;

use crate::inventory::{Inventory, KUBERNETES_FOLDER};
use crate::node::{self, NodeLock, Root};
use crate::pki::Certificate;
use crate::plan::{Refusal, RefusalCode, second};
use crate::recovery;

/// Reads the node, if this user may, with what tells the time: something may be signed.
pub(super) fn observe(root: &Root) -> Result<Inventory, Failure> {
    let mut inventory = look(root)?;
    inventory.observe_clock(root);
    Ok(inventory)
}

/// The same for who signs nothing.
pub(super) fn look(root: &Root) -> Result<Inventory, Failure> {
    demand_root(root)?;
    Ok(Inventory::observe(root))
}

/// The same, of a node that is a control plane of kubeadm's.
pub(super) fn observe_control_plane(root: &Root) -> Result<Inventory, Failure> {
    let inventory = observe_node(root)?;
    demand_control_plane(root, &inventory)?;
    Ok(inventory)
}

/// Fails on a worker.
pub(super) fn demand_control_plane(root: &Root, inventory: &Inventory) -> Result<(), Failure> {
    if inventory.is_worker() {
        return Err(worker(root, inventory));
    }
    Ok(())
}

/// Until when the credential of a worker's kubelet is valid, if it is a worker and that has not ended.
pub(super) fn worker_valid_until(inventory: &Inventory) -> Option<OffsetDateTime> {
    let kubelet = inventory.original("kubelet.conf")?;
    let end = kubelet.not_after();
    (inventory.is_worker() && end > node::now()).then_some(end)
}

/// What can be said of a worker: whose turn it is.
fn worker(root: &Root, inventory: &Inventory) -> Failure {
    let Refusal {
        code,
        evidence,
        remedy,
        ..
    } = Refusal::of_worker(inventory);
    let valid_until = worker_valid_until(inventory);
    let kubelet = inventory.original("kubelet.conf");
    let until = match (valid_until, kubelet.map(Certificate::not_after)) {
        (Some(end), _) => format!("; its kubelet's certificate is valid until {}", second(end)),
        (None, Some(end)) => format!("; its kubelet's certificate ended at {}", second(end)),
        (None, None) => String::new(),
    };
    let failure = Failure::new(Exit::ActionNeeded, format!("{evidence}{until}"));
    let failure = if valid_until.is_some() {
        failure.hint(format!(
            "nothing, while that is so; whether the kubelet runs on it: {}",
            root.command("verify")
        ))
    } else {
        failure.hint(remedy)
    };
    failure.runbook(code.as_str())
}

/// The same, of any node of a kubeadm cluster.
pub(super) fn observe_node(root: &Root) -> Result<Inventory, Failure> {
    let inventory = look(root)?;
    demand_node(root, &inventory)?;
    Ok(inventory)
}

/// Fails where there is no node of a kubeadm cluster.
pub(super) fn demand_node(root: &Root, inventory: &Inventory) -> Result<(), Failure> {
    if inventory.is_control_plane() || inventory.is_worker() {
        return Ok(());
    }
    Err(no_node(root))
}

/// There is nothing of a kubeadm cluster here.
pub(super) fn no_node(root: &Root) -> Failure {
    let path = root.path().display();
    let message = format!("{path} is no control-plane node of kubeadm's");
    // Somebody named what lies in a node's folder.
    let is_within = ["/pki", "/manifests", "/admin.conf"]
        .iter()
        .any(|name| root.exists(Path::new(name)));
    let hint = if is_within || root.exists(Path::new("/kubernetes")) {
        "name the folder in which etc/kubernetes and var/lib/kubelet lie: --root DIR"
    } else {
        "name the folder of a node with --root"
    };
    Failure::new(Exit::ActionNeeded, message)
        .hint(hint)
        .runbook(RefusalCode::NoNode.as_str())
}

/// Keeps every other rekindle from this node while the lock is held: to be taken before the node is read, so
/// that nobody changes what a plan rests on. `None` where there is no node at all: the plan will say so.
pub(super) fn lock(root: &Root) -> Result<Option<NodeLock>, Failure> {
    demand_root(root)?;
    match root.lock(Path::new(KUBERNETES_FOLDER)) {
        Ok(lock) => Ok(Some(lock)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(Failure::of_file("lock", &error)),
    }
}

/// Gives up, right before the first write, what changing files in these folders, and in that of the operator's, does not need.
pub(super) fn confine<'a>(
    root: &Root,
    folders: impl IntoIterator<Item = &'a Path>,
    operand: Option<&Path>,
) -> Result<(), Failure> {
    // An old kernel without Landlock is no reason not to recover.
    recovery::confine(root, folders, operand)
        .map(|_| ())
        .map_err(|error| Failure::of_file("disk", &error))
}

pub(super) fn demand_root(root: &Root) -> Result<(), Failure> {
    if root.is_machine() && !node::is_root() {
        return Err(Failure::not_root());
    }
    Ok(())
}
