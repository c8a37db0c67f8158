//! One node after the other: the Lease of `recover --in-turn`, with a real kube-apiserver and a real etcd.
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

mod command;

#[path = "../support/mod.rs"]
mod support;
