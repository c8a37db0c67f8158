//! Every way in which a finished file can be damaged. Some places in every line by default; all of them, counted, by
//! `scripts/damage`, which asks a release build for it with `REKINDLE_FULL=1`.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use rekindle::journal::{Event, RunOutcome, Verdict, read_records};

use crate::fixture::{FIXTURE, Fixture};
use crate::interruption::{RESUMED, UNDONE};

/// The journals that are damaged: of one attempt, and of several.
fn subjects() -> [&'static Fixture; 2] {
    [&FIXTURE, &RESUMED]
}

#[test]
fn the_undamaged_journal_is_complete() {
    let Verdict::Complete { summary } = FIXTURE.verify(&FIXTURE.bytes) else {
        panic!("{:?}", FIXTURE.verify(&FIXTURE.bytes));
    };
    let lines = FIXTURE.lines().len();
    assert!((35..=45).contains(&lines), "{lines}");
    assert_eq!(summary.records, lines as u64);
    assert_eq!((summary.committed, summary.counts.changed), (Some(7), 7));
    assert_eq!(summary.counts.touched, 2);
    assert_eq!(
        summary.checkpoint.as_ref(),
        Some(&FIXTURE.closed.checkpoint)
    );
    assert_eq!(summary.genesis.key.sha256, FIXTURE.closed.key);
}

#[test]
fn the_last_checkpoint_covers_the_close() {
    let events: Vec<Event> = read_records(&FIXTURE.bytes)
        .map(|record| record.unwrap().event)
        .collect();
    let covered = usize::try_from(FIXTURE.closed.checkpoint.size()).unwrap();
    assert!(matches!(events[covered - 1], Event::Close { .. }));
    assert_eq!(covered, events.len() - 1);
}

#[test]
fn the_undamaged_journals_of_several_attempts_are_complete() {
    for (fixture, attempts, outcome) in [
        (&*RESUMED, 4, RunOutcome::Completed),
        (&*UNDONE, 3, RunOutcome::RolledBack),
    ] {
        let Verdict::Complete { summary } = fixture.verify(&fixture.bytes) else {
            panic!("{:?}", fixture.verify(&fixture.bytes));
        };
        assert_eq!(summary.attempts, attempts);
        assert_eq!(summary.keys.len() as u64, attempts);
        assert_eq!(summary.outcome, Some(outcome));
        assert_eq!(summary.keys.last(), Some(&fixture.closed.key));
        assert_eq!(
            summary.checkpoint.as_ref(),
            Some(&fixture.closed.checkpoint)
        );
    }
}

