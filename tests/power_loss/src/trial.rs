//! A program on trial: all its crashes, judged.

use std::collections::BTreeMap;

use crate::crash::each_crash;
use crate::disk::Event;
use crate::fault::{Fault, Kind};
use crate::file_system::{Care, Machine};
use crate::judge::Judge;
use crate::program::Program;
use crate::recording::{Neighbour, record};

/// Which of the unflushed writes are lost is drawn by lot, from here on.
pub const SEED: u64 = 3;

/// How much is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Every write, and one lossy state for each flush.
    Quick,
    /// Every write, several lossy states for each flush, and all programs.
    Full,
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
    /// How often each kind of fault was found, and the first time.
    pub faults: BTreeMap<Kind, (usize, String)>,
}

impl<'a> Trial<'a> {
    /// Records `program` alone and beside a busy neighbour, and judges all crashes of both.
    pub fn run(
        machine: &Machine,
        program: &'a Program,
        base: &[u8],
        care: Care,
        effort: Effort,
    ) -> Self {
        let mut trial = Self {
            program,
            care,
            writes: 0,
            crashes: 0,
            faults: BTreeMap::new(),
        };
        for neighbour in [Neighbour::None, Neighbour::Busy] {
            trial.record_and_judge(machine, base, neighbour, effort);
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

    fn record_and_judge(
        &mut self,
        machine: &Machine,
        base: &[u8],
        neighbour: Neighbour,
        effort: Effort,
    ) {
        let recording = record(machine, self.program, base, self.care, neighbour);
        let is_write = |event: &&Event| matches!(event, Event::Write { .. });
        self.writes += recording.log.iter().filter(is_write).count();
        let mut judge = Judge::new(machine, &recording, self.care, self.program.is_rekindle());
        let mut random = fastrand::Rng::with_seed(SEED);
        let lossy = match effort {
            Effort::Quick => 1,
            Effort::Full => 3,
        };
        each_crash(&recording, lossy, &mut random, &mut |crash| {
            self.crashes += 1;
            if let Err(fault) = judge.judge(crash) {
                let place = format!("neighbour {neighbour:?}, {}", crash.description);
                self.note(fault, &place);
            }
        });
    }

    fn note(&mut self, fault: Fault, place: &str) {
        let first = || (0, format!("{place}: {}", fault.evidence));
        self.faults.entry(fault.kind).or_insert_with(first).0 += 1;
    }
}
