//! Rekindle brings a kubeadm control-plane node back after every certificate has expired.

pub mod digest;
pub mod journal;
pub mod pki;
