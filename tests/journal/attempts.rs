//! Runs that were interrupted and taken up again: whatever the moment, the journal verifies in the end; and the rules that
//! bind a further attempt.

use rekindle::journal::{
    Chain, Defect, Direction, Event, OrderError, RunOutcome, Verdict, read_records,
};
use rekindle::pki::PrivateKey;

use crate::damage::tell;
use crate::fixture::{FIXTURE, NOW, committed, defect_of, make, touches};
use crate::forger::{Forgery, key_facts, record, sign};
use crate::interruption::{RESUMED, go_back, go_forward, hours, take_up};

/// Takes a journal that was cut to its end, and says how it ended.
fn finish(cut: &[u8], direction: Direction) -> Option<RunOutcome> {
    let chain = Chain::read(cut).unwrap()?;
    if chain.is_sealed() {
        return chain.outcome();
    }
    let (ended, undoing) = (chain.outcome(), chain.is_undoing());
    let direction = if chain.changes().is_none() || undoing {
        Direction::Back
    } else {
        direction
    };
    let (mut log, memory) = take_up(cut, direction, Some(&FIXTURE.authority), hours(1));
    match (ended, direction) {
        (Some(outcome), _) => log.close(outcome, hours(1)).unwrap(),
        (None, Direction::Forward) => {
            go_forward(&mut log, hours(1));
            log.close(RunOutcome::Completed, hours(1)).unwrap()
        }
        (None, Direction::Back) if log.chain().changes().is_some() => go_back(&mut log, hours(1)),
        (None, Direction::Back) => log.close(RunOutcome::RolledBack, hours(1)).unwrap(),
    };
    let verdict = FIXTURE.verify(&memory.bytes());
    let Verdict::Complete { summary } = verdict else {
        panic!("{verdict:?}");
    };
    assert_eq!(summary.attempts, 2);
    summary.outcome
}

#[test]
fn a_run_killed_at_any_line_is_taken_forward_or_back_and_verifies() {
    let lines = FIXTURE.lines();
    let events: Vec<Event> = read_records(&FIXTURE.bytes)
        .map(|record| record.unwrap().event)
        .collect();
    let commit = events
        .iter()
        .position(|event| matches!(event, Event::Commit { .. }));
    let close = events.len() - 2;
    let mut kills = 0;
    for whole in 1..=lines.len() {
        let torn = lines.get(whole).map_or(0, |next| next.len() / 2);
        for rest in [0, torn] {
            let cut: usize = lines[..whole].iter().map(|line| line.len()).sum();
            let cut = &FIXTURE.bytes[..cut + rest];
            let forward = finish(cut, Direction::Forward);
            let back = finish(cut, Direction::Back);
            let expected = if whole <= commit.unwrap() {
                [RunOutcome::RolledBack, RunOutcome::RolledBack]
            } else if whole <= close {
                [RunOutcome::Completed, RunOutcome::RolledBack]
            } else {
                [RunOutcome::Completed, RunOutcome::Completed]
            };
            assert_eq!([forward, back], expected.map(Some), "after line {whole}");
            kills += 1;
        }
    }
    tell(
        "kills, each taken forward and back to a journal that is COMPLETE",
        kills,
    );
}

#[test]
fn a_line_cut_short_is_noted_by_the_attempt_that_set_it_aside() {
    let cut = &FIXTURE.bytes[..FIXTURE.bytes.len() - 7];
    let chain = Chain::read(cut).unwrap().unwrap();
    assert!(!chain.torn().is_empty());
    let (_, memory) = take_up(cut, Direction::Forward, None, hours(1));
    let continued = Chain::read(&memory.bytes()).unwrap().unwrap();
    assert!(continued.torn().is_empty());
    let [noted] = continued.noted() else {
        panic!("{:?}", continued.noted());
    };
    assert_eq!(noted.size, chain.torn().len() as u64);
}

