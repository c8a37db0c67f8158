//! The static pods' manifests: what says where everything else is.

use std::path::{Path, PathBuf};

use super::ObservationError;
use crate::digest::Sha256Digest;
use crate::kubernetes::{Component, StaticPod};
use crate::node::{Metadata, Root, Secrecy};

/// The manifest of one component, as it was read.
#[derive(Debug)]
pub struct Manifest {
    /// Which component.
    pub component: Component,
    /// The node path, links resolved.
    pub path: PathBuf,
    /// SHA-256 of the file.
    pub digest: Sha256Digest,
    /// Owner, mode, and the time of its last change.
    pub metadata: Metadata,
    /// What it says.
    pub pod: StaticPod,
}

impl Manifest {
    /// Reads the manifest of `component` in `folder`; `None` where there is no such file.
    pub(super) fn observe(
        root: &Root,
        folder: &Path,
        component: Component,
    ) -> Result<Option<Self>, ObservationError> {
        let path = folder.join(format!("{component}.yaml"));
        let file = match root.read(&path, Secrecy::Public) {
            Err(error) if error.is_not_found() => return Ok(None),
            other => other?,
        };
        let pod = StaticPod::parse(&file.bytes).map_err(|source| ObservationError::Manifest {
            path: root.outside(&path),
            source,
        })?;
        Ok(Some(Self {
            component,
            path: file.path,
            digest: file.digest,
            metadata: file.metadata,
            pod,
        }))
    }

    /// The value of a flag, where it is set to something.
    pub fn flag(&self, name: &str) -> Option<&str> {
        self.pod.filled_flag(name)
    }
}
