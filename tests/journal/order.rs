//! The rules of the protocol bind even whoever holds the right key.

use rekindle::digest::Sha256Digest;
use rekindle::journal::{
    Defect, Event, FileIdentity, OrderError, Record, RunOutcome, Statement, Verdict, read_records,
};
use rekindle::pki::PrivateKey;

use crate::fixture::{FIXTURE, NOW, defect_of};
use crate::forger::{certify, forge, journal_specification, records};

/// The rule that is broken by a journal of the right key whose events were changed.
fn broken_rule(change: impl Fn(&mut Vec<Record>)) -> OrderError {
    let key = PrivateKey::generate_ed25519().unwrap();
    let certificate = certify(&key, &journal_specification(), &FIXTURE.authority, 24);
    let mut records = records(&FIXTURE.bytes);
    change(&mut records);
    match defect_of(FIXTURE.verify(&forge(records, &key, Some(&certificate)))) {
        Defect::Order(error) => error,
        other => panic!("{other:?}"),
    }
}

fn record(event: Event) -> Record {
    Record {
        seq: 0,
        previous: None,
        at: NOW,
        event,
    }
}

fn position(records: &[Record], wanted: impl Fn(&Event) -> bool) -> usize {
    let place = records.iter().position(|record| wanted(&record.event));
    place.unwrap()
}

fn commit(records: &[Record]) -> usize {
    position(records, |event| matches!(event, Event::Commit { .. }))
}

/// Puts an event behind all others.
fn then(event: Event) -> impl Fn(&mut Vec<Record>) {
    move |records| records.push(record(event.clone()))
}

/// Leaves out the first event that is wanted.
fn without(wanted: impl Fn(&Event) -> bool) -> impl Fn(&mut Vec<Record>) {
    move |records| {
        records.remove(position(records, &wanted));
    }
}

fn statement() -> Statement {
    read_records(&FIXTURE.bytes)
        .find_map(|record| match record.unwrap().event {
            Event::Close { statement, .. } => Some(statement),
            _ => None,
        })
        .unwrap()
}

#[test]
fn a_second_genesis_or_commit_is_refused() {
    assert_eq!(
        broken_rule(|records| records.push(records[0].clone())),
        OrderError::Genesis
    );
    assert_eq!(
        broken_rule(|records| records.push(records[commit(records)].clone())),
        OrderError::SecondCommit
    );
}

#[test]
fn a_commit_needs_every_file_staged_and_backed_up() {
    assert_eq!(
        broken_rule(without(|event| matches!(
            event,
            Event::Staged { change: 3, .. }
        ))),
        OrderError::NotStaged { change: 3 }
    );
    assert_eq!(
        broken_rule(without(|event| matches!(
            event,
            Event::BackedUp { change: 2, .. }
        ))),
        OrderError::NotBackedUp { change: 2 }
    );
    assert_eq!(
        broken_rule(|records| {
            for record in records {
                if let Event::Staged {
                    change: 1,
                    identity,
                    ..
                } = &mut record.event
                {
                    *identity = FileIdentity::Sha256(Sha256Digest::of(b"other bytes"));
                }
            }
        }),
        OrderError::NotStaged { change: 1 }
    );
    assert_eq!(
        broken_rule(|records| {
            let other = FileIdentity::Sha256(Sha256Digest::of(b"other bytes"));
            for record in records {
                match &mut record.event {
                    Event::BackedUp {
                        change: 1,
                        identity,
                        ..
                    } => *identity = other,
                    Event::Commit { changes, .. } => {
                        changes[1].backup.as_mut().unwrap().identity = other;
                    }
                    _ => {}
                }
            }
        }),
        OrderError::NotBackedUp { change: 1 }
    );
    assert_eq!(
        broken_rule(|records| {
            for record in records {
                if let Event::Commit { changes, .. } = &mut record.event {
                    changes.truncate(5);
                }
            }
        }),
        OrderError::NoSuchChange { change: 5 }
    );
}

