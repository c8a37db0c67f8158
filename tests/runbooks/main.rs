//! Every command of every runbook, typed as it stands there by somebody who has the page and the trouble that it is about.
//!
//! A story puts a node into the situation, on a machine of its own (`tests/support/machine.rs`), and follows the page; whatever
//! is not run is claimed with its reason, and printed. A command that nobody claims fails, and so does a claim of a command that
//! the page does not have.
#![allow(
    clippy::case_sensitive_file_extension_comparisons,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests start programs, read and write files in temporary folders, and end at the first surprise"
)]

mod completeness;
mod control_plane;
mod page;
mod pages;
mod programs;
mod refused;
mod story;

#[path = "../support/mod.rs"]
mod support;
