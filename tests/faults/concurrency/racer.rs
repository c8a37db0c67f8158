//! Somebody who may write on the node exchanges files and folders for symbolic links that lead outside, again and again,
//! while runs go on: not one byte is written outside.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};

use crate::judge::{Judge, Phase};
use crate::pool::is_full;
use crate::process::{Ended, finish, program};
use crate::support::tree::Tree;
use crate::tally::Tally;
use crate::template::{Template, Workplace, copy};

const NODE: &str = "ecdsa-p256-stacked";
const SWAPS: usize = 10_000;
const SLICE: usize = 600;
/// Between two exchanges, in microseconds: of different lengths, so that they fall at all moments of a run.
const PAUSES: [u64; 5] = [40, 130, 310, 70, 900];
/// A run is left alone for none or some of these.
const HEAD_START: Duration = Duration::from_millis(4);
const HEAD_STARTS: usize = 12;
/// What is exchanged, beneath the root; those that are not there yet are passed over.
const PLACES: [&str; 16] = [
    "etc/kubernetes/pki/apiserver.crt",
    "etc/kubernetes/admin.conf",
    "etc/kubernetes/pki",
    "etc/kubernetes/pki/etcd/peer.crt",
    "var/lib/kubelet/pki/kubelet-client-current.pem",
    "etc/kubernetes/pki/etcd",
    "var/lib/rekindle",
    "etc/kubernetes/scheduler.conf",
    "var/lib/kubelet/pki",
    "var/lib/rekindle/journal",
    "etc/kubernetes/manifests/etcd.yaml",
    "etc/kubernetes",
    "var/lib/kubelet/pki/kubelet.crt",
    "var/lib/rekindle/backups",
    "etc/kubernetes/manifests",
    "var/lib",
];

#[test]
fn nothing_is_written_outside_the_root() {
    let swaps = if is_full() { SWAPS } else { SLICE };
    let template = Template::new(NODE);
    let judge = Judge::new(&template);
    let workplace = Workplace::new();
    // Beside the root, with the same files as within: whoever follows a link there finds what it expects.
    let outside = workplace.scratch().join("outside");
    template.copy(&outside);
    std::fs::create_dir_all(outside.join("var/lib/rekindle/journal")).unwrap();
    std::fs::create_dir_all(outside.join("var/lib/rekindle/backups")).unwrap();
    let untouched = Tree::read(&outside);
    let mut tally = Tally::default();
    let racer = Racer {
        root: workplace.root(),
        done: AtomicUsize::new(0),
        paused: AtomicBool::new(true),
    };
    std::thread::scope(|scope| {
        scope.spawn(|| racer.swap_until(swaps));
        while racer.done.load(Ordering::Relaxed) < swaps {
            round(&template, &judge, &workplace, &racer, &mut tally);
            for path in untouched.differences(&Tree::read(&outside)) {
                tally.fail("the racer", &format!("{path} was changed outside the root"));
            }
        }
    });
    assert_eq!(
        untouched,
        Tree::read(&outside),
        "something was changed outside the root"
    );
    tally.outcomes.insert("paths changed outside".to_owned(), 0);
    tally
        .outcomes
        .insert("exchanges".to_owned(), racer.done.load(Ordering::Relaxed));
    tally.close("files and folders exchanged for links that lead outside");
}

/// A node is recovered, then taken back or on, with the racer at work; then the racer rests, and the node is whole.
fn round(
    template: &Template,
    judge: &Judge,
    workplace: &Workplace,
    racer: &Racer,
    tally: &mut Tally,
) {
    let root = workplace.root();
    template.copy(&root);
    let number = tally.runs / 2;
    for verb in ["recover", ["rollback", "resume"][number % 2]] {
        racer.rest();
        let ended = std::thread::scope(|scope| {
            let run = scope.spawn(|| Ended::of(finish(program(&root, &[verb, "--yes"])), true));
            // Where the racer is at work from the beginning, a run seldom comes to its first change.
            std::thread::sleep(HEAD_START * u32::try_from(number % HEAD_STARTS).unwrap());
            racer.paused.store(false, Ordering::SeqCst);
            run.join().unwrap()
        });
        tally.runs += 1;
        tally.outcome(&format!("{verb}: {}", ended.outcome()));
        if !matches!(ended.code, Some(0 | 1 | 3 | 4 | 5)) {
            tally.fail("the racer", &format!("{verb}: {ended:?}"));
        }
    }
    racer.rest();
    let found = judge.look(&root);
    tally.damage("the racer", &found.damage);
    if found.damage.words.is_empty() && found.phase == Phase::Committed {
        copy(&root, &workplace.copy());
        let resumed = Ended::of(finish(program(&root, &["resume", "--yes"])), true);
        let back = Ended::of(
            finish(program(&workplace.copy(), &["rollback", "--yes"])),
            true,
        );
        let undoing = found
            .journal()
            .is_some_and(crate::journal::Journal::is_undoing);
        if undoing {
            tally.outcome("only back, since a rollback had begun");
        } else {
            tally
                .resumed
                .count(resumed.code == Some(0) && judge.look(&root).old == 0);
        }
        let is_before = judge.is_as_before(&judge.look(&workplace.copy())).is_ok();
        tally.rolled_back.count(back.code == Some(0) && is_before);
    }
}

struct Racer {
    root: PathBuf,
    done: AtomicUsize,
    paused: AtomicBool,
}

impl Racer {
    /// Exchanges places for links and back, so many times, whenever it is not told to rest.
    fn swap_until(&self, swaps: usize) {
        let mut turn = 0;
        while self.done.load(Ordering::Relaxed) < swaps {
            if self.paused.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(1));
                continue;
            }
            self.swap(turn);
            turn += 1;
        }
    }

    fn swap(&self, turn: usize) {
        let place = PLACES[turn % PLACES.len()];
        let aside = self.root.with_file_name("aside");
        let path = self.root.join(place);
        let _ = std::fs::remove_file(&aside);
        std::os::unix::fs::symlink(destination(&self.root, place, turn), &aside).unwrap();
        if exchange(&path, &aside).is_ok() {
            std::thread::sleep(Duration::from_micros(PAUSES[turn % PAUSES.len()]));
            exchange(&path, &aside).unwrap();
            self.done.fetch_add(1, Ordering::Relaxed);
        }
        std::thread::sleep(Duration::from_micros(PAUSES[(turn + 2) % PAUSES.len()]));
    }

    /// Returns when all is in its place again.
    fn rest(&self) {
        self.paused.store(true, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// In one step: at no moment is there nothing.
fn exchange(one: &Path, other: &Path) -> nix::Result<()> {
    renameat2(AT_FDCWD, one, AT_FDCWD, other, RenameFlags::RENAME_EXCHANGE)
}

/// The same place outside: by a path with `..`, which leads out of the root, or by an absolute one.
fn destination(root: &Path, place: &str, turn: usize) -> PathBuf {
    match turn / PLACES.len() % 2 {
        0 => Path::new(&"../".repeat(place.matches('/').count() + 1))
            .join("outside")
            .join(place),
        _ => root.with_file_name("outside").join(place),
    }
}