#[test]
fn nothing_is_staged_after_the_commit_and_nothing_changed_before() {
    let early = |event: fn(&Event) -> bool| {
        move |records: &mut Vec<Record>| {
            let moved = records.remove(position(records, event));
            records.insert(commit(records), moved);
        }
    };
    assert_eq!(
        broken_rule(|records| {
            let moved = records.remove(1);
            records.insert(commit(records) + 1, moved);
        }),
        OrderError::NotStaged { change: 0 }
    );
    assert_eq!(
        broken_rule(|records| records.push(records[1].clone())),
        OrderError::AfterCommit { change: 0 }
    );
    assert_eq!(
        broken_rule(early(|event| matches!(event, Event::Intent { .. }))),
        OrderError::BeforeCommit
    );
    assert_eq!(
        broken_rule(early(|event| matches!(event, Event::TouchIntent { .. }))),
        OrderError::BeforeCommit
    );
}

#[test]
fn an_outcome_needs_its_intent_and_an_intent_its_outcome() {
    assert_eq!(
        broken_rule(without(|event| matches!(
            event,
            Event::Intent { change: 4 }
        ))),
        OrderError::NoIntent
    );
    assert_eq!(
        broken_rule(without(|event| matches!(event, Event::Done { change: 4 }))),
        OrderError::EffectUnderWay
    );
    assert_eq!(
        broken_rule(without(|event| matches!(event, Event::TouchIntent { .. }))),
        OrderError::NoIntent
    );
    assert_eq!(
        broken_rule(|records| {
            let done = position(records, |event| matches!(event, Event::Done { change: 4 }));
            records[done].event = Event::Done { change: 5 };
        }),
        OrderError::NoIntent
    );
}

#[test]
fn a_change_is_made_once_and_exists() {
    assert_eq!(
        broken_rule(then(Event::Intent { change: 0 })),
        OrderError::WrongProgress { change: 0 }
    );
    assert_eq!(
        broken_rule(then(Event::Intent { change: 7 })),
        OrderError::NoSuchChange { change: 7 }
    );
    assert_eq!(
        broken_rule(|records| {
            then(Event::RolledBack { change: 6 })(records);
            then(Event::RolledBack { change: 6 })(records);
        }),
        OrderError::WrongProgress { change: 6 }
    );
}

#[test]
fn a_close_must_say_what_happened() {
    let close = |outcome, statement| Event::Close { outcome, statement };
    assert_eq!(
        broken_rule(then(close(RunOutcome::RolledBack, statement()))),
        OrderError::Outcome
    );
    assert_eq!(
        broken_rule(then(close(RunOutcome::HalfWay, statement()))),
        OrderError::Outcome
    );
    let mut shorter = statement();
    shorter.subject.pop();
    assert_eq!(
        broken_rule(then(close(RunOutcome::Completed, shorter))),
        OrderError::Statement
    );
    assert_eq!(
        broken_rule(|records| {
            then(close(RunOutcome::Completed, statement()))(records);
            then(Event::RolledBack { change: 0 })(records);
        }),
        OrderError::AfterClose
    );
}

#[test]
fn a_failed_and_undone_run_verifies() {
    let key = PrivateKey::generate_ed25519().unwrap();
    let certificate = certify(&key, &journal_specification(), &FIXTURE.authority, 24);
    let mut records = records(&FIXTURE.bytes);
    records.truncate(commit(&records) + 1);
    for event in [
        Event::Intent { change: 0 },
        Event::Done { change: 0 },
        Event::Intent { change: 1 },
        Event::Failed {
            step: "renew".to_owned(),
            error: "disk full".to_owned(),
        },
        Event::RolledBack { change: 1 },
        Event::RolledBack { change: 0 },
    ] {
        records.push(record(event));
    }
    let verdict = FIXTURE.verify(&forge(records, &key, Some(&certificate)));
    let Verdict::Incomplete {
        summary: Some(summary),
        ..
    } = verdict
    else {
        panic!("{verdict:?}");
    };
    assert_eq!((summary.counts.changed, summary.counts.rolled_back), (0, 2));
}
