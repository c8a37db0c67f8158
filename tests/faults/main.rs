//! Whatever happens at whatever moment, every file is the old one or the new one, key and certificate fit, and one command
//! goes forward or back. A slice of each row always runs; `scripts/faults` runs them in full, with a release build.
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

mod aftermath;
mod authorities;
mod bench;
mod contract;
mod journal;
mod judge;
mod leaks;
mod pairs;
mod pool;
mod process;
mod strace;
mod tally;
mod template;

mod concurrency;
mod controls;
mod disk;
mod exposure;
mod signals;
mod sweep;
mod wreckage;
