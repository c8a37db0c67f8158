//! Where a node has the files that a run replaces: what a journal names elsewhere is none of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::layout::{KUBELET_CONFIG, KUBELET_FLAGS, KUBELET_FOLDER};
use super::{KUBERNETES_FOLDER, Layout};
use crate::kubernetes::CATALOG;
use crate::node::Root;

/// The places of certificates and kubeconfigs, links resolved.
#[derive(Debug)]
pub struct Places {
    /// They lie beneath these folders,
    folders: BTreeSet<PathBuf>,
    /// and not beneath this one, in which each file becomes a pod.
    manifests: Option<PathBuf>,
}

impl Places {
    /// As the node's own files say; where those cannot be read, kubeadm's.
    pub fn observe(root: &Root) -> Self {
        let layout = Layout::observe(root);
        let pairs = CATALOG.iter().filter_map(|entry| layout.pair(entry));
        let kubeconfigs = CATALOG.iter().filter_map(|entry| layout.kubeconfig(entry));
        let files = pairs.map(|pair| pair.certificate).chain(kubeconfigs);
        let own = [
            PathBuf::from(KUBERNETES_FOLDER),
            PathBuf::from(KUBELET_FOLDER),
            layout.certificates.clone(),
            layout.kubelet_certificates.clone(),
        ];
        let named = files.filter_map(|file| file.parent().map(Path::to_owned));
        let folders = own.into_iter().chain(named);
        Self {
            folders: folders
                .filter_map(|folder| root.resolved_folder(&folder))
                // A flag that names a file there says nothing about all others.
                .filter(|folder| folder != Path::new("/"))
                .collect(),
            manifests: root.resolved_folder(&layout.manifests_folder),
        }
    }

    /// Whether `target` is in such a place; the manifests and the kubelet's configuration, which no run replaces, are not.
    pub fn have(&self, root: &Root, target: &Path) -> bool {
        let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else {
            return false;
        };
        let Some(parent) = root.resolved_folder(parent) else {
            return false;
        };
        let target = parent.join(name);
        let is_beneath = |folder: &PathBuf| parent.starts_with(folder);
        self.folders.iter().any(is_beneath)
            && !self.manifests.as_ref().is_some_and(is_beneath)
            && [KUBELET_CONFIG, KUBELET_FLAGS]
                .iter()
                .all(|file| target != Path::new(file))
    }
}
