//! What kubeadm lays out on a control-plane node, and how its files read: kubeconfigs, static pod manifests and the
//! kubelet's own configuration. Pure: bytes in, values or bytes out; no file is opened here and no clock read.
//!
//! | file on the node | type |
//! |---|---|
//! | `/etc/kubernetes/*.conf` | [`kubeconfig::Kubeconfig`], the one kind of file that is also edited |
//! | `/etc/kubernetes/manifests/*.yaml` | [`static_pod::StaticPod`] |
//! | `/var/lib/kubelet/config.yaml` | [`kubelet::KubeletConfig`] |
//! | `/var/lib/kubelet/kubeadm-flags.env` | [`kubelet::KubeletFlags`] |
//!
//! All YAML comes in through [`document`], which refuses what could be read in two ways.

pub mod document;
pub mod flags;
pub mod kubeconfig;
pub mod kubelet;
pub mod static_pod;
