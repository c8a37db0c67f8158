//! The log refuses to write what the verifier would refuse, and stops at the first line that did not reach
//! the disk.

use std::io;

use rekindle::journal::{
    Chain, Event, JournalError, Log, OrderError, Outcome, RunOutcome, Storage, Verdict, commit_size,
};

use crate::fixture::{
    FIXTURE, Memory, NOW, begin, changes, circumstances, committed, make, stage, touches,
};

fn failed() -> Event {
    Event::Failed {
        step: "renew apiserver".to_owned(),
        error: "disk full".to_owned(),
    }
}

#[test]
fn an_intent_before_the_commit_writes_nothing() {
    let (mut log, memory) = begin(Some(&FIXTURE.authority));
    let before = memory.0.lock().unwrap().len();
    assert!(matches!(
        log.intend(0, NOW),
        Err(JournalError::Order {
            source: OrderError::BeforeCommit
        })
    ));
    assert_eq!(memory.0.lock().unwrap().len(), before);
}

#[test]
fn a_commit_without_the_staged_files_is_refused() {
    let (mut log, _) = begin(Some(&FIXTURE.authority));
    let changes = changes(None);
    stage(&mut log, &changes[1..]);
    assert!(matches!(
        log.commit(changes, touches(), NOW),
        Err(JournalError::Order { .. })
    ));
}

#[test]
fn events_with_a_verb_of_their_own_cannot_be_appended() {
    let (mut log, _) = begin(Some(&FIXTURE.authority));
    for event in [
        Event::Intent { change: 0 },
        Event::Done { change: 0 },
        Event::Commit {
            changes: Vec::new(),
            touches: Vec::new(),
        },
        Event::Checkpoint {
            note: String::new(),
        },
    ] {
        assert!(matches!(log.append(event, NOW), Err(JournalError::OwnVerb)));
    }
}

/// A run of which the first change was made, and the second one failed.
fn failed_half_way() -> (Log, Memory) {
    let (mut log, memory) = committed(Some(&FIXTURE.authority));
    make(&mut log, 0, NOW);
    let intent = log.intend(1, NOW).unwrap();
    let failure = Outcome::Failed {
        step: "renew etcd-server".to_owned(),
        error: "read-only file system".to_owned(),
    };
    log.outcome(intent, failure, NOW).unwrap();
    (log, memory)
}

#[test]
fn a_run_that_failed_and_was_rolled_back_closes_as_that_and_verifies() {
    let (mut log, memory) = failed_half_way();
    // The failed exchange left what was there, and the one that was made is undone.
    log.append(Event::RolledBack { change: 1 }, NOW).unwrap();
    let intent = log.intend_undo(0, NOW).unwrap();
    log.outcome(intent, Outcome::Done, NOW).unwrap();
    let closed = log.close(RunOutcome::RolledBack, NOW).unwrap();
    let verdict = FIXTURE.verify(&memory.bytes());
    let Verdict::Complete { summary } = verdict else {
        panic!("{verdict:?}");
    };
    assert_eq!(summary.outcome, Some(RunOutcome::RolledBack));
    assert_eq!(summary.counts.changed, 0);
    assert_eq!(summary.counts.rolled_back, 2);
    assert_eq!(summary.counts.failed, 1);
    assert_eq!(summary.checkpoint, Some(closed.checkpoint));
}

#[test]
fn going_back_cannot_be_claimed_while_a_change_that_was_begun_is_not_undone() {
    let (mut log, _) = failed_half_way();
    let intent = log.intend_undo(0, NOW).unwrap();
    log.outcome(intent, Outcome::Done, NOW).unwrap();
    for outcome in [
        RunOutcome::RolledBack,
        RunOutcome::Completed,
        RunOutcome::HalfWay,
    ] {
        assert!(matches!(
            log.close(outcome, NOW),
            Err(JournalError::Order {
                source: OrderError::Outcome
            })
        ));
    }
}

#[test]
fn success_cannot_be_claimed_while_a_change_is_open() {
    let (mut log, _) = begin(Some(&FIXTURE.authority));
    let changes = changes(None);
    stage(&mut log, &changes);
    log.commit(changes, touches(), NOW).unwrap();
    let _intent = log.intend(0, NOW).unwrap();
    assert!(matches!(
        log.close(RunOutcome::Completed, NOW),
        Err(JournalError::Order {
            source: OrderError::EffectUnderWay
        })
    ));
}

/// What is refused has no part in what is judged next: the effect is still under way, and may come to its outcome.
#[test]
fn a_refused_event_changes_nothing() {
    let (mut log, memory) = committed(Some(&FIXTURE.authority));
    let other = {
        let (mut log, _) = committed(Some(&FIXTURE.authority));
        log.intend(1, NOW).unwrap()
    };
    let intent = log.intend(0, NOW).unwrap();
    let before = memory.bytes();
    assert!(matches!(
        log.outcome(other, Outcome::Done, NOW),
        Err(JournalError::Order {
            source: OrderError::NoIntent
        })
    ));
    assert!(matches!(
        log.intend(2, NOW),
        Err(JournalError::Order {
            source: OrderError::EffectUnderWay
        })
    ));
    assert_eq!(memory.bytes(), before);
    log.outcome(intent, Outcome::Done, NOW).unwrap();
    let chain = Chain::read(&memory.bytes()).unwrap().unwrap();
    assert_eq!(chain.counts().changed, 1);
}

/// As long as the line that is written, to the byte but for its number.
#[test]
fn the_length_of_a_commit_is_known_before() {
    let (_, memory) = committed(Some(&FIXTURE.authority));
    let bytes = memory.bytes();
    let longest = bytes.split(|byte| *byte == b'\n').map(<[u8]>::len).max();
    let changes = Chain::read(&bytes).unwrap().unwrap();
    let changes = changes.changes().unwrap().iter();
    let changes = changes.map(|(change, _)| change.clone()).collect();
    let foreseen = commit_size(changes, touches()).unwrap();
    let actual = longest.unwrap();
    assert!(
        (actual..actual + 32).contains(&foreseen),
        "{foreseen}, and {actual} were written"
    );
}

#[test]
fn a_run_identifier_that_a_checkpoint_cannot_hold_is_refused() {
    for run in ["", "a b", "a\nb", "a+b", "\u{2014}", &"a".repeat(129)] {
        let mut circumstances = circumstances();
        circumstances.run.id = run.to_owned();
        let begun = Log::begin(Box::new(Failing { lines: 0 }), circumstances, None, NOW);
        assert!(matches!(begun, Err(JournalError::RunId { .. })), "{run}");
    }
}

#[test]
fn after_a_line_that_did_not_reach_the_disk_nothing_more_is_written() {
    let storage = Failing { lines: 2 };
    let mut log = Log::begin(Box::new(storage), circumstances(), None, NOW).unwrap();
    assert!(matches!(
        log.append(failed(), NOW),
        Err(JournalError::Storage { .. })
    ));
    assert!(matches!(
        log.append(failed(), NOW),
        Err(JournalError::Stopped)
    ));
    assert!(matches!(
        log.close(RunOutcome::HalfWay, NOW),
        Err(JournalError::Stopped)
    ));
}

/// A disk that is full after some lines.
struct Failing {
    lines: usize,
}

impl Storage for Failing {
    fn append_durably(&mut self, line: &[u8]) -> io::Result<()> {
        self.append(line)
    }

    fn append(&mut self, _: &[u8]) -> io::Result<()> {
        match self.lines.checked_sub(1) {
            Some(lines) => {
                self.lines = lines;
                Ok(())
            }
            None => Err(io::ErrorKind::StorageFull.into()),
        }
    }
}
