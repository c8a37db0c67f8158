//! What kubeadm lays out on a control-plane node, and how its files read: kubeconfigs, static pod manifests and the
//! kubelet's own configuration. Pure: bytes in, values or bytes out; no file is opened here and no clock read.
//!
//! | file on the node | type |
//! |---|---|
//! | the catalog of names and places | [`CATALOG`], [`AUTHORITIES`] |
//! | what kubeadm puts into a certificate of the catalog | [`leaf_profile`] |
//! | `/etc/kubernetes/*.conf` | [`Kubeconfig`], [`Clusters`], the one kind of file that is also edited, and written anew |
//! | `/etc/kubernetes/manifests/*.yaml` | [`StaticPod`]; of its flags [`ServiceCidrs`], [`EtcdMembers`]; of its image [`KubernetesVersion`] |
//! | `/var/lib/kubelet/config.yaml` | [`KubeletConfig`] |
//! | what `--authentication-config` names | [`AuthenticationConfiguration`] |
//! | `/var/lib/kubelet/kubeadm-flags.env`, `/etc/default/kubelet` | [`KubeletFlags`] |
//!
//! All YAML comes in through one reader, which refuses what could be read in two ways.

mod authentication_configuration;
mod catalog;
mod document;
mod endpoint;
mod etcd_members;
mod flags;
mod kubeconfig;
mod kubelet;
mod leaf;
mod stamp;
mod static_pod;
mod version;

pub use authentication_configuration::{
    AnonymousAccess, AuthenticationConfiguration, AuthenticationConfigurationError, ClaimMapping,
    JwtAuthenticator,
};
pub use catalog::{
    ADMINISTRATORS, AUTHORITIES, AuthorityCatalogEntry, AuthorityName, CATALOG, CatalogEntry,
    Component, Expected, PairFlags, Place,
};
pub use document::DocumentError;
pub use endpoint::{endpoint, hosts, without_password};
pub use etcd_members::{EtcdMember, EtcdMembers, EtcdMembersError, quorum};
pub use kubeconfig::{
    Cluster, Clusters, Composition, Context, Contexts, Credential as KubeconfigCredential,
    KeySource, Kubeconfig, KubeconfigError, Login, Logins, Source,
};
pub use kubelet::{
    KubeletConfig, KubeletConfigError, KubeletFlags, KubeletFlagsError, NODES_GROUP, node_name,
    node_of_user, user_of_node,
};
pub use leaf::{
    LeafProfile, LeafProfileError, MASTERS_GROUP, MissingFact, NodeFacts, ServiceCidrs,
    ServiceCidrsError, is_above_rbac, leaf_profile,
};
pub use stamp::{STAMP, StampError, stamp};
pub use static_pod::{Deviation, StaticPod, StaticPodError};
pub use version::{KubernetesVersion, KubernetesVersionError};
