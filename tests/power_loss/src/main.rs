//! The proof that Rekindle survives the loss of power: it runs on a disk that remembers every write, and each of them is
//! a moment at which the power may go. What is left then is mounted and judged. Four control programs, of which it is
//! known how they end, show that the judge can tell.
//!
//! `scripts/power-loss` is the way to run it: as root, in a mount namespace of its own.

#![allow(
    clippy::disallowed_methods,
    reason = "starts programs, and reads and writes files in temporary folders; the layers are the program's"
)]

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
mod ways_out;

use std::process::ExitCode;

use file_system::{Care, Machine};
use program::PROGRAMS;
use trial::{Effort, Trial};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(effort) = effort(&arguments) else {
        eprintln!("usage: power-loss [--quick] [--seed N] [--keep FOLDER]");
        return ExitCode::from(2);
    };
    let machine = Machine::new();
    let mut trials = Vec::new();
    for program in &PROGRAMS {
        if program.is_long && !effort.all_programs {
            continue;
        }
        let fresh = file_system::format(program.node);
        for care in [Care::Default, Care::None] {
            trials.push(Trial::run(&machine, program, &fresh, care, &effort));
        }
    }
    table::print(&trials, effort.seed);
    if trials.iter().all(Trial::is_as_expected) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn effort(arguments: &[String]) -> Option<Effort> {
    let is_quick = arguments.iter().any(|argument| argument == "--quick");
    let mut effort = if is_quick {
        Effort::QUICK
    } else {
        Effort::FULL
    };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => {}
            "--seed" => effort.seed = arguments.next()?.parse().ok()?,
            "--keep" => effort.keep = Some(arguments.next()?.into()),
            _ => return None,
        }
    }
    Some(effort)
}
