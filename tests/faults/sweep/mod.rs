//! A fault at every system call in turn: SIGKILL at each, an error at each that changes something. After each run every
//! file is the old one or the new one, and the node can be taken forward and back.

mod authorities;
mod errors;
mod keys;
mod kills;
mod second;

use crate::bench::{Bench, RECOVER, Subject};
use crate::contract::Circumstances;
use crate::judge::{Found, Phase};
use crate::pool::{chosen, each, is_full, is_repeated};
use crate::process::Ended;
use crate::strace::{self, Call, Fault};
use crate::tally::Tally;
use crate::template::Workplace;

/// A node, and the calls that its recovery makes.
pub struct Sweep {
    bench: Bench,
    pub calls: Vec<Call>,
}

impl Sweep {
    /// `None`, with a line that says so, where nobody can inject.
    pub fn new(name: &'static str) -> Option<Self> {
        Self::of(name, Subject::Renewal)
    }

    pub fn of(name: &'static str, subject: Subject) -> Option<Self> {
        if !strace::is_permitted() {
            println!("skipped: strace is not here, or may not trace");
            return None;
        }
        let bench = Bench::of(name, subject);
        let calls = longest(bench.template.arguments, &|workplace| {
            bench.template.copy(&workplace.root());
        });
        Some(Self { bench, calls })
    }

    /// Tries these faults, or a slice of them.
    pub fn run(&self, what: &str, faults: Vec<Fault>, slice: usize) {
        let run = self.bench.run();
        let name = |fault: &Fault| format!("{run} {fault}");
        let faults = chosen(faults, slice, name);
        let tally = each(&faults, name, |number, fault, workplace, tally| {
            self.bench.template.copy(&workplace.root());
            self.one(number, fault, &name(fault), workplace, tally);
        });
        tally.close(&format!("{what}, {}", self.bench.template.name));
    }

    fn one(
        &self,
        number: usize,
        fault: &Fault,
        case: &str,
        workplace: &Workplace,
        tally: &mut Tally,
    ) {
        let root = workplace.root();
        let ended = strace::run(
            &root,
            self.bench.template.arguments,
            fault,
            workplace.scratch(),
        );
        let circumstances = Circumstances::of(RECOVER[0], fault, self.bench.template.normal);
        let found = self.bench.judge(case, &root, &ended, circumstances, tally);
        tally.outcome(&outcome(&ended, &found));
        self.bench.follow(number, case, &found, workplace, tally);
    }
}

/// For the tally: a kill says nothing by itself.
fn outcome(ended: &Ended, found: &Found) -> String {
    let state = match found.phase {
        // How often a call is made may differ from run to run: memory, random numbers.
        _ if !ended.hit => return "no such call this time".to_owned(),
        _ if !ended.was_killed() => return ended.outcome(),
        Phase::Untouched => "nothing written",
        Phase::Uncommitted => "nothing changed",
        Phase::Committed => "unfinished",
        Phase::Ended => "at its end",
    };
    format!("killed: {state}")
}

/// The calls of the longest of three runs (of one, where a slice is enough) of `rekindle ARGUMENTS`, each on what `lay_out` laid out.
fn longest(arguments: &[&str], lay_out: &dyn Fn(&Workplace)) -> Vec<Call> {
    let workplace = Workplace::new();
    let runs = (0..if is_full() || is_repeated() { 3 } else { 1 }).map(|_| {
        lay_out(&workplace);
        strace::calls(&workplace.root(), arguments, workplace.scratch())
    });
    runs.max_by_key(Vec::len).unwrap()
}

/// A node in which a run was killed when half of its files were replaced.
pub fn interrupted(bench: &Bench) -> Workplace {
    let workplace = Workplace::new();
    bench.template.copy(&workplace.root());
    let calls = strace::calls(&workplace.root(), &RECOVER, workplace.scratch());
    let renames: Vec<_> = calls
        .iter()
        .filter(|call| call.name == "renameat")
        .collect();
    let kill = Fault::kill(renames[renames.len() / 2]);
    bench.template.copy(&workplace.root());
    strace::run(&workplace.root(), &RECOVER, &kill, workplace.scratch());
    assert_eq!(bench.judge.look(&workplace.root()).phase, Phase::Committed);
    workplace
}
