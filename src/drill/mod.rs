//! An expired control-plane node in a folder, to drill and to test on: what kubeadm 1.36 and the kubelet lay out, a year
//! and a day after they did. Works offline; writes in a [`ScratchFolder`](crate::node::ScratchFolder) and nowhere else.
//!
//! The texts that do not depend on keys are templates beside this file. Keys and certificates are new in every drill.

mod certificates;
mod configuration;
mod error;
mod key_supply;
mod layout;
mod pair;
mod specification;
mod template;

pub use error::DrillError;
pub use layout::lay_out;
pub use specification::NodeSpecification;

/// Permission bits of keys, and of whatever else only root may read.
const CLOSED: u32 = 0o600;
/// Permission bits of what everybody may read.
const PUBLIC: u32 = 0o644;