#[test]
fn a_run_that_ended_is_sealed_and_nothing_else_is_written() {
    let lines = FIXTURE.lines();
    let unsealed = lines[..lines.len() - 1].concat();
    let (mut log, memory) = take_up(&unsealed, Direction::Back, None, hours(1));
    let sealed = memory.bytes();
    let failed = Event::Failed {
        step: "a".to_owned(),
        error: "b".to_owned(),
    };
    assert!(log.append(failed, hours(1)).is_err());
    let closed = log.close(RunOutcome::RolledBack, hours(1)).unwrap();
    assert_eq!(memory.bytes(), sealed, "closing wrote something");
    let chain = Chain::read(&sealed).unwrap().unwrap();
    assert!(chain.is_sealed());
    assert_eq!(chain.outcome(), Some(RunOutcome::Completed));
    assert_eq!(chain.checkpoint(), Some(&closed.checkpoint));
}

#[test]
fn a_run_ends_half_way_only_where_something_was_left_and_nothing_is_unknown() {
    let (mut log, memory) = committed(Some(&FIXTURE.authority));
    make(&mut log, 0, NOW);
    drop(log.intend(1, NOW).unwrap());
    let (mut log, memory) = take_up(&memory.bytes(), Direction::Forward, None, hours(1));
    assert!(log.close(RunOutcome::HalfWay, hours(1)).is_err());
    let skipped = |change| Event::Skipped {
        change,
        found: "something else".to_owned(),
    };
    log.append(skipped(2), hours(1)).unwrap();
    assert!(
        log.close(RunOutcome::HalfWay, hours(1)).is_err(),
        "1 is open"
    );
    assert!(log.close(RunOutcome::Completed, hours(1)).is_err());
    log.append(Event::Adopted { change: 1 }, hours(1)).unwrap();
    log.close(RunOutcome::HalfWay, hours(1)).unwrap();
    let chain = Chain::read(&memory.bytes()).unwrap().unwrap();
    assert_eq!(chain.outcome(), Some(RunOutcome::HalfWay));
    assert_eq!(chain.counts().skipped, 1);
}

impl Forgery {
    /// The same for an attempt that is in order, and what it does.
    fn judge_attempt(&self, direction: Direction, then: &[Event]) -> Verdict {
        let attempt = self.attempt(2, direction);
        let then = then.iter().cloned().map(|event| (event, 1));
        self.judge([(attempt, 1)].into_iter().chain(then).collect())
    }

    /// The rule that such an attempt breaks.
    fn broken_rule(&self, direction: Direction, then: &[Event]) -> OrderError {
        match defect_of(self.judge_attempt(direction, then)) {
            Defect::Order(error) => error,
            other => panic!("{other:?}"),
        }
    }
}

const FOUND: &str = "a link to elsewhere";

#[test]
fn the_forged_attempt_is_good_enough_to_be_believed() {
    let forgery = Forgery::new();
    let forward = [
        Event::Intent { change: 1 },
        Event::Done { change: 1 },
        Event::Adopted { change: 2 },
        Event::Skipped {
            change: 3,
            found: FOUND.to_owned(),
        },
    ];
    let back = [
        Event::UndoIntent { change: 1 },
        Event::RolledBack { change: 1 },
        Event::RolledBack { change: 0 },
    ];
    for verdict in [
        forgery.judge_attempt(Direction::Forward, &forward),
        forgery.judge_attempt(Direction::Back, &back),
    ] {
        let Verdict::Incomplete {
            summary: Some(summary),
            resumable: true,
            torn_tail: false,
        } = verdict
        else {
            panic!("{verdict:?}");
        };
        assert_eq!(summary.attempts, 2);
        assert_eq!(summary.keys.len(), 2);
    }
}

#[test]
fn an_attempt_has_the_next_number() {
    let forgery = Forgery::new();
    for number in [0, 1, 3] {
        let attempt = forgery.attempt(number, Direction::Forward);
        let defect = defect_of(forgery.judge(vec![(attempt, 1)]));
        assert!(
            matches!(
                defect,
                Defect::Order(OrderError::AttemptNumber { found, expected: 2 }) if found == number
            ),
            "{defect:?}"
        );
    }
}

