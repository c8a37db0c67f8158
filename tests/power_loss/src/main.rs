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
mod log;
mod program;
mod recording;
mod server;
mod table;
mod trial;
mod ways_out;

use std::path::Path;
use std::process::ExitCode;

use file_system::{Care, Machine};
use program::{PROGRAMS, Program};
use trial::{Effort, Trial};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [verb, folder] = arguments.as_slice()
        && verb == "serve"
    {
        server::serve(Path::new(folder));
        return ExitCode::SUCCESS;
    }
    let Some(effort) = effort(&arguments) else {
        eprintln!("usage: power-loss [--quick] [--only NAME] [--seed N] [--keep FOLDER]");
        return ExitCode::from(2);
    };
    let programs: Vec<Prepared> = PROGRAMS
        .iter()
        .filter(|program| effort.all_programs || !program.is_long)
        .filter(|program| program.name.contains(&effort.only))
        .map(|program| (program, file_system::format(program.node)))
        .collect();
    let (programs, effort) = (programs.as_slice(), &effort);
    let (default, careless) = std::thread::scope(|scope| {
        let handles = [Care::Default, Care::None]
            .map(|care| scope.spawn(move || try_all(programs, care, effort)));
        let [default, careless] = handles.map(|handle| handle.join().expect("a verdict"));
        (default, careless)
    });
    let both = default.into_iter().zip(careless);
    let trials: Vec<Trial<'_>> = both.flat_map(|(one, other)| [one, other]).collect();
    table::print(&trials, effort.seed);
    if trials.iter().all(Trial::is_as_expected) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// A program, and a new file system with its node.
type Prepared = (&'static Program, Vec<u8>);

/// Tries all programs on a machine of its own.
fn try_all(programs: &[Prepared], care: Care, effort: &Effort) -> Vec<Trial<'static>> {
    let machine = Machine::new();
    let trials = programs
        .iter()
        .map(|(program, fresh)| Trial::run(&machine, program, fresh, care, effort));
    trials.collect()
}

fn effort(arguments: &[String]) -> Option<Effort> {
    let is_quick = arguments.iter().any(|argument| argument == "--quick");
    let mut effort = if is_quick {
        Effort::quick()
    } else {
        Effort::full()
    };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => {}
            "--seed" => effort.seed = arguments.next()?.parse().ok()?,
            "--only" => effort.only.clone_from(arguments.next()?),
            "--keep" => effort.keep = Some(arguments.next()?.into()),
            _ => return None,
        }
    }
    Some(effort)
}
