//! Every screen as somebody sees it who sits before a terminal of 80×24 at night: the program on a pseudo-terminal, its bytes in a
//! terminal's emulator, and what is then to be seen held against a golden file, colours included. Where tmux is installed it is
//! asked for a second opinion.
//!
//! After a change of wording: `SNAPSHOTS=overwrite cargo test --test screens`, and look at each of them.
#![allow(
    clippy::case_sensitive_file_extension_comparisons,
    clippy::disallowed_methods,
    clippy::needless_pass_by_value,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests start programs, read and write files in temporary folders, and end at the first surprise; a command is run once"
)]

mod asked;
mod checked;
mod colour;
mod consoles;
mod picture;
mod records;
mod recovered;
mod screen;
mod second_opinion;
#[path = "../support/mod.rs"]
mod support;
