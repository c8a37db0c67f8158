//! What a control plane on this node consists of, where it serves and what it reads. Nothing is assumed to be at its default.
//!
//! Pure: what runs of it is for the kernel to say (`running_components` of `node`).

mod address;
mod etcd_cluster;
mod expected;
mod lease;
mod static_pod;

pub use etcd_cluster::EtcdCluster;
pub use expected::{ControlPlane, Etcd, Kubelet, KubeletAlone, Serving};
pub use lease::LeaseName;
pub use static_pod::ExpectedPod;
