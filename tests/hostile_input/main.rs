//! Hostile input, read by every parser, in a process of its own with little memory under the eyes of a watchdog: no panic, no
//! hang, not more than 256 MiB, and what was accepted keeps the promises in `tests/fuzz/src`.
//!
//! Always: the files of the test nodes, and files that were made to blow up. With `REKINDLE_FULL=1` also the corpora that
//! `scripts/fetch-corpora` fetches from packages. `scripts/fuzz` looks for what is in none of them.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests read files in folders, start programs, and end at the first surprise"
)]

#[path = "../fuzz/src/lib.rs"]
mod promises;

#[path = "../der_writer/mod.rs"]
#[allow(dead_code, reason = "its odd certificates are for another test")]
mod der_writer;

mod blow_ups;
mod corpora;
mod mutations;
mod reader;
mod watchdog;
