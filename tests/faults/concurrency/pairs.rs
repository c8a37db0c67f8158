//! Pairs of runs that are started at once on the same node: exactly one proceeds.

use std::path::Path;

use crate::bench::Bench;
use crate::judge::Phase;
use crate::pool::{chosen, each};
use crate::process::{Ended, finish, program};
use crate::strace;
use crate::tally::Tally;
use crate::template::copy;

const NODE: &str = "ecdsa-p256-stacked";
const PAIRS: usize = 200;
const SLICE: usize = 6;

#[test]
fn of_two_recoveries_one_proceeds() {
    let bench = Bench::new(NODE);
    let name = |number: &usize| format!("pair {number}");
    let pairs = chosen((0..PAIRS).collect(), SLICE, name);
    let tally = each(&pairs, name, |_, number, workplace, tally| {
        let root = workplace.root();
        bench.template.copy(&root);
        let both = at_once(&root, [&["recover", "--yes"], &["recover", "--yes"]]);
        let case = name(number);
        one_proceeds(&case, &both, tally);
        let after = bench.aftermath(*number, &case).is_after(&root, tally);
        tally.expect(&case, after);
        let found = bench.judge.look(&root);
        if found.journals.len() != 1 {
            tally.fail(&case, &format!("{} journals", found.journals.len()));
        }
        tally.damage(&case, &found.damage);
    });
    tally.close("two recover at once");
}

#[test]
fn of_resume_and_rollback_one_proceeds() {
    if !strace::is_permitted() {
        println!("skipped: strace is not here, or may not trace");
        return;
    }
    let bench = Bench::new(NODE);
    let interrupted = crate::sweep::interrupted(&bench);
    let name = |number: &usize| format!("resume and rollback, pair {number}");
    let pairs = chosen((0..PAIRS).collect(), SLICE, name);
    let tally = each(&pairs, name, |_, number, workplace, tally| {
        let root = workplace.root();
        copy(&interrupted.root(), &root);
        let verbs: [&[&str]; 3] = [
            &["resume", "--yes"],
            &["rollback", "--yes"],
            &["resume", "--yes"],
        ];
        let both = at_once(&root, [verbs[number % 2], verbs[number % 2 + 1]]);
        let case = name(number);
        one_proceeds(&case, &both, tally);
        let found = bench.judge.look(&root);
        tally.damage(&case, &found.damage);
        let is_either = found.phase == Phase::Ended && (found.old == 0 || found.new == 0);
        if !is_either || !found.leftovers.is_empty() {
            tally.fail(
                &case,
                &format!("{} new, {} old, {:?}", found.new, found.old, found.phase),
            );
        }
    });
    tally.close("resume and rollback at once");
}

/// Starts both as close to each other as possible.
fn at_once(root: &Path, arguments: [&[&str]; 2]) -> [Ended; 2] {
    let gate = std::sync::Barrier::new(2);
    let run = |arguments| {
        let program = program(root, arguments);
        gate.wait();
        Ended::of(finish(program), true)
    };
    std::thread::scope(|scope| {
        arguments
            .map(|arguments| scope.spawn(move || run(arguments)))
            .map(|thread| thread.join().unwrap())
    })
}

/// One ends with 0, and the other is refused, or comes later and finds nothing to do.
fn one_proceeds(case: &str, both: &[Ended; 2], tally: &mut Tally) {
    let kind = |ended: &Ended| match ended.code {
        Some(0) if ended.stdout.to_lowercase().contains("nothing to ") => "finds nothing to do",
        Some(0) => "proceeds",
        Some(3) if ended.stderr.contains("refused (another-rekindle)") => "is refused",
        _ => "fails",
    };
    let mut kinds = both.each_ref().map(kind);
    kinds.sort_unstable();
    match kinds {
        ["is refused", "proceeds"] => tally.outcome("one proceeds, the other is refused"),
        ["finds nothing to do", "proceeds"] => {
            tally.outcome("one proceeds, the other finds nothing to do");
        }
        _ => tally.fail(case, &format!("{both:?}")),
    }
}
