//! Everything that is on the node, read once; what comes after works from this and not from the disk.
//!
//! One thing that cannot be read never hides another: each entry carries its own error.

mod authority;
mod clock_evidence;
mod credential;
mod digest;
mod error;
mod layout;
mod manifest;
mod missing_pem;
mod node_name;
mod observe;
mod personal;
mod places;
mod remains;
mod slot;
mod trust;
mod trust_file;

pub use authority::{
    AuthorityEntry, FoundAuthority, authorities_beneath, cluster_authority,
    cluster_authority_with_new_dates, has_cluster_key, trusted_authorities,
};
pub use clock_evidence::{ClockEvidence, Trace, Witness};
pub use credential::{Credential, CredentialEntry, Issuer, KUBELET_PEM, KeyState, Location};
pub use error::ObservationError;
pub use layout::Layout;
pub use manifest::Manifest;
pub use missing_pem::MissingPem;
pub use node_name::{Named, NodeNames};
pub use observe::Inventory;
pub use personal::{CopiedUser, Copies, PersonalKubeconfig};
pub use places::Places;
pub use remains::Remains;
pub use slot::Slot;
pub use trust::NodeTrust;
pub use trust_file::{TrustFile, TrustForm};

/// Where kubeadm keeps the node's configuration.
pub const KUBERNETES_FOLDER: &str = "/etc/kubernetes";
