//! Disks with room for a little more than nothing: in steps of 4 KiB and of one inode, up to those on which all succeeds.
//! First as they are, so that the shortage is seen beforehand; then such as claim to have room, so that it is not.

use std::path::{Path, PathBuf};

use nix::sys::statvfs::statvfs;

use super::mounts::{are_permitted, become_private, mount, text, unmount};
use super::{Bench, RECOVER};
use crate::pool::{chosen, each, is_full};
use crate::strace::{self, Ended, program, run_with_room};
use crate::support::program::rekindle;
use crate::tally::Tally;
use crate::template::{Workplace, remove};

const PAGE: u64 = 4096;
const STATE_FOLDER: &str = "var/lib/rekindle";

/// What lies on the small disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Node,
    State,
}

/// What the disk is short of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Pages,
    Inodes,
}

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

/// Pages and inodes.
#[derive(Debug, Clone, Copy)]
struct Room {
    pages: u64,
    inodes: u64,
}

#[test]
fn a_full_disk_is_seen_beforehand() {
    sweep(
        Claim::Honest,
        "a full tmpfs, in steps of 4 KiB and of one inode",
    );
}

#[test]
fn a_disk_that_fills_up_meanwhile_loses_nothing() {
    if strace::is_permitted() {
        sweep(Claim::Wrong, "a tmpfs that claims to have room, likewise");
    } else {
        println!("skipped: strace is not here, or may not trace");
    }
}

fn sweep(claim: Claim, what: &str) {
    if !are_permitted() {
        println!("skipped: a mount namespace is not permitted here");
        return;
    }
    let bench = Bench::new();
    let mut cases = Vec::new();
    for place in [Place::Node, Place::State] {
        let bench = &bench;
        let enough =
            std::thread::scope(|scope| scope.spawn(|| bench.enough(claim)).join().unwrap());
        let units = [(Unit::Pages, enough.pages), (Unit::Inodes, enough.inodes)];
        for (unit, enough) in units {
            cases.extend((0..=enough).map(|left| Case {
                place,
                unit,
                claim,
                left,
            }));
        }
    }
    let name = |case: &Case| {
        format!(
            "{:?} on a disk with {} {:?} left, {:?}",
            case.place, case.left, case.unit, case.claim
        )
    };
    let cases = chosen(cases, 10, name);
    let tally = each(&cases, name, |number, case, workplace, tally| {
        bench.one(number, case, &name(case), workplace, tally);
    });
    assert!(
        !is_full() || tally.outcomes.contains_key("exit 0"),
        "no disk was large enough: {:?}",
        tally.outcomes
    );
    tally.close(what);
}

impl Bench {
    /// With how much left nothing fails: what preflight asks for, or what a run takes.
    fn enough(&self, claim: Claim) -> Room {
        assert!(become_private());
        let workplace = Workplace::new();
        let disk = Disk::mount(&workplace, Place::Node, self);
        let left = disk.used();
        let recovered = match claim {
            Claim::Honest => rekindle(&disk.root, &RECOVER),
            Claim::Wrong => rekindle(&disk.root, &RECOVER),
        };
        recovered.expect(self.template.normal);
        let used = disk.used();
        let own = Room {
            pages: used.pages - left.pages,
            inodes: used.inodes - left.inodes,
        };
        disk.unmount();
        match claim {
            // What was there at the end was not all there was at once.
            Claim::Wrong => Room {
                pages: own.pages + 24,
                inodes: own.inodes + 24,
            },
            Claim::Honest => Room {
                pages: own.pages + 128,
                inodes: own.inodes + 48,
            },
        }
    }

    fn one(
        &self,
        number: usize,
        case: &Case,
        name: &str,
        workplace: &Workplace,
        tally: &mut Tally,
    ) {
        assert!(become_private());
        let disk = Disk::mount(workplace, case.place, self);
        disk.shrink(case.unit, case.left);
        let ended = match case.claim {
            Claim::Honest => Ended::of(strace::finish(program(&disk.root, &RECOVER)), true),
            Claim::Wrong => run_with_room(&disk.root, &RECOVER, workplace.scratch()),
        };
        let found = self.judge(name, &disk.root, &ended, tally);
        if case.claim == Claim::Honest && !matches!(ended.code, Some(0 | 3)) {
            tally.fail(name, &format!("it is not seen beforehand: {ended:?}"));
        }
        if found.damage.words.is_empty() {
            self.follow(number, name, &disk.root, workplace, tally);
            self.go_on(number, name, &disk, workplace, tally);
        }
        disk.unmount();
    }

    /// On the full disk itself: whatever can be done there, nothing is damaged by it.
    fn go_on(
        &self,
        number: usize,
        name: &str,
        disk: &Disk,
        workplace: &Workplace,
        tally: &mut Tally,
    ) {
        let verb = ["resume", "rollback"][number % 2];
        let ended = run_with_room(&disk.root, &[verb, "--yes"], workplace.scratch());
        let now = self.judge.look(&disk.root);
        tally.damage(name, &now.damage);
        if !matches!(ended.code, Some(0 | 1 | 3 | 4 | 5)) {
            tally.fail(name, &format!("{verb} on the full disk: {ended:?}"));
        }
        if now.damage.words.is_empty() && ended.code != Some(0) {
            self.follow(
                number,
                &format!("{name}, then {verb}"),
                &disk.root,
                workplace,
                tally,
            );
        }
    }
}

/// A node with its small disk.
struct Disk {
    root: PathBuf,
    mounted: PathBuf,
}

impl Disk {
    /// A large one at first, with the node on it or in it.
    fn mount(workplace: &Workplace, place: Place, bench: &Bench) -> Self {
        let root = workplace.disk().join("node");
        remove(&root);
        let mounted = match place {
            Place::Node => workplace.disk(),
            Place::State => {
                bench.template.copy(&root);
                let state = root.join(STATE_FOLDER);
                std::fs::create_dir(&state).unwrap();
                state
            }
        };
        mount(&[
            "-t",
            "tmpfs",
            "-o",
            "size=64m,nr_inodes=9999,mode=700",
            "tmpfs",
            text(&mounted),
        ]);
        if place == Place::Node {
            bench.template.copy(&root);
        }
        Self { root, mounted }
    }

    fn used(&self) -> Room {
        let status = statvfs(&self.mounted).unwrap();
        Room {
            pages: status.blocks() - status.blocks_free(),
            inodes: status.files() - status.files_free(),
        }
    }

    /// Leaves room for so many pages, or inodes, and no more.
    fn shrink(&self, unit: Unit, left: u64) {
        let used = self.used();
        let option = match unit {
            Unit::Pages => format!("remount,size={}", (used.pages + left).max(1) * PAGE),
            Unit::Inodes => format!("remount,nr_inodes={}", used.inodes + left),
        };
        mount(&["-o", &option, text(&self.mounted)]);
    }

    fn unmount(self) {
        unmount(&self.mounted);
        remove(Path::new(&self.root));
    }
}