#[test]
fn an_attempt_is_signed_by_the_key_that_it_names_and_no_other() {
    let forgery = Forgery::new();
    // By the old key, though it names the new one.
    let attempt = forgery.attempt(2, Direction::Forward);
    let defect = defect_of(forgery.judge(vec![(attempt, 0)]));
    assert!(matches!(defect, Defect::Attempt), "{defect:?}");
    // By a key that it does not name.
    let mut other = Forgery::new();
    other.first.clone_from(&forgery.first);
    other.keys[0] = forgery.keys.into_iter().next().unwrap();
    let mut attempt = other.attempt(2, Direction::Forward);
    let Event::Attempt(facts) = &mut attempt else {
        panic!("{attempt:?}");
    };
    facts.key = key_facts(&PrivateKey::generate_ed25519().unwrap(), None);
    let defect = defect_of(other.judge(vec![(attempt, 1)]));
    assert!(matches!(defect, Defect::KeyId { .. }), "{defect:?}");
}

#[test]
fn an_attempt_has_a_key_of_its_own() {
    let forgery = Forgery::new();
    let old = key_facts(&forgery.keys[0], Some(&forgery.certificates[0]));
    for (number, signer) in [(2, 0), (3, 0)] {
        let mut again = forgery.attempt(number, Direction::Forward);
        let Event::Attempt(facts) = &mut again else {
            panic!("{again:?}");
        };
        facts.key = old.clone();
        let mut then = vec![(again, signer)];
        if number == 3 {
            then.insert(0, (forgery.attempt(2, Direction::Forward), 1));
        }
        let defect = defect_of(forgery.judge(then));
        assert!(matches!(defect, Defect::Attempt), "{number}: {defect:?}");
    }
}

#[test]
fn a_key_that_gives_itself_a_wrong_fingerprint_begins_no_attempt() {
    let forgery = Forgery::new();
    let mut attempt = forgery.attempt(2, Direction::Forward);
    let Event::Attempt(facts) = &mut attempt else {
        panic!("{attempt:?}");
    };
    facts.key.sha256 = rekindle::digest::Sha256Digest::of(b"another key");
    let defect = defect_of(forgery.judge(vec![(attempt, 1)]));
    assert!(matches!(defect, Defect::Attempt), "{defect:?}");
}

#[test]
fn the_old_key_signs_nothing_behind_an_attempt() {
    let forgery = Forgery::new();
    let attempt = forgery.attempt(2, Direction::Forward);
    let defect = defect_of(forgery.judge(vec![(attempt, 1), (Event::Intent { change: 1 }, 0)]));
    assert!(matches!(defect, Defect::KeyId { .. }), "{defect:?}");
}

#[test]
fn no_attempt_follows_the_last_checkpoint() {
    for fixture in [&*FIXTURE, &*RESUMED] {
        let forgery = Forgery::new();
        let lines = fixture.lines();
        let last = lines.last().unwrap().strip_suffix(b"\n").unwrap();
        let mut attempt = record(forgery.attempt(
            if lines.len() == FIXTURE.lines().len() {
                2
            } else {
                5
            },
            Direction::Forward,
        ));
        attempt.seq = lines.len() as u64;
        attempt.previous = Some(rekindle::digest::Sha256Digest::of(last));
        let line = sign(&serde_json::to_string(&attempt).unwrap(), &forgery.keys[1]);
        let continued = [&fixture.bytes[..], line.as_bytes(), b"\n"].concat();
        let defect = defect_of(fixture.verify(&continued));
        assert!(
            matches!(defect, Defect::Order(OrderError::AfterClose)),
            "{defect:?}"
        );
    }
}

