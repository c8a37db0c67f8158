//! A pod, and the Secrets that its containers are given.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::super::protobuf::{InvalidMessage, all, last, text};
use super::pod_json::Document;
use super::{Metadata, Object};

/// A pod. What counts as a use of a Secret is what Kubernetes counts (`k8s.io/kubernetes/pkg/api/v1/pod/util.go`,
/// `VisitPodSecretNames`): volumes of every kind that takes one, and the environment of every container. Not those for pulling
/// images, which are of another type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Document")]
pub struct Pod {
    /// Its metadata.
    pub metadata: Metadata,
    /// The names of the Secrets in its own namespace that it uses.
    pub secrets: BTreeSet<String>,
}

/// Kinds of volumes that name a Secret: the number of the kind in `VolumeSource`, and in it that of the reference, which has the name
/// under 1. In this order: flexVolume, cephfs, cinder, rbd, iscsi, scaleIO, storageos, csi.
const REFERENCES: [(u64, u64); 8] = [
    (12, 3),
    (14, 5),
    (13, 4),
    (11, 7),
    (8, 10),
    (25, 3),
    (27, 5),
    (28, 5),
];
/// Those that name it themselves, under 1: secret, azureFile.
const NAMES: [u64; 2] = [6, 18];
/// `projected`, whose sources may be Secrets.
const PROJECTED: u64 = 26;

impl Object for Pod {
    const KIND: &'static str = "Pod";

    fn from_protobuf(message: &[u8]) -> Result<Self, InvalidMessage> {
        let metadata = Metadata::from_protobuf(last(message, 1)?.unwrap_or_default())?;
        let spec = last(message, 2)?.unwrap_or_default();
        let mut secrets = BTreeSet::new();
        for volume in all(spec, 1) {
            let volume = volume?;
            volume_secrets(last(volume, 2)?.unwrap_or_default(), &mut secrets)?;
        }
        // Containers, then those that start before them.
        for number in [2, 20] {
            for container in all(spec, number) {
                let container = container?;
                container_secrets(container, &mut secrets)?;
            }
        }
        for ephemeral in all(spec, 34) {
            let ephemeral = ephemeral?;
            container_secrets(last(ephemeral, 1)?.unwrap_or_default(), &mut secrets)?;
        }
        secrets.remove("");
        Ok(Self { metadata, secrets })
    }
}

fn volume_secrets(source: &[u8], secrets: &mut BTreeSet<String>) -> Result<(), InvalidMessage> {
    for kind in NAMES {
        for volume in all(source, kind) {
            let volume = volume?;
            secrets.insert(text(volume, 1)?);
        }
    }
    for (kind, reference) in REFERENCES {
        for volume in all(source, kind) {
            let volume = volume?;
            secrets.insert(text(last(volume, reference)?.unwrap_or_default(), 1)?);
        }
    }
    for projected in all(source, PROJECTED) {
        let projected = projected?;
        for projection in all(projected, 1) {
            let projection = projection?;
            let secret = last(projection, 1)?.unwrap_or_default();
            secrets.insert(text(last(secret, 1)?.unwrap_or_default(), 1)?);
        }
    }
    Ok(())
}

fn container_secrets(
    container: &[u8],
    secrets: &mut BTreeSet<String>,
) -> Result<(), InvalidMessage> {
    for variable in all(container, 7) {
        let variable = variable?;
        let source = last(variable, 3)?.unwrap_or_default();
        let selector = last(source, 4)?.unwrap_or_default();
        secrets.insert(text(last(selector, 1)?.unwrap_or_default(), 1)?);
    }
    for source in all(container, 19) {
        let source = source?;
        let secret = last(source, 3)?.unwrap_or_default();
        secrets.insert(text(last(secret, 1)?.unwrap_or_default(), 1)?);
    }
    Ok(())
}
