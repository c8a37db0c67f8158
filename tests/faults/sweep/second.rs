//! SIGKILL at every system call of `resume` and `rollback`, begun where an earlier SIGKILL had left a run.

use super::{Bench, RECOVER, longest};
use crate::aftermath::Aftermath;
use crate::contract::{self, Circumstances};
use crate::judge::Phase;
use crate::pool::{chosen, each};
use crate::strace::{self, Call, Fault};
use crate::support::tree::Tree;
use crate::tally::Tally;
use crate::template::{Workplace, copy};

/// So many first kills for each node: together at least twenty.
const FIRST_KILLS: usize = 7;
const SLICE: usize = 4;

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
}

fn kill_again(name: &'static str) {
    let Some(bench) = Bench::new(name) else {
        return;
    };
    let interrupted = bench.interrupted();
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
            cases.extend(calls.iter().map(|call| Case {
                first,
                verb,
                fault: Fault::kill(call),
            }));
        }
        let cases = chosen(cases, SLICE, case_name);
        let tally = each(&cases, case_name, |number, case, workplace, tally| {
            bench.second(number, case, &case_name(case), workplace, tally);
        });
        let kills = interrupted.len();
        tally.close(&format!(
            "SIGKILL at every call of {verb} after {kills} first kills, {name}"
        ));
    }
}

impl Bench {
    /// First kills at changes, evenly spread between the commit and the end of the run.
    fn interrupted(&self) -> Vec<Interrupted> {
        let renames = |call: &Call| call.name.starts_with("renameat");
        let first = self.calls.iter().position(renames).unwrap();
        let changes: Vec<&Call> = self.calls[first - 1..]
            .iter()
            .filter(|call| call.mutates)
            .collect();
        let mut interrupted = Vec::new();
        for part in 0..FIRST_KILLS {
            // Of the few before the end, some come after the journal is closed.
            let start = part * changes.len() / FIRST_KILLS;
            let fitting = changes[start..]
                .iter()
                .find_map(|call| self.interrupt(Fault::kill(call)));
            interrupted
                .push(fitting.unwrap_or_else(|| panic!("no unfinished run behind change {start}")));
        }
        interrupted
    }

    fn interrupt(&self, kill: Fault) -> Option<Interrupted> {
        let workplace = Workplace::new();
        self.template.copy(&workplace.root());
        strace::run(&workplace.root(), &RECOVER, &kill, workplace.scratch());
        let found = self.judge.look(&workplace.root());
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
        let found = self.judge.look(&root);
        tally.damage(name, &found.damage);
        if found.tree == case.first.tree {
            // As the first kill had left it: what comes of that is known from the first sweep.
            tally.outcome("killed, nothing written");
            return;
        }
        tally.outcome(&match found.phase {
            _ if !ended.hit => "no such call this time".to_owned(),
            Phase::Ended => "killed, at its end".to_owned(),
            _ => format!("{}, unfinished", ended.outcome()),
        });
        if !ended.hit {
            let right = ended.code == Some(0) || ended.code == Some(self.template.normal);
            tally.expect(
                name,
                right.then_some(()).ok_or_else(|| format!("{ended:?}")),
            );
        } else {
            let kept = contract::check(
                &self.judge,
                &ended,
                &found,
                Circumstances::of(&case.fault, self.template.normal),
            );
            tally.expect(name, kept);
        }
        if found.damage.words.is_empty() {
            let aftermath = Aftermath {
                template: &self.template,
                judge: &self.judge,
                case: name,
                number,
            };
            aftermath.follow(&found, workplace, tally);
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
