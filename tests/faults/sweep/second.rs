//! SIGKILL at every system call of `resume` and `rollback`, begun where an earlier SIGKILL had left a run.
//!
//! Up to its first change an attempt only reads, thousands of times: of those calls every 25th is taken, and the node is to be the
//! same. From there on each is. What lies on the disk is the same for all kills between two changes: each is judged, and the
//! first of them is taken forward and back.

use super::{Sweep, longest, outcome};
use crate::bench::RECOVER;
use crate::contract::Circumstances;
use crate::judge::Phase;
use crate::pool::{chosen, each, is_full, is_repeated};
use crate::strace::{self, Call, Fault};
use crate::support::tree::Tree;
use crate::tally::Tally;
use crate::template::{Workplace, copy};

/// So many first kills for each node: together at least twenty.
const FIRST_KILLS: usize = 7;
const FEW_FIRST_KILLS: usize = 2;
const SLICE: usize = 4;
/// Of the calls before the first change.
const EVERY: usize = 25;

/// A node in which a first run was killed after its commit.
struct Interrupted {
    kill: Fault,
    workplace: Workplace,
    tree: Tree,
}

/// A second kill, at a call of `verb`.
struct Case<'a> {
    first: &'a Interrupted,
    verb: &'static str,
    fault: Fault,
    /// Whether it is the first kill since a change.
    is_new: bool,
}

fn kill_again(name: &'static str) {
    let Some(sweep) = Sweep::new(name) else {
        return;
    };
    let interrupted = sweep.interrupted();
    let case_name = |case: &Case<'_>| {
        let (first, second) = (&case.first.kill, &case.fault);
        format!("{name} {} {first} {} {second}", RECOVER[0], case.verb)
    };
    for verb in ["resume", "rollback"] {
        let mut cases = Vec::new();
        for first in &interrupted {
            let calls = longest(&[verb, "--yes"], &|workplace| {
                copy(&first.workplace.root(), &workplace.root());
            });
            // The folder of the journals is made before, and is there.
            let first_change = calls.iter().position(|call| {
                call.mutates && !["mkdirat", "fsync"].contains(&call.name.as_str())
            });
            let first_change = first_change.unwrap_or_default();
            let taken = calls
                .iter()
                .enumerate()
                // The program is not there yet when it is executed.
                .filter(|(_, call)| call.name != "execve")
                .filter(|(number, _)| *number >= first_change || number % EVERY == 0);
            cases.extend(taken.map(|(number, call)| {
                Case {
                    first,
                    verb,
                    fault: Fault::kill(call),
                    is_new: number
                        .checked_sub(1)
                        .is_some_and(|before| calls[before].mutates),
                }
            }));
        }
        let cases = chosen(cases, SLICE, case_name);
        let tally = each(&cases, case_name, |number, case, workplace, tally| {
            sweep.second(number, case, &case_name(case), workplace, tally);
        });
        let kills = interrupted.len();
        tally.close(&format!(
            "SIGKILL at every call of {verb} after {kills} first kills, {name}"
        ));
    }
}

impl Sweep {
    /// First kills at changes, evenly spread between the commit and the close of the journal.
    fn interrupted(&self) -> Vec<Interrupted> {
        let renames = |call: &Call| call.name.starts_with("renameat");
        let first = self.calls.iter().position(renames).unwrap();
        let changes: Vec<&Call> = self.calls[first - 1..]
            .iter()
            .filter(|call| call.mutates)
            .collect();
        // From the close on there is nothing to resume.
        let numbers: Vec<usize> = (0..changes.len()).collect();
        let last =
            numbers.partition_point(|at| self.interrupt(Fault::kill(changes[*at])).is_some()) - 1;
        let kills = if is_full() || is_repeated() {
            FIRST_KILLS
        } else {
            FEW_FIRST_KILLS
        };
        let spread = (0..kills).map(|part| changes[part * last / (kills - 1)]);
        let interrupt = |call: &Call| {
            let kill = Fault::kill(call);
            self.interrupt(kill.clone())
                .unwrap_or_else(|| panic!("{kill}: no unfinished run"))
        };
        spread.map(interrupt).collect()
    }

    fn interrupt(&self, kill: Fault) -> Option<Interrupted> {
        let workplace = Workplace::new();
        self.bench.template.copy(&workplace.root());
        strace::run(&workplace.root(), &RECOVER, &kill, workplace.scratch());
        let found = self.bench.judge.look(&workplace.root());
        (found.phase == Phase::Committed).then_some(Interrupted {
            kill,
            workplace,
            tree: found.tree,
        })
    }

    fn second(
        &self,
        number: usize,
        case: &Case<'_>,
        name: &str,
        workplace: &Workplace,
        tally: &mut Tally,
    ) {
        let root = workplace.root();
        copy(&case.first.workplace.root(), &root);
        let ended = strace::run(
            &root,
            &[case.verb, "--yes"],
            &case.fault,
            workplace.scratch(),
        );
        let circumstances = Circumstances::of(case.verb, &case.fault, self.bench.template.normal);
        let found = self.bench.judge(name, &root, &ended, circumstances, tally);
        if found.tree == case.first.tree {
            // As the first kill had left it: what comes of that is known from the first sweep.
            tally.outcome("killed: nothing written");
        } else {
            tally.outcome(&outcome(&ended, &found));
            if case.is_new || !is_full() {
                self.bench.follow(number, name, &found, workplace, tally);
            }
        }
    }
}

#[test]
fn rsa2048_stacked() {
    kill_again("rsa2048-stacked");
}

#[test]
fn ecdsa_p256_stacked() {
    kill_again("ecdsa-p256-stacked");
}

#[test]
fn rsa3072_external_etcd() {
    kill_again("rsa3072-external-etcd");
}
