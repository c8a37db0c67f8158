//! What kubeadm would put into a certificate that is not there to be the model of its successor. Pure: facts in, a profile out.
//!
//! Sources: kubeadm `app/phases/certs/certlist.go`, `app/phases/kubeconfig/kubeconfig.go`, `app/util/pkiutil/pki_helpers.go`.
//! Nothing is guessed: a fact that is not known is an error that says where it stands.

#[cfg(test)]
mod against_kubeadm;
mod error;
mod facts;
mod names;
mod organization;
mod profile;
mod service_cidrs;

pub use error::{LeafProfileError, MissingFact};
pub use facts::NodeFacts;
pub use organization::{MASTERS_GROUP, is_above_rbac};
pub use profile::{LeafProfile, leaf_profile};
pub use service_cidrs::{ServiceCidrs, ServiceCidrsError};