#[test]
fn after_a_step_back_there_is_no_step_forward() {
    let forgery = Forgery::new();
    let back = Event::RolledBack { change: 1 };
    for forward in [
        Event::Intent { change: 2 },
        Event::Adopted { change: 2 },
        Event::TouchIntent {
            path: touches()[0].clone(),
            modified_before: NOW,
        },
    ] {
        // Within the attempt, and in the next one.
        let rule = forgery.broken_rule(Direction::Back, &[back.clone(), forward.clone()]);
        assert_eq!(rule, OrderError::Undoing);
    }
    // The first attempt turns back by itself; a further one cannot turn forward again.
    let mut undoing = Forgery::new();
    let failed = Event::Failed {
        step: "renew".to_owned(),
        error: "disk full".to_owned(),
    };
    undoing.first.extend([record(failed), record(back)]);
    let rule = undoing.broken_rule(Direction::Forward, &[Event::Intent { change: 2 }]);
    assert_eq!(rule, OrderError::Undoing);
}

#[test]
fn an_attempt_goes_where_it_says() {
    let forgery = Forgery::new();
    for (direction, event) in [
        (Direction::Back, Event::Intent { change: 1 }),
        (Direction::Back, Event::Adopted { change: 1 }),
        (
            Direction::Back,
            Event::TouchIntent {
                path: touches()[0].clone(),
                modified_before: NOW,
            },
        ),
        (Direction::Forward, Event::UndoIntent { change: 1 }),
        (Direction::Forward, Event::RolledBack { change: 1 }),
    ] {
        let rule = forgery.broken_rule(direction, std::slice::from_ref(&event));
        assert_eq!(rule, OrderError::Direction, "{event:?}");
    }
}

#[test]
fn nothing_is_found_by_a_first_attempt() {
    let forgery = Forgery::new();
    for event in [
        Event::Adopted { change: 2 },
        Event::Skipped {
            change: 2,
            found: FOUND.to_owned(),
        },
    ] {
        let mut then = vec![(Event::Done { change: 1 }, 0), (event.clone(), 0)];
        let defect = defect_of(forgery.judge(then.clone()));
        assert!(
            matches!(
                defect,
                Defect::Order(OrderError::WrongProgress { change: 2 })
            ),
            "{defect:?}"
        );
        // Nor while something is under way.
        then = vec![
            (forgery.attempt(2, Direction::Forward), 1),
            (Event::Intent { change: 1 }, 1),
            (event, 1),
        ];
        let defect = defect_of(forgery.judge(then));
        assert!(
            matches!(defect, Defect::Order(OrderError::EffectUnderWay)),
            "{defect:?}"
        );
    }
}

#[test]
fn what_was_not_committed_is_not_prepared_or_committed_later() {
    let mut forgery = Forgery::new();
    let commit = forgery
        .first
        .iter()
        .position(|record| matches!(record.event, Event::Commit { .. }))
        .unwrap();
    let commit = forgery.first.split_off(commit)[0].event.clone();
    let staged = forgery.first[1].event.clone();
    assert!(matches!(staged, Event::Staged { .. }), "{staged:?}");
    let backed_up = forgery.first[2].event.clone();
    assert!(matches!(backed_up, Event::BackedUp { .. }), "{backed_up:?}");
    for late in [commit, staged, backed_up] {
        for direction in [Direction::Forward, Direction::Back] {
            let rule = forgery.broken_rule(direction, std::slice::from_ref(&late));
            assert_eq!(rule, OrderError::LateCommit, "{late:?}");
        }
    }
}

