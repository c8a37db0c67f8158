//! The rules of the protocol bind even whoever holds the right key.

use rekindle::digest::Sha256Digest;
use rekindle::journal::{
    Defect, Event, OrderError, Record, RunOutcome, Statement, Verdict, read_records,
};
use rekindle::pki::PrivateKey;

use crate::fixture::{FIXTURE, NOW};
use crate::forger::{certify, forge, journal_specification, records, sign};

/// What is wrong with a journal by the right key whose events were changed.
fn defect(change: impl Fn(&mut Vec<Record>)) -> Defect {
    let key = PrivateKey::generate_ed25519().unwrap();
    let certificate = certify(&key, &journal_specification(), &FIXTURE.authority, 24);
    let mut records = records(&FIXTURE.bytes);
    change(&mut records);
    defect_of(FIXTURE.verify(&forge(records, &key, Some(&certificate))))
}

fn defect_of(verdict: Verdict) -> Defect {
    match verdict {
        Verdict::Tampered { defect, .. } => defect,
        other => panic!("{other:?}"),
    }
}

fn broken_rule(change: impl Fn(&mut Vec<Record>)) -> OrderError {
    match defect(change) {
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
                    change: 1, sha256, ..
                } = &mut record.event
                {
                    *sha256 = Sha256Digest::of(b"other bytes");
                }
            }
        }),
        OrderError::NotStaged { change: 1 }
    );
    assert_eq!(
        broken_rule(|records| {
            for record in records {
                if let Event::Commit { changes } = &mut record.event {
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
        OrderError::Statement
    );
    let mut shorter = statement();
    shorter.subject.pop();
    assert_eq!(
        broken_rule(then(close(RunOutcome::Recovered, shorter))),
        OrderError::Statement
    );
    assert_eq!(
        broken_rule(|records| {
            then(close(RunOutcome::Recovered, statement()))(records);
            then(Event::RolledBack { change: 0 })(records);
        }),
        OrderError::AfterClose
    );
}

#[test]
fn a_checkpoint_of_other_lines_is_refused() {
    let note = FIXTURE.closed.checkpoint.to_string();
    let found = defect(then(Event::Checkpoint { note }));
    assert!(matches!(found, Defect::Checkpoint(_)), "{found:?}");
    let note = "no note".to_owned();
    let found = defect(then(Event::Checkpoint { note }));
    assert!(matches!(found, Defect::Checkpoint(_)), "{found:?}");
}

/// A journal whose second line, signed by the right key, holds whatever `payload` makes of its first line's digest.
fn with_second_line(payload: impl Fn(&Sha256Digest) -> String) -> Verdict {
    let key = PrivateKey::generate_ed25519().unwrap();
    let certificate = certify(&key, &journal_specification(), &FIXTURE.authority, 24);
    let genesis = records(&FIXTURE.bytes)[..1].to_vec();
    let first = forge(genesis, &key, Some(&certificate));
    let digest = Sha256Digest::of(first.strip_suffix(b"\n").unwrap());
    let second = sign(&payload(&digest), &key);
    FIXTURE.verify(&[&first[..], second.as_bytes(), b"\n"].concat())
}

const FAILED: &str = r#"{"kind":"failed","step":"a","error":"b"}"#;

fn payload(seq: u64, previous: &Sha256Digest, event: &str) -> String {
    format!(
        r#"{{"seq":{seq},"previous":"{previous}","at":"2026-11-24T03:12:45Z","event":{event}}}"#
    )
}

#[test]
fn a_record_out_of_its_place_is_refused_whoever_signed_it() {
    let control = with_second_line(|digest| payload(1, digest, FAILED));
    assert!(matches!(control, Verdict::Incomplete { .. }), "{control:?}");
    let misnumbered = with_second_line(|digest| payload(2, digest, FAILED));
    let defect = defect_of(misnumbered);
    assert!(
        matches!(
            defect,
            Defect::Sequence {
                found: 2,
                expected: 1
            }
        ),
        "{defect:?}"
    );
    let elsewhere = Sha256Digest::of(b"another line");
    let defect = defect_of(with_second_line(|_| payload(1, &elsewhere, FAILED)));
    assert!(matches!(defect, Defect::Previous), "{defect:?}");
}

#[test]
fn a_record_with_a_second_meaning_is_refused_whoever_signed_it() {
    let twice = r#"{"kind":"failed","step":"a","step":"c","error":"b"}"#;
    let foreign = r#"{"kind":"failed","step":"a","error":"b","more":1}"#;
    let unknown = r#"{"kind":"paused"}"#;
    let unusual: [&dyn Fn(&Sha256Digest) -> String; 8] = [
        &|digest| payload(1, digest, twice),
        &|digest| payload(1, digest, foreign),
        &|digest| payload(1, digest, unknown),
        &|digest| payload(1, digest, FAILED) + " ",
        &|digest| payload(1, digest, FAILED).replacen(',', ", ", 1),
        &|digest| payload(1, digest, FAILED).replace("\"seq\":1", "\"seq\":1.0"),
        &|digest| payload(1, digest, FAILED).replace("45Z", "45+00:00"),
        &|_| "null".to_owned(),
    ];
    for (number, payload) in unusual.iter().enumerate() {
        let defect = defect_of(with_second_line(payload));
        assert!(
            matches!(defect, Defect::Record { .. } | Defect::RecordNotCanonical),
            "{number}: {defect:?}"
        );
    }
}

#[test]
fn a_journal_of_a_later_format_is_named_as_such() {
    let found = defect(|records| {
        if let Event::Genesis(genesis) = &mut records[0].event {
            genesis.schema = "rekindle.dev/journal/v2".to_owned();
        }
    });
    assert!(matches!(found, Defect::Schema { .. }), "{found:?}");
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