#[test]
fn every_flipped_bit_is_found_in_its_line() {
    let flipped = AtomicUsize::new(0);
    for fixture in subjects() {
        let last = fixture.bytes.len() - 1;
        in_every_line(fixture, |index, range| {
            for at in sample(range) {
                for bit in bits(at) {
                    let mut bytes = fixture.bytes.clone();
                    bytes[at] ^= 1 << bit;
                    let verdict = fixture.verify(&bytes);
                    let right = match verdict {
                        Verdict::Tampered { line, .. } => line == index + 1 && at != last,
                        // Without its newline the last line is one that was cut short.
                        Verdict::Incomplete { torn_tail, .. } => torn_tail && at == last,
                        _ => false,
                    };
                    assert!(right, "byte {at}, bit {bit}, line {index}: {verdict:?}");
                    flipped.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    }
    tell("bits flipped, each found in its line", flipped.into_inner());
}

#[test]
fn every_cut_is_told_from_tampering() {
    let cuts = AtomicUsize::new(0);
    for fixture in subjects() {
        let line_of = |wanted: fn(&Event) -> bool| {
            read_records(&fixture.bytes)
                .position(|record| wanted(&record.unwrap().event))
                .unwrap()
        };
        let commit = line_of(|event| matches!(event, Event::Commit { .. }));
        let close = line_of(|event| matches!(event, Event::Close { .. }));
        in_every_line(fixture, |whole, range| {
            let start = range.start;
            for at in sample(range) {
                let verdict = fixture.verify(&fixture.bytes[..at]);
                let Verdict::Incomplete {
                    summary,
                    resumable,
                    torn_tail,
                } = verdict
                else {
                    panic!("cut at byte {at}: {verdict:?}");
                };
                let records = summary.map_or(0, |summary| summary.records);
                assert_eq!(records, whole as u64, "cut at byte {at}");
                assert_eq!(torn_tail, at != start, "cut at byte {at}");
                let between = commit < whole && whole <= close;
                assert_eq!(resumable, between, "cut at byte {at}");
                cuts.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    tell(
        "cuts, each INCOMPLETE with the right number of records",
        cuts.into_inner(),
    );
}

#[test]
fn every_missing_line_is_noticed() {
    let mut number = 0;
    for fixture in subjects() {
        let lines = fixture.lines();
        for missing in 0..lines.len() {
            let rest = [&lines[..missing], &lines[missing + 1..]];
            let verdict = fixture.verify(&rest.concat().concat());
            if missing + 1 == lines.len() {
                assert!(matches!(
                    verdict,
                    Verdict::Incomplete {
                        torn_tail: false,
                        ..
                    }
                ));
            } else {
                assert_tampered(&verdict, missing + 1);
            }
            number += 1;
        }
    }
    tell("lines deleted, each noticed in its place", number);
}

#[test]
fn every_repeated_line_is_noticed() {
    let mut number = 0;
    for fixture in subjects() {
        let lines = fixture.lines();
        for repeated in 0..lines.len() {
            let twice = [&lines[..=repeated], &lines[repeated..]];
            let verdict = fixture.verify(&twice.concat().concat());
            assert_tampered(&verdict, repeated + 2);
            number += 1;
        }
    }
    tell("lines doubled, each noticed in its place", number);
}

#[test]
fn every_pair_of_swapped_lines_is_noticed() {
    let mut number = 0;
    for fixture in subjects() {
        let lines = fixture.lines();
        for first in 0..lines.len() {
            for second in sample(first + 1..lines.len()) {
                let mut swapped = lines.clone();
                swapped.swap(first, second);
                assert_tampered(&fixture.verify(&swapped.concat()), first + 1);
                number += 1;
            }
        }
    }
    tell("pairs of lines swapped, each noticed in its place", number);
}

/// A segment is a run of lines with one key: it can neither be left out nor be moved.
#[test]
fn every_missing_or_moved_segment_is_noticed() {
    let lines = RESUMED.lines();
    let begins: Vec<usize> = read_records(&RESUMED.bytes)
        .enumerate()
        .filter(|(_, record)| {
            let event = &record.as_ref().unwrap().event;
            matches!(event, Event::Genesis(_) | Event::Attempt(_))
        })
        .map(|(line, _)| line)
        .chain([lines.len()])
        .collect();
    let segments: Vec<&[&[u8]]> = begins
        .windows(2)
        .map(|ends| &lines[ends[0]..ends[1]])
        .collect();
    assert_eq!(segments.len(), 4);
    for (missing, begin) in begins.iter().enumerate().take(3) {
        let mut rest = segments.clone();
        rest.remove(missing);
        assert_tampered(&RESUMED.verify(&rest.concat().concat()), begin + 1);
    }
    let mut swapped = segments.clone();
    swapped.swap(1, 2);
    assert_tampered(&RESUMED.verify(&swapped.concat().concat()), begins[1] + 1);
}

#[test]
fn bytes_that_say_nothing_are_noticed_too() {
    let lines = FIXTURE.lines();
    for blank in ["\n", "\r\n", " \n", "{}\n", "\0\n"] {
        for at in [0, 7, lines.len()] {
            let with = [&lines[..at], &[blank.as_bytes()], &lines[at..]].concat();
            assert_tampered(&FIXTURE.verify(&with.concat()), at + 1);
        }
    }
    let crlf = String::from_utf8(FIXTURE.bytes.clone())
        .unwrap()
        .replace('\n', "\r\n");
    assert_tampered(&FIXTURE.verify(crlf.as_bytes()), 1);
    let behind_the_end = [&FIXTURE.bytes[..], b"{"].concat();
    assert_tampered(&FIXTURE.verify(&behind_the_end), lines.len() + 1);
}

fn assert_tampered(verdict: &Verdict, expected: usize) {
    match verdict {
        Verdict::Tampered { line, .. } if *line == expected => {}
        _ => panic!("line {expected}: {verdict:?}"),
    }
}

/// Does something with the place of every line, its newline included; two at a time.
fn in_every_line(fixture: &Fixture, check: impl Fn(usize, Range<usize>) + Sync) {
    let mut end = 0;
    let ranges: Vec<(usize, Range<usize>)> = fixture
        .lines()
        .iter()
        .map(|line| {
            let start = end;
            end += line.len();
            start..end
        })
        .enumerate()
        .collect();
    let check = &check;
    std::thread::scope(|scope| {
        for half in 0..2 {
            let every_other = ranges.iter().skip(half).step_by(2);
            scope.spawn(move || {
                for (index, range) in every_other {
                    check(*index, range.clone());
                }
            });
        }
    });
}

/// A debug build would take hours.
pub fn full() -> bool {
    #[allow(
        clippy::disallowed_methods,
        reason = "how much to test is the tester's choice"
    )]
    let asked = std::env::var_os("REKINDLE_FULL").is_some();
    asked && !cfg!(debug_assertions)
}

/// For the table of `scripts/damage`: how often something was done, each time with the right verdict.
pub fn tell(what: &str, number: usize) {
    println!("counted: {number} {what}");
}

/// The first and last few of a range and some between, or all.
fn sample(range: Range<usize>) -> impl Iterator<Item = usize> {
    let (full, last) = (full(), range.end.saturating_sub(1));
    let start = range.start;
    range.filter(move |at| full || *at < start + 2 || *at + 1 > last || at % 211 == 0)
}

/// One bit of a byte, another one for each place, or all eight.
fn bits(at: usize) -> Range<usize> {
    if full() { 0..8 } else { at % 8..at % 8 + 1 }
}
