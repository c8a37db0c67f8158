//! The kubelet's rotated credential, named and not there.

use std::path::{Path, PathBuf};

use super::ObservationError;
use super::layout::PairPaths;
use super::remains::is_ruined_pem;
use crate::elision::elide;
use crate::node::{Present, Root};

/// The link to which the kubelet's client certificates are written (`k8s.io/client-go/util/certificate`, with the pair name
/// `kubelet-client` of `k8s.io/kubernetes/pkg/kubelet/certificate`).
const CLIENT_LINK: &str = "kubelet-client-current.pem";

/// A link that `kubelet.conf` names for certificate and key, and that leads to neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingPem {
    /// Where the link belongs, a node path.
    pub link: PathBuf,
    /// What stands there: nothing, or a link that leads to nothing or to an empty file.
    pub found: Present,
}

impl MissingPem {
    /// Looks whether what the kubelet's kubeconfig names is missing in a way that a new credential mends; `error` is why it could
    /// not be read.
    pub(super) fn observe(
        root: &Root,
        paths: &PairPaths,
        error: &ObservationError,
    ) -> Option<Self> {
        let is_ruined = match error {
            ObservationError::Certificate { source, .. } => is_ruined_pem(source),
            _ => error.is_not_found(),
        };
        let link = &paths.certificate;
        if !is_ruined
            || paths.key != *link
            || link.file_name() != Path::new(CLIENT_LINK).file_name()
        {
            return None;
        }
        match root.present(link) {
            // An empty file in place of the link is somebody's doing: it stays, and is refused.
            Ok(Present::File(_)) | Err(_) => None,
            // What it leads to would be recorded, for the way back; and it may be a key that slipped there.
            Ok(Present::Link(destination)) if may_be_a_key(&destination) => None,
            Ok(found) => Some(Self {
                link: link.clone(),
                found,
            }),
        }
    }
}

fn may_be_a_key(destination: &Path) -> bool {
    let text = destination.to_string_lossy();
    *elide(&text) != *text
}
