//! Somebody who may write on the node exchanges files and folders for symbolic links that lead outside, again and again,
//! while runs go on: not one byte is written outside.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};

use crate::bench::Bench;
use crate::judge::Phase;
use crate::pool::is_full;
use crate::process::{Ended, finish, program};
use crate::strace;
use crate::support::tree::Tree;
use crate::sweep::interrupted;
use crate::tally::Tally;
use crate::template::{Workplace, copy};

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
    if !strace::is_permitted() {
        println!("skipped: strace is not here, or may not trace");
        return;
    }
    let bench = Bench::new(NODE);
    let interrupted = interrupted(&bench);
    let workplace = Workplace::new();
    // Beside the root, with the same files as within: whoever follows a link there finds what it expects.
    let outside = workplace.scratch().join("outside");
    bench.template.copy(&outside);
    std::fs::create_dir_all(outside.join("var/lib/rekindle/journal")).unwrap();
    std::fs::create_dir_all(outside.join("var/lib/rekindle/backups")).unwrap();
    let untouched = Tree::read(&outside);
    let mut tally = Tally::default();
    let racer = Racer {
        root: workplace.root(),
        swaps,
        done: AtomicUsize::new(0),
        is_resting: AtomicBool::new(true),
        turn: Mutex::new(()),
    };
    std::thread::scope(|scope| {
        let _home = Home(&racer);
        scope.spawn(|| racer.work());
        while !racer.is_done() {
            round(&bench, &interrupted, &workplace, &racer, &mut tally);
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
        .insert("exchanges".to_owned(), racer.done.load(Ordering::SeqCst));
    tally.close("files and folders exchanged for links that lead outside");
}

/// A node is recovered, or one in which that was interrupted is taken back or on, with the racer at work; then the racer
/// rests, and the node is whole.
fn round(
    bench: &Bench,
    interrupted: &Workplace,
    workplace: &Workplace,
    racer: &Racer,
    tally: &mut Tally,
) {
    let judge = &bench.judge;
    let root = workplace.root();
    let number = tally.runs;
    let verb = ["recover", "rollback", "recover", "resume"][number % 4];
    match verb {
        "recover" => bench.template.copy(&root),
        _ => copy(&interrupted.root(), &root),
    }
    let ended = std::thread::scope(|scope| {
        let run = scope.spawn(|| Ended::of(finish(program(&root, &[verb, "--yes"])), true));
        // Where the racer is at work from the beginning, a run seldom comes to its first change.
        std::thread::sleep(HEAD_START * u32::try_from(number / 4 % HEAD_STARTS).unwrap());
        racer.is_resting.store(false, Ordering::SeqCst);
        run.join().unwrap()
    });
    racer.rest();
    tally.runs += 1;
    tally.outcome(&format!("{verb}: {}", ended.outcome()));
    if !matches!(ended.code, Some(0 | 1 | 3 | 4 | 5)) {
        tally.fail("the racer", &format!("{verb}: {ended:?}"));
    }
    let found = judge.look(&root);
    tally.damage("the racer", &found.damage);
    if found.damage.words.is_empty() && found.phase == Phase::Committed {
        go_on(bench, workplace, tally);
    }
}

/// With nobody at work any more a run that stopped can be finished, and taken back.
fn go_on(bench: &Bench, workplace: &Workplace, tally: &mut Tally) {
    let (root, back) = (workplace.root(), workplace.copy());
    copy(&root, &back);
    let resumed = Ended::of(finish(program(&root, &["resume", "--yes"])), true);
    // Who exchanges a file back right after it was replaced takes the new one away: then there is only the way back.
    let codes = ["staged-file-lost", "rollback-begun"];
    if codes
        .iter()
        .any(|code| resumed.stderr.contains(&format!("refused ({code})")))
    {
        tally.outcome("only the way back is left");
    } else {
        let good = resumed.code == Some(0) && bench.judge.look(&root).old == 0;
        tally.resumed.count(good);
        tally.expect(
            "the racer",
            good.then_some(()).ok_or_else(|| format!("{resumed:?}")),
        );
    }
    let rolled_back = Ended::of(finish(program(&back, &["rollback", "--yes"])), true);
    let good =
        rolled_back.code == Some(0) && bench.judge.is_as_before(&bench.judge.look(&back)).is_ok();
    tally.rolled_back.count(good);
    tally.expect(
        "the racer",
        good.then_some(()).ok_or_else(|| format!("{rolled_back:?}")),
    );
}

struct Racer {
    root: PathBuf,
    swaps: usize,
    done: AtomicUsize,
    is_resting: AtomicBool,
    /// Held during an exchange there and back.
    turn: Mutex<()>,
}

/// Sends the racer home, whatever happens.
struct Home<'a>(&'a Racer);

impl Drop for Home<'_> {
    fn drop(&mut self) {
        self.0.done.fetch_max(self.0.swaps, Ordering::SeqCst);
    }
}

impl Racer {
    /// Exchanges places for links and back, so many times, whenever it is not told to rest.
    fn work(&self) {
        let mut number = 0;
        while !self.is_done() {
            {
                let _turn = self.turn.lock().unwrap();
                if !self.is_resting.load(Ordering::SeqCst) {
                    self.swap(number);
                    number += 1;
                }
            }
            std::thread::sleep(Duration::from_micros(PAUSES[(number + 2) % PAUSES.len()]));
        }
    }

    fn is_done(&self) -> bool {
        self.done.load(Ordering::SeqCst) >= self.swaps
    }

    fn swap(&self, number: usize) {
        let place = PLACES[number % PLACES.len()];
        let aside = self.root.with_file_name("aside");
        let path = self.root.join(place);
        let _ = std::fs::remove_file(&aside);
        std::os::unix::fs::symlink(destination(&self.root, place, number), &aside).unwrap();
        if exchange(&path, &aside).is_ok() {
            std::thread::sleep(Duration::from_micros(PAUSES[number % PAUSES.len()]));
            exchange(&path, &aside).unwrap();
            self.done.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Returns when all is in its place again.
    fn rest(&self) {
        self.is_resting.store(true, Ordering::SeqCst);
        drop(self.turn.lock().unwrap());
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
