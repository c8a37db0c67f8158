//! What the program keeps from itself: links and other folders, programs and the network, core dumps and left-over keys;
//! and that each limit it runs into is an error with words, never a signal.
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

mod confinement;
mod flushing;
mod limits;
mod memory;
mod offline;
mod opening;
mod trace;

#[path = "../support/mod.rs"]
mod support;

/// The node that the tests work on.
const NODE: &str = "ecdsa-p256-stacked";
