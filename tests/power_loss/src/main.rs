//! The proof that Rekindle survives the loss of power: it runs on a disk that remembers every write, and each of them is
//! a moment at which the power may go. What is left then is mounted and judged. Four control programs, of which it is
//! known how they end, show that the judge can tell.
//!
//! `scripts/power-loss` is the way to run it: as root, in a mount namespace of its own.

#[allow(dead_code, reason = "shared with the tests of the program")]
#[path = "../../support/tree.rs"]
mod tree;

mod crash;
mod disk;
mod fault;
mod file_system;
mod journal;
mod judge;
mod program;
mod recording;
mod table;
mod trial;

use std::process::ExitCode;

use file_system::{Care, Machine};
use program::PROGRAMS;
use trial::{Effort, Trial};

fn main() -> ExitCode {
    let effort = match std::env::args().nth(1).as_deref() {
        None => Effort::Full,
        Some("--quick") => Effort::Quick,
        Some(other) => {
            eprintln!("power-loss: {other}: the one argument is --quick");
            return ExitCode::from(2);
        }
    };
    let machine = Machine::new();
    let mut trials = Vec::new();
    for program in &PROGRAMS {
        if program.is_long && effort == Effort::Quick {
            continue;
        }
        let base = file_system::format(program.node);
        for care in [Care::Default, Care::None] {
            trials.push(Trial::run(&machine, program, &base, care, effort));
        }
    }
    table::print(&trials);
    if trials.iter().all(Trial::is_as_expected) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
