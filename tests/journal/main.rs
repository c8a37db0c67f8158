//! The promises about the journal: not one bit of it can be changed, nobody but its own key can sign it, and
//! it tells an interrupted run from a falsified one. openssl is the second opinion.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed, and what was counted is for a table"
)]

mod anchor;
mod attempts;
mod damage;
mod expected;
mod fixture;
mod forger;
mod interruption;
mod line;
mod order;
mod script;
mod writing;
