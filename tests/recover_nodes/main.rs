//! `rekindle recover` from end to end, on nodes as kubeadm and people lay them out: what it promises, judged by openssl
//! and by comparing every byte, mode, owner and time before and after.
#![allow(
    clippy::case_sensitive_file_extension_comparisons,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests start programs, read and write files in temporary folders, compare names as Linux does, and end at the \
              first surprise"
)]

mod addressed;
mod circumstances;
mod copies;
mod every_node;
mod hostile;
mod issuers;
mod kubelet;
mod layouts;
mod mutation;
mod names;
mod rebuilding;
mod rekeying;
mod rootless;
mod secrecy;
mod several;
mod telling;
mod wishes;

#[path = "../support/mod.rs"]
mod support;
