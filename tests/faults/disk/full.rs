//! Disks with room for a little more than nothing: in steps of 4 KiB and of one inode, up to those on which all succeeds.
//! First as they are, so that the shortage is seen beforehand; then such as claim to have room, so that it is not.

use super::mounts::{are_permitted, become_private};
use super::small::{Place, Room, SmallDisk, Unit};
use super::{NODE, follow, judge};
use crate::bench::{Bench, RECOVER};
use crate::pool::{chosen, each, is_full};
use crate::process::{Ended, finish, program};
use crate::strace::{self, run_with_room};
use crate::support::program::rekindle;
use crate::tally::Tally;
use crate::template::Workplace;

const SLICE: usize = 8;

/// Whether the disk says how much is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claim {
    Honest,
    Wrong,
}

#[derive(Debug)]
struct Case {
    place: Place,
    unit: Unit,
    claim: Claim,
    left: u64,
}

#[test]
fn a_full_disk_is_seen_beforehand() {
    sweep(
        Claim::Honest,
        "full tmpfs, in steps of 4 KiB and of one inode",
    );
}

#[test]
fn a_disk_that_fills_up_meanwhile_loses_nothing() {
    if strace::is_permitted() {
        sweep(Claim::Wrong, "tmpfs that fills up meanwhile, likewise");
    } else {
        println!("skipped: strace is not here, or may not trace");
    }
}

fn sweep(claim: Claim, what: &str) {
    if !are_permitted() {
        println!("skipped: a mount namespace is not permitted here");
        return;
    }
    let bench = &Bench::new(NODE);
    let enough = std::thread::scope(|scope| scope.spawn(|| enough(bench, claim)).join().unwrap());
    let mut cases = Vec::new();
    for place in [Place::Node, Place::State] {
        for (unit, enough) in [(Unit::Pages, enough.pages), (Unit::Inodes, enough.inodes)] {
            cases.extend((0..=enough).map(|left| Case {
                place,
                unit,
                claim,
                left,
            }));
        }
    }
    let name = |case: &Case| {
        let Case {
            place,
            unit,
            claim,
            left,
        } = case;
        format!("{place:?} on a disk with {left} {unit:?} left, {claim:?}")
    };
    let cases = chosen(cases, SLICE, name);
    let tally = each(&cases, name, |number, case, workplace, tally| {
        one(bench, number, case, &name(case), workplace, tally);
    });
    let enough = tally.outcomes.contains_key("exit 0");
    assert!(
        enough || !is_full(),
        "no disk was large enough: {:?}",
        tally.outcomes
    );
    tally.close(what);
}

/// With how much left nothing fails.
fn enough(bench: &Bench, claim: Claim) -> Room {
    assert!(become_private());
    let workplace = Workplace::new();
    let disk = SmallDisk::mount(&bench.template, Place::Node, &workplace);
    let before = disk.used();
    rekindle(&disk.root, &RECOVER).expect(bench.template.normal);
    let after = disk.used();
    disk.unmount();
    // What is there at the end is not all that was there at once; and what is asked for beforehand is more.
    let (pages, inodes) = match claim {
        Claim::Wrong => (24, 24),
        Claim::Honest => (128, 48),
    };
    Room {
        pages: after.pages - before.pages + pages,
        inodes: after.inodes - before.inodes + inodes,
    }
}

fn one(
    bench: &Bench,
    number: usize,
    case: &Case,
    name: &str,
    workplace: &Workplace,
    tally: &mut Tally,
) {
    assert!(become_private());
    let disk = SmallDisk::mount(&bench.template, case.place, workplace);
    disk.shrink(case.unit, case.left);
    let ended = match case.claim {
        Claim::Honest => Ended::of(finish(program(&disk.root, &RECOVER)), true),
        Claim::Wrong => run_with_room(&disk.root, &RECOVER, workplace.scratch()),
    };
    let found = judge(bench, name, &disk.root, &ended, tally);
    if case.claim == Claim::Honest && !matches!(ended.code, Some(0 | 3)) {
        tally.fail(name, &format!("it is not seen beforehand: {ended:?}"));
    }
    if found.damage.words.is_empty() {
        follow(bench, number, name, &disk.root, workplace, tally);
        go_on(bench, number, name, &disk, workplace, tally);
    }
    disk.unmount();
}

/// On the full disk itself: whatever can be done there, nothing is damaged by it.
fn go_on(
    bench: &Bench,
    number: usize,
    name: &str,
    disk: &SmallDisk,
    workplace: &Workplace,
    tally: &mut Tally,
) {
    let verb = ["resume", "rollback"][number % 2];
    let name = &format!("{name}, then {verb} on it");
    let ended = Ended::of(finish(program(&disk.root, &[verb, "--yes"])), true);
    if !matches!(ended.code, Some(0 | 1 | 3 | 4 | 5)) {
        tally.fail(name, &format!("{ended:?}"));
    }
    let now = bench.judge.look(&disk.root);
    tally.damage(name, &now.damage);
    if now.damage.words.is_empty() && ended.code != Some(0) {
        follow(bench, number, name, &disk.root, workplace, tally);
    }
}
