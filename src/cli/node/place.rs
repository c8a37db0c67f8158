//! Where a bundle's credential goes: in the place of the kubelet's own.

use std::path::Path;

use super::super::exit::Exit;
use super::super::failure::Failure;
use crate::bundle::NodeBundle;
use crate::inventory::{Inventory, Location, ObservationError};
use crate::issuance::{FileChange, KUBELET_CREDENTIAL, Rotation};
use crate::node::{self, Present, Root};
use crate::plan::{Refusal, RefusalCode};

/// The new dated file, and the link to it.
pub(super) fn changes(
    root: &Root,
    inventory: &Inventory,
    bundle: &NodeBundle,
) -> Result<Vec<FileChange>, Failure> {
    let Some(entry) = inventory.credential(KUBELET_CREDENTIAL) else {
        let path = root.outside(Path::new("/etc/kubernetes/kubelet.conf"));
        return Err(no_link(&path));
    };
    let content = entry.content.as_ref();
    let certificate = entry.certificate();
    let (link, found, taken): (&Path, Present, &[String]) = match (&entry.missing, &entry.location)
    {
        (Some(missing), location) => {
            let taken = match location {
                Location::KubeletPem { taken, .. } => taken.as_slice(),
                Location::PkiFile { .. } | Location::KubeconfigUser { .. } => &[],
            };
            (&missing.link, missing.found.clone(), taken)
        }
        (
            None,
            Location::KubeletPem {
                link,
                destination,
                taken,
            },
        ) => (link, Present::Link(destination.clone()), taken),
        (None, location) => {
            return Err(match content {
                Err(error) => unreadable(error),
                Ok(_) => no_link(&root.outside(location.path())),
            });
        }
    };
    if let (Err(error), None) = (content, &entry.missing) {
        return Err(unreadable(error));
    }
    let rotation = Rotation {
        link,
        found,
        taken,
        model: content.ok().map(|content| content.file.path.clone()),
        before: certificate.cloned(),
    };
    bundle
        .credential
        .install(KUBELET_CREDENTIAL, rotation, node::now())
        .map_err(|error| Failure::of(Exit::Refused, &error).hint("nothing was changed"))
}

fn unreadable(error: &ObservationError) -> Failure {
    Failure::refused(&[Refusal::of_observation(KUBELET_CREDENTIAL, error)])
}

/// A kubeconfig with its credential in it, or in files that no rotation keeps up.
fn no_link(path: &Path) -> Failure {
    let link = "/var/lib/kubelet/pki/kubelet-client-current.pem";
    Failure::refused(&[Refusal {
        code: RefusalCode::KubeconfigOtherLogin,
        subject: path.display().to_string(),
        evidence: "kubelet.conf does not name the link of the kubelet's rotation, in the place of which a bundle is installed"
            .to_owned(),
        remedy: format!("name it there: client-certificate: {link}, client-key: {link}"),
    }])
}
