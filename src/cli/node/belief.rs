//! Whether a bundle is to be believed on this node, and is for this host.

use std::path::Path;

use super::super::failure::Failure;
use crate::bundle::{BundleError, NodeBundle};
use crate::evidence::with_causes;
use crate::inventory::{Inventory, NodeTrust};
use crate::node::{self, LARGEST_OPERAND, MACHINE_ID, Root, Secrecy, read_operand};
use crate::plan::{Refusal, RefusalCode, second};

/// Reads the bundle, and believes what the CA on this node vouches for.
pub(super) fn open(root: &Root, inventory: &Inventory, path: &Path) -> Result<NodeBundle, Failure> {
    let again =
        "have it made anew on a control plane: rekindle node issue NAME=MACHINE-ID --out DIR";
    let bytes =
        read_operand(path, LARGEST_OPERAND).map_err(|error| Failure::of_file("bundle", &error))?;
    let trust = NodeTrust::observe(root, inventory)
        .map_err(|error| Failure::refused(&[Refusal::of_observation("cluster CA", &error)]))?;
    if trust.certificates.is_empty() {
        let evidence = format!(
            "{} has no certificate of its cluster's CA: neither ca.crt, nor the kubelet's clientCAFile, nor one in kubelet.conf",
            root.path().display()
        );
        let remedy = "bring ca.crt here by a way that you trust: install -m 0644 ca.crt /etc/kubernetes/pki/ca.crt";
        return Err(refused(
            RefusalCode::BundleNotTrusted,
            path,
            evidence,
            remedy.to_owned(),
        ));
    }
    let now = node::now();
    if let Some(end) = trust.end().filter(|end| *end <= now) {
        let evidence = format!(
            "the CA that is trusted here, {}, ended at {}: with it no kubelet believes its API server",
            trust.source,
            second(end)
        );
        let remedy = "bring the CA's new certificate here first (ca.crt and kubelet.conf), as rekindle runbook ca-reissue has it for workers";
        return Err(refused(
            RefusalCode::BundleNotTrusted,
            path,
            evidence,
            remedy.to_owned(),
        ));
    }
    NodeBundle::open(&bytes, &trust.certificates, now).map_err(|error| {
        let evidence = with_causes(&error);
        let (code, evidence, remedy) = match &error {
            BundleError::OutsideValidity {
                not_before,
                not_after,
                now,
            } => (
                RefusalCode::BundleExpired,
                format!(
                    "it is valid from {} to {}, and the clock says {}",
                    second(*not_before),
                    second(*not_after),
                    second(*now)
                ),
                format!("see whether the clock of this node is right: date -u; if it is, {again}"),
            ),
            error if error.is_distrust() => (
                RefusalCode::BundleNotTrusted,
                format!("{evidence}; trusted here is {}", trust.source),
                format!("find out who made it; if this is the right cluster, {again}"),
            ),
            _ => (
                RefusalCode::BundleDamaged,
                evidence,
                format!("copy it here once more, as it is; if it is the same there, {again}"),
            ),
        };
        refused(code, path, evidence, remedy)
    })
}

/// The same name and the same machine, or nothing.
pub(super) fn demand_this_host(
    root: &Root,
    inventory: &Inventory,
    bundle: &NodeBundle,
    path: &Path,
) -> Result<(), Failure> {
    let taken = &inventory.node_names.taken;
    let name = taken.name.as_deref();
    let machine_id = machine_id(root)?;
    let mut denials = Vec::new();
    if name != Some(bundle.node.as_str()) {
        denials.push(match name {
            Some(name) => format!("the node here is `{name}` ({})", taken.source),
            None => format!("{} has no name that a node can have", taken.source),
        });
    }
    if machine_id != bundle.machine_id.as_str() {
        denials.push(format!("the machine id here is {machine_id}"));
    }
    if denials.is_empty() {
        return Ok(());
    }
    let evidence = format!(
        "it is for the node `{}` on the machine {}, and {}",
        bundle.node,
        bundle.machine_id,
        denials.join(", and ")
    );
    let remedy = match name {
        Some(name) => format!(
            "install it where it belongs; for this host: rekindle node issue {name}={machine_id} --out DIR, on a control plane"
        ),
        None => "install it where it belongs".to_owned(),
    };
    Err(refused(
        RefusalCode::BundleForAnotherHost,
        path,
        evidence,
        remedy,
    ))
}

fn machine_id(root: &Root) -> Result<String, Failure> {
    let file = root
        .read(Path::new(MACHINE_ID), Secrecy::Public)
        .map_err(|error| Failure::of_file("machine id", &error))?;
    Ok(String::from_utf8_lossy(&file.bytes).trim().to_owned())
}

fn refused(code: RefusalCode, subject: &Path, evidence: String, remedy: String) -> Failure {
    Failure::refused(&[Refusal {
        code,
        subject: subject.display().to_string(),
        evidence,
        remedy,
    }])
}
