//! Everything that makes the program refuse: each situation is built on a real node, `plan` and `recover` say what
//! `tests/refusals/<code>.stderr` says, and not one byte or time stamp of the node changes. Where the hint is a
//! command, it is followed, and the refusal is gone.
//!
//! After a change of wording: `SNAPSHOTS=overwrite cargo test --test refusals`, and read the difference.
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

mod anchor;
mod another_node;
mod authority;
mod bundle;
mod changed;
mod clock;
mod completeness;
mod content;
mod file;
mod forger;
mod inventory;
mod kubeconfig;
mod lost;
mod machine;
mod quoting;
mod replacing;
mod restart;
mod several;
mod situation;
mod taken_up;
mod unfinished;

#[path = "../support/mod.rs"]
mod support;
