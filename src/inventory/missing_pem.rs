//! The kubelet's rotated credential, named and not there.

use std::path::{Path, PathBuf};

use super::layout::PairPaths;
use super::remains::{Content, is_ruined};
use super::slot::can_be_made;
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
    /// Looks whether what the kubelet's kubeconfig names is missing or ruined in a way that a new credential mends.
    pub(super) fn observe(root: &Root, paths: &PairPaths, content: &Content) -> Option<Self> {
        let link = &paths.certificate;
        if !is_ruined(content)
            || paths.key != *link
            || link.file_name() != Path::new(CLIENT_LINK).file_name()
        {
            return None;
        }
        Self::of_link(root, link)
    }

    /// The link in the kubelet's folder of certificates, whatever it leads to: for a kubelet whose kubeconfig is gone, too.
    pub(super) fn at(root: &Root, kubelet_certificates: &Path) -> Option<Self> {
        Self::of_link(root, &kubelet_certificates.join(CLIENT_LINK))
    }

    fn of_link(root: &Root, link: &Path) -> Option<Self> {
        match root.present(link) {
            // Not even its folder is there.
            Err(error) if error.is_not_found() && can_be_made(root, link) => Some(Self {
                link: link.to_owned(),
                found: Present::Nothing,
            }),
            // An empty file in place of the link is somebody's doing: it stays, and is refused.
            Ok(Present::File(_)) | Err(_) => None,
            // What it leads to would be recorded, for the way back; and it may be a key that slipped there.
            Ok(Present::Link(destination)) if may_be_a_key(&destination) => None,
            Ok(found) => Some(Self {
                link: link.to_owned(),
                found,
            }),
        }
    }
}

fn may_be_a_key(destination: &Path) -> bool {
    let text = destination.to_string_lossy();
    *elide(&text) != *text
}
