//! Whom a node trusts as its cluster's authority, where it may be no control plane: what is on it already, and nothing that
//! somebody brings.

use std::path::Path;

use time::OffsetDateTime;

use super::{Inventory, ObservationError};
use crate::kubernetes::{AuthorityName, Cluster, Clusters, KubeletConfig, Source};
use crate::node::{FileError, Root, Secrecy};
use crate::pki::{Certificate, read_certificates};

/// The kubelet's kubeconfig, as kubeadm lays it out.
const KUBELET_KUBECONFIG: &str = "/etc/kubernetes/kubelet.conf";

/// The cluster's authority, as this node has it.
#[derive(Debug)]
pub struct NodeTrust {
    /// Where it was found, as outside the root; empty where there is none.
    pub source: String,
    /// Its certificates.
    pub certificates: Vec<Certificate>,
}

impl NodeTrust {
    /// The first of: the cluster's `ca.crt`; the `clientCAFile` of the kubelet's configuration; what `kubelet.conf` holds its
    /// API server against. One that is there and cannot be read is an error: the next one is not asked instead.
    pub fn observe(root: &Root, inventory: &Inventory) -> Result<Self, ObservationError> {
        let cluster = inventory.authority(AuthorityName::Cluster);
        let own = cluster.map_or_else(
            || inventory.layout.certificates.join("ca.crt"),
            |entry| entry.certificate_path.clone(),
        );
        let kubelet = inventory.layout.kubelet.as_ref();
        let configured = kubelet.and_then(KubeletConfig::client_ca_file);
        for path in [Some(own.as_path()), configured.map(Path::new)] {
            if let Some(trust) = path.map(|path| of_file(root, path)).transpose()?.flatten() {
                return Ok(trust);
            }
        }
        let kubeconfig = Path::new(KUBELET_KUBECONFIG);
        let Some(file) = optional(root.read(kubeconfig, Secrecy::Secret))? else {
            return Ok(Self::nothing());
        };
        let outside = root.outside(&file.path);
        let clusters = Clusters::parse(&file.bytes);
        let clusters = clusters.map_err(|source| ObservationError::Kubeconfig {
            path: outside.clone(),
            source,
        })?;
        let cluster = clusters.current().ok();
        match cluster.and_then(Cluster::certificate_authority) {
            Some(Source::Embedded(pem)) => Ok(Self {
                certificates: read_certificates(pem).map_err(|source| {
                    ObservationError::Certificate {
                        path: outside.clone(),
                        source,
                    }
                })?,
                source: format!("{} (certificate-authority-data)", outside.display()),
            }),
            Some(Source::File(named)) => {
                let folder = kubeconfig.parent().unwrap_or(kubeconfig);
                let found = of_file(root, &folder.join(named))?;
                Ok(found.unwrap_or_else(Self::nothing))
            }
            None => Ok(Self::nothing()),
        }
    }

    /// When the last of its certificates ends.
    pub fn end(&self) -> Option<OffsetDateTime> {
        self.certificates.iter().map(Certificate::not_after).max()
    }

    fn nothing() -> Self {
        Self {
            source: String::new(),
            certificates: Vec::new(),
        }
    }
}

fn of_file(root: &Root, path: &Path) -> Result<Option<NodeTrust>, ObservationError> {
    let Some(file) = optional(root.read(path, Secrecy::Public))? else {
        return Ok(None);
    };
    let outside = root.outside(&file.path);
    match read_certificates(&file.bytes) {
        Ok(certificates) => Ok(Some(NodeTrust {
            source: outside.display().to_string(),
            certificates,
        })),
        Err(source) => Err(ObservationError::Certificate {
            path: outside,
            source,
        }),
    }
}

fn optional<T>(read: Result<T, FileError>) -> Result<Option<T>, FileError> {
    match read {
        Err(error) if error.is_not_found() => Ok(None),
        other => other.map(Some),
    }
}
