//! The files of a node that hold no key and no certificate: manifests, and what kubeadm writes for the kubelet.

use zeroize::Zeroizing;

use super::template::fill;
use super::{CLOSED, NodeSpecification, PUBLIC};

/// A text at its node path.
pub(super) struct ConfigurationFile {
    pub(super) path: &'static str,
    pub(super) text: Zeroizing<String>,
    /// Permission bits.
    pub(super) mode: u32,
}

/// Every such file of the node.
pub(super) fn configuration_files(node: &NodeSpecification) -> Vec<ConfigurationFile> {
    let address = node.advertise_address.to_string();
    let values = [
        ("node_name", node.node_name.as_str()),
        ("advertise_address", &address),
    ];
    TEMPLATES
        .iter()
        .map(|(path, mode, template)| ConfigurationFile {
            path,
            text: fill(template, &values),
            mode: *mode,
        })
        .collect()
}

const TEMPLATES: [(&str, u32, &str); 7] = [
    (
        "/etc/kubernetes/manifests/etcd.yaml",
        CLOSED,
        include_str!("templates/etcd.yaml"),
    ),
    (
        "/etc/kubernetes/manifests/kube-apiserver.yaml",
        CLOSED,
        include_str!("templates/kube-apiserver.yaml"),
    ),
    (
        "/etc/kubernetes/manifests/kube-controller-manager.yaml",
        CLOSED,
        include_str!("templates/kube-controller-manager.yaml"),
    ),
    (
        "/etc/kubernetes/manifests/kube-scheduler.yaml",
        CLOSED,
        include_str!("templates/kube-scheduler.yaml"),
    ),
    (
        "/var/lib/kubelet/config.yaml",
        PUBLIC,
        include_str!("templates/kubelet-config.yaml"),
    ),
    (
        "/var/lib/kubelet/instance-config.yaml",
        PUBLIC,
        include_str!("templates/kubelet-instance-config.yaml"),
    ),
    (
        "/var/lib/kubelet/kubeadm-flags.env",
        PUBLIC,
        include_str!("templates/kubeadm-flags.env"),
    ),
];
