//! Real disks that are full, read-only or torn, and files that nobody may change. A run is refused before its first byte,
//! or undoes what it did, or stops where it can be resumed.

mod full;
mod immutable;
mod mounts;
mod read_only;
mod small;
mod torn;

use std::path::Path;

use crate::bench::Bench;
use crate::contract::Circumstances;
use crate::judge::Found;
use crate::process::Ended;
use crate::tally::Tally;
use crate::template::{Workplace, copy};

const NODE: &str = "ecdsa-p256-stacked";

/// Judges what a run of `recover` left in `root`.
fn judge(bench: &Bench, case: &str, root: &Path, ended: &Ended, tally: &mut Tally) -> Found {
    tally.outcome(&ended.outcome());
    let circumstances = Circumstances::usual("recover", bench.template.normal);
    bench.judge(case, root, ended, circumstances, tally)
}

/// Goes both ways from a copy of `root`, where there is nothing wrong with the disk.
fn follow(
    bench: &Bench,
    number: usize,
    case: &str,
    root: &Path,
    workplace: &Workplace,
    tally: &mut Tally,
) {
    if *root != workplace.root() {
        copy(root, &workplace.root());
    }
    let found = bench.judge.look(&workplace.root());
    bench.follow(number, case, &found, workplace, tally);
}
