//! One node after the other: a Lease in the cluster that a node holds while it renews its certificates ahead of time.
//!
//! It has no end of its own: a node that died on the way, or did not prove that it is back, keeps its turn, so that no second node
//! follows it into the same trouble. No clock of any node decides who may have it.

mod claim;
mod error;
mod record;
mod take;

pub use error::TurnError;
pub use record::Holder;
pub use take::{Taken, Turn};

use crate::control_plane::LeaseName;

/// The Lease, beside those of the leaders of the control plane.
pub fn lease() -> LeaseName {
    LeaseName {
        namespace: "kube-system".to_owned(),
        name: "rekindle".to_owned(),
    }
}
