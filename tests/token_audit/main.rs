//! `tokens audit` in a real cluster: a real kube-apiserver with a real etcd, and the real controller that makes the tokens. What was
//! planted is found, by way of the API and in a snapshot, and nothing else; and no piece of a token is in what was said.
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

#[path = "../support/mod.rs"]
mod support;

mod cluster;
mod damage;
mod found;
mod pages;
mod silence;