#[test]
fn only_what_was_committed_is_touched_and_once() {
    let forgery = Forgery::new();
    let touch = |path: &str| {
        let path = path.to_owned();
        [
            Event::TouchIntent {
                path: path.clone(),
                modified_before: NOW,
            },
            Event::TouchDone {
                path,
                modified_after: NOW,
            },
        ]
    };
    // What is behind every change, made or left to somebody else.
    let settled = |touches: &[Event]| {
        let skipped = Event::Skipped {
            change: 1,
            found: FOUND.to_owned(),
        };
        let changes = (2..7).map(|change| Event::Adopted { change });
        let events = [skipped].into_iter().chain(changes);
        forgery.judge_attempt(
            Direction::Forward,
            &events.chain(touches.iter().cloned()).collect::<Vec<_>>(),
        )
    };
    let rule = |touches: &[Event]| match defect_of(settled(touches)) {
        Defect::Order(error) => error,
        other => panic!("{other:?}"),
    };
    let committed = touches();
    let control = settled(&touch(&committed[0]));
    assert!(matches!(control, Verdict::Incomplete { .. }), "{control:?}");
    let strange = touch("/etc/kubernetes/manifests/other.yaml");
    assert_eq!(rule(&strange), OrderError::NoSuchTouch);
    let twice = [touch(&committed[0]), touch(&committed[0])].concat();
    assert_eq!(rule(&twice), OrderError::NoSuchTouch);
    let crossed = [
        touch(&committed[0])[0].clone(),
        touch(&committed[1])[1].clone(),
    ];
    assert_eq!(rule(&crossed), OrderError::NoIntent);
    // And nothing before that.
    let early = forgery.broken_rule(Direction::Forward, &touch(&committed[0]));
    assert_eq!(early, OrderError::EarlyTouch);
}

#[test]
fn a_run_turns_back_once_and_not_forward_again() {
    let forgery = Forgery::new();
    let rule = |direction, then: &[Event]| forgery.broken_rule(direction, then);
    let turned = Event::TurnedBack;
    let forward = Event::Intent { change: 1 };
    assert_eq!(
        rule(Direction::Forward, std::slice::from_ref(&turned)),
        OrderError::Direction
    );
    assert_eq!(
        rule(Direction::Back, &[turned.clone(), turned.clone()]),
        OrderError::SecondTurn
    );
    // A first attempt too, when nothing is under way any more; and the next one cannot turn forward again.
    let first = |then: Vec<(Event, usize)>| defect_of(forgery.judge(then));
    let defect = first(vec![(turned.clone(), 0)]);
    assert!(
        matches!(defect, Defect::Order(OrderError::EffectUnderWay)),
        "{defect:?}"
    );
    let failed = Event::Failed {
        step: "renew".to_owned(),
        error: "disk full".to_owned(),
    };
    let defect = first(vec![
        (failed, 0),
        (turned.clone(), 0),
        (forgery.attempt(2, Direction::Forward), 1),
        (forward, 1),
    ]);
    assert!(
        matches!(defect, Defect::Order(OrderError::Undoing)),
        "{defect:?}"
    );
    let verdict = forgery.judge_attempt(Direction::Back, &[turned]);
    let Verdict::Incomplete {
        summary: Some(summary),
        ..
    } = verdict
    else {
        panic!("{verdict:?}");
    };
    assert_eq!(summary.open_directions, [Direction::Back]);
}

/// A crash may come between a genesis, an attempt or a commit and the checkpoint over it: then an attempt follows.
#[test]
fn a_checkpoint_is_missing_only_where_a_crash_came_before_it() {
    let begins = |event: &Event| {
        matches!(
            event,
            Event::Genesis(_) | Event::Attempt(_) | Event::Commit { .. }
        )
    };
    let lines = RESUMED.lines();
    let events = read_records(&RESUMED.bytes).map(|record| record.unwrap().event);
    let mut tried = 0;
    for (number, _) in events.enumerate().filter(|(_, event)| begins(event)) {
        let cut = lines[..=number].concat();
        let chain = Chain::read(&cut).unwrap().unwrap();
        assert_eq!(chain.checkpoint().is_none(), number == 0);
        let (_, memory) = take_up(&cut, Direction::Back, None, hours(60));
        let twice = &memory.bytes()[..];
        let unsealed = twice.split_inclusive(|byte| *byte == b'\n').count() - 1;
        let again: Vec<&[u8]> = twice.split_inclusive(|byte| *byte == b'\n').collect();
        let again = again[..unsealed].concat();
        take_up(&again, Direction::Back, None, hours(61));
        tried += 1;
    }
    assert_eq!(tried, 5);
}
