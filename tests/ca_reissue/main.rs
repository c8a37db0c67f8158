//! `rekindle ca reissue` and a CA certificate that is found again, from end to end: what is exchanged, and what is not, judged by
//! openssl and by comparing every byte before and after.
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

mod copies;
mod every_node;
mod expired;
mod found;
mod interrupted;
mod wishes;

#[path = "../support/mod.rs"]
mod support;
