//! `rekindle csr`: requests of a node whose authorities' keys are elsewhere, signed there, and brought back; and whatever somebody
//! may make of either on its way. openssl judges what is made.
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

mod damage;
mod elsewhere;
mod envelope;
mod foreign;
mod hostile_answers;
mod hostile_requests;
mod round_trip;
mod unfit;

#[path = "../support/mod.rs"]
mod support;
