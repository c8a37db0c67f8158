//! Rekindle brings a kubeadm control-plane node back after every certificate has expired.

pub mod age;
pub mod authentication;
pub mod bundle;
pub mod cli;
pub mod control_plane;
pub mod csr;
pub mod diagnosis;
pub mod digest;
pub mod drill;
pub mod elision;
pub mod evidence;
pub mod inventory;
pub mod issuance;
pub mod journal;
pub mod kubernetes;
pub mod node;
pub mod parallel;
pub mod pki;
pub mod plan;
pub mod proof;
pub mod recovery;
pub mod report;
pub mod shell;
pub mod token_audit;
pub mod turn;
