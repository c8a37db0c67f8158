//! A program on trial: all its crashes, judged.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::crash::{Crash, each_crash};
use crate::fault::{Fault, Kind};
use crate::file_system::{Care, Machine};
use crate::judge::{Judge, Remains};
use crate::log::Event;
use crate::program::{Program, RECOVER, Start};
use crate::recording::{Neighbour, Recording, record};
use crate::ways_out;

/// How much is tried. Every write is a crash to be judged in any case.
#[derive(Debug, Clone)]
pub struct Effort {
    /// Whether all programs are tried.
    pub all_programs: bool,
    /// A part of the names of those that are tried.
    pub only: String,
    /// How long a busy neighbour waits between two flushes.
    pub pause: Duration,
    /// So many crashes for each flush lose a part of what was not flushed yet.
    pub lossy: usize,
    /// The seed by which that part is drawn.
    pub seed: u64,
    /// Of the crashes that leave something that can be told apart, both ways out are gone from one in so many.
    pub step: usize,
    /// Where the first disk of each kind is kept that should not be bad and is.
    pub keep: Option<PathBuf>,
}

impl Effort {
    /// Some minutes.
    pub fn full() -> Self {
        Self {
            all_programs: true,
            only: String::new(),
            pause: Duration::from_millis(1),
            lossy: 3,
            seed: 3,
            step: 1,
            keep: None,
        }
    }

    /// About one.
    pub fn quick() -> Self {
        Self {
            all_programs: false,
            pause: Duration::from_millis(5),
            lossy: 1,
            step: 16,
            ..Self::full()
        }
    }
}

/// What came out for a program on a file system.
pub struct Trial<'a> {
    /// The program.
    pub program: &'a Program,
    /// The file system.
    pub care: Care,
    /// The writes that were logged.
    pub writes: usize,
    /// The crashes that were judged.
    pub crashes: usize,
    /// From how many of them both ways out were gone.
    pub ways_out: usize,
    /// How often each kind of fault was found, and the first time.
    pub faults: BTreeMap<Kind, (usize, String)>,
}

impl<'a> Trial<'a> {
    /// Records `program` alone and beside a busy neighbour, and judges all crashes of both.
    pub fn run(
        machine: &Machine,
        program: &'a Program,
        fresh: &[u8],
        care: Care,
        effort: &Effort,
    ) -> Self {
        let mut trial = Self {
            program,
            care,
            writes: 0,
            crashes: 0,
            ways_out: 0,
            faults: BTreeMap::new(),
        };
        let half_way = match program.start {
            Start::Expired => None,
            Start::HalfWay(goal) => Some((goal, half_way(machine, fresh, care))),
        };
        let pause = effort.pause;
        for neighbour in [Neighbour::None, Neighbour::Busy { pause }] {
            let recording = match &half_way {
                None => record(machine, program, fresh, care, neighbour),
                Some((goal, (recovery, image))) => {
                    record(machine, program, image, care, neighbour).taken_up(*goal, recovery)
                }
            };
            trial.judge(machine, &recording, neighbour, effort);
        }
        trial
    }

    /// Whether it is as good, or as bad, as it is known to be.
    pub fn is_as_expected(&self) -> bool {
        let expected = self.program.expected(self.care);
        let all_there = expected.iter().all(|kind| self.faults.contains_key(kind));
        let none_too_many = self.faults.is_empty() == expected.is_empty();
        all_there && none_too_many && !self.faults.contains_key(&Kind::NoFileSystem)
    }

    /// How many of the crashes left something wrong.
    pub fn bad(&self) -> usize {
        self.faults.values().map(|(times, _)| times).sum()
    }

    fn judge(
        &mut self,
        machine: &Machine,
        recording: &Recording,
        neighbour: Neighbour,
        effort: &Effort,
    ) {
        let is_write = |event: &&Event| matches!(event, Event::Write { .. });
        self.writes += recording.log.iter().filter(is_write).count();
        let has_journal = self.program.is_rekindle();
        let mut judge = Judge::new(machine, recording, self.care, has_journal);
        let mut random = fastrand::Rng::with_seed(effort.seed);
        let mut seen = HashSet::new();
        each_crash(recording, effort.lossy, &mut random, &mut |crash| {
            self.crashes += 1;
            let mut judged = judge.judge(crash);
            if let Ok(remains) = &judged
                && has_journal
                && seen.insert(remains.clone())
                && seen.len() % effort.step == 1 % effort.step
            {
                self.ways_out += 1;
                if let Err(fault) = self.try_ways_out(machine, recording, crash, remains) {
                    judged = Err(fault);
                }
            }
            if let Err(fault) = judged {
                self.note(&fault, neighbour, crash, effort.keep.as_deref());
            }
        });
    }

    fn try_ways_out(
        &self,
        machine: &Machine,
        recording: &Recording,
        crash: &Crash<'_>,
        remains: &Remains,
    ) -> Result<(), Fault> {
        let start = ways_out::Start {
            recording,
            image: crash.image,
            remains,
        };
        start.try_both(machine, self.care)
    }

    fn note(
        &mut self,
        fault: &Fault,
        neighbour: Neighbour,
        crash: &Crash<'_>,
        keep: Option<&Path>,
    ) {
        let entry = self.faults.entry(fault.kind).or_default();
        entry.0 += 1;
        if entry.0 > 1 {
            return;
        }
        entry.1 = format!("{neighbour}, {}: {}", crash.description, fault.evidence);
        if let Some(folder) = keep
            && self.program.expected(self.care).is_empty()
        {
            let (name, option) = (self.program.name, self.care.option());
            let file = format!("{name}, {option}, {}.img", fault.kind);
            std::fs::write(folder.join(file), crash.image).expect("room");
        }
    }
}

/// A recovery, and the disk after the first write that makes half of the files new.
fn half_way(machine: &Machine, fresh: &[u8], care: Care) -> (Recording, Vec<u8>) {
    let recovery = record(machine, &RECOVER, fresh, care, Neighbour::None);
    let half = recovery.replaced(&recovery.new).len() / 2;
    let mut judge = Judge::new(machine, &recovery, care, false);
    let mut is_half = |events| {
        let image = recovery.prefix(events);
        let crash = Crash {
            image: &image,
            reported: false,
            description: String::new(),
        };
        let remains = judge.judge(&crash).expect("a good recovery");
        remains.replaced.len() >= half
    };
    // Files only ever become new.
    let (mut before, mut after) = (0, recovery.log.len());
    while after - before > 1 {
        let middle = usize::midpoint(before, after);
        if is_half(middle) {
            after = middle;
        } else {
            before = middle;
        }
    }
    let image = recovery.prefix(after);
    (recovery, image)
}
