//! What a checkpoint that was kept elsewhere shows, and nothing within the file can: the two known attacks on sealed logs,
//! both by somebody who holds the authority's key.

use rekindle::journal::{
    AnchorError, Chain, Checkpoint, CheckpointError, Direction, Event, Log, RunOutcome, Verdict,
    read_records,
};
use rekindle::pki::PrivateKey;

use crate::damage::tell;
use crate::fixture::{FIXTURE, Fixture, Memory, NOW, circumstances, committed, make, recovery};
use crate::forger::{certify, forge, journal_specification, records};
use crate::interruption::{
    RESUMED, UNDONE, go_back, go_forward, hours, take_up, without_last_line,
};
use crate::line::note;

/// All checkpoints of a journal, each with the number of its line, from 0.
fn checkpoints(bytes: &[u8]) -> Vec<(usize, Checkpoint)> {
    let events = read_records(bytes).map(|record| record.unwrap().event);
    events
        .enumerate()
        .filter_map(|(line, event)| match event {
            Event::Checkpoint { note } => Some((line, Checkpoint::parse(&note).unwrap())),
            _ => None,
        })
        .collect()
}

/// Why a journal is not the expected one.
fn refusal(verdict: Verdict) -> CheckpointError {
    match verdict {
        Verdict::NotAnchored {
            reason: AnchorError::Expected { source },
            ..
        } => source,
        other => panic!("{other:?}"),
    }
}

fn kept(fixture: &Fixture) -> [Checkpoint; 1] {
    [fixture.closed.checkpoint.clone()]
}

#[test]
fn every_checkpoint_of_a_journal_holds_for_it_from_its_line_on() {
    for (fixture, number) in [(&*FIXTURE, 3), (&*RESUMED, 5), (&*UNDONE, 5)] {
        let checkpoints = checkpoints(&fixture.bytes);
        assert_eq!(checkpoints.len(), number);
        let lines = fixture.lines();
        for (line, checkpoint) in &checkpoints {
            let expected = std::slice::from_ref(checkpoint);
            for whole in line + 1..=lines.len() {
                let bytes = lines[..whole].concat();
                let verdict = fixture.verify_expecting(&bytes, expected);
                let right = match verdict {
                    Verdict::Complete { .. } => whole == lines.len(),
                    Verdict::Incomplete { .. } => whole < lines.len(),
                    _ => false,
                };
                assert!(right, "line {line}, {whole} lines: {verdict:?}");
            }
        }
        let all: Vec<Checkpoint> = checkpoints.into_iter().map(|(_, one)| one).collect();
        let verdict = fixture.verify_expecting(&fixture.bytes, &all);
        assert!(matches!(verdict, Verdict::Complete { .. }), "{verdict:?}");
    }
}

#[test]
fn a_journal_of_which_lines_are_missing_is_not_the_expected_one() {
    for fixture in [&*FIXTURE, &*RESUMED] {
        let lines = fixture.lines();
        let size = fixture.closed.checkpoint.size();
        for whole in 0..lines.len() {
            let bytes = lines[..whole].concat();
            for torn in [&b""[..], &lines[whole][..9]] {
                let bytes = [&bytes[..], torn].concat();
                let reason = refusal(fixture.verify_expecting(&bytes, &kept(fixture)));
                let right = match reason {
                    CheckpointError::Size { found, expected } => {
                        found == size && expected == whole as u64
                    }
                    // All that it covers is there, and it is not.
                    CheckpointError::Absent { .. } => whole as u64 == size,
                    _ => false,
                };
                assert!(right, "{whole} lines: {reason:?}");
            }
        }
    }
}

/// The first attack: the journal is cut before what somebody wants to hide, and goes on from there.
#[test]
fn a_journal_that_was_cut_and_went_on_is_not_the_expected_one() {
    let lines = FIXTURE.lines();
    let start = &checkpoints(&FIXTURE.bytes)[0].1;
    let mut number = 0;
    for whole in 2..lines.len() {
        let cut = lines[..whole].concat();
        let chain = Chain::read(&cut).unwrap().unwrap();
        let ended = chain.outcome();
        let directions = match chain.changes() {
            Some(_) => [Direction::Forward, Direction::Back],
            None => [Direction::Back; 2],
        };
        for direction in directions {
            let (mut log, memory) = take_up(&cut, direction, Some(&FIXTURE.authority), hours(1));
            match (ended, direction) {
                (Some(outcome), _) => drop(log.close(outcome, hours(1)).unwrap()),
                (None, Direction::Forward) => {
                    go_forward(&mut log, hours(1));
                    log.close(RunOutcome::Completed, hours(1)).unwrap();
                }
                (None, Direction::Back) if chain.changes().is_some() => {
                    go_back(&mut log, hours(1));
                }
                (None, Direction::Back) => {
                    log.close(RunOutcome::RolledBack, hours(1)).unwrap();
                }
            }
            let continued = memory.bytes();
            let control = FIXTURE.verify(&continued);
            assert!(matches!(control, Verdict::Complete { .. }), "{control:?}");
            let reason = refusal(FIXTURE.verify_expecting(&continued, &kept(&FIXTURE)));
            assert!(
                matches!(
                    reason,
                    CheckpointError::Size { .. }
                        | CheckpointError::Root { .. }
                        | CheckpointError::Absent { .. }
                ),
                "{whole} lines: {reason:?}"
            );
            // One from before the cut cannot know.
            let early = FIXTURE.verify_expecting(&continued, std::slice::from_ref(start));
            assert!(matches!(early, Verdict::Complete { .. }), "{early:?}");
            number += 1;
        }
    }
    tell(
        "journals cut and gone on with, COMPLETE in themselves, each caught with --expect",
        number,
    );
}

/// The second attack: the same records, changed as one likes, signed with a new key that the real authority certified.
#[test]
fn a_journal_that_was_signed_anew_is_not_the_expected_one() {
    let (resigned, _) = recovery(Some(&FIXTURE.authority));
    let control = FIXTURE.verify(&resigned);
    assert!(matches!(control, Verdict::Complete { .. }), "{control:?}");
    for (_, checkpoint) in checkpoints(&FIXTURE.bytes) {
        let expected = [checkpoint];
        let reason = refusal(FIXTURE.verify_expecting(&resigned, &expected));
        assert!(matches!(reason, CheckpointError::Root { .. }), "{reason:?}");
    }
    let key = PrivateKey::generate_ed25519().unwrap();
    let certificate = certify(&key, &journal_specification(), &FIXTURE.authority, 24);
    let forged = forge(records(&FIXTURE.bytes), &key, Some(&certificate));
    refusal(FIXTURE.verify_expecting(&forged, &kept(&FIXTURE)));
    // Or its last attempt alone, which only seals.
    let lines = RESUMED.lines();
    let unsealed = lines[..lines.len() - 2].concat();
    let authority = Some(&RESUMED.authority);
    let (_, memory) = take_up(&unsealed, Direction::Forward, authority, hours(50));
    let control = RESUMED.verify(&memory.bytes());
    assert!(matches!(control, Verdict::Complete { .. }), "{control:?}");
    let reason = refusal(RESUMED.verify_expecting(&memory.bytes(), &kept(&RESUMED)));
    assert!(matches!(reason, CheckpointError::Root { .. }), "{reason:?}");
}

#[test]
fn the_last_line_alone_cannot_be_exchanged_for_a_further_attempt() {
    let unsealed = without_last_line(&FIXTURE.bytes);
    let authority = Some(&FIXTURE.authority);
    let (_, memory) = take_up(&unsealed, Direction::Forward, authority, hours(1));
    let control = FIXTURE.verify(&memory.bytes());
    assert!(matches!(control, Verdict::Complete { .. }), "{control:?}");
    let reason = refusal(FIXTURE.verify_expecting(&memory.bytes(), &kept(&FIXTURE)));
    assert!(
        matches!(reason, CheckpointError::Absent { .. }),
        "{reason:?}"
    );
}

#[test]
fn a_checkpoint_that_the_journals_own_key_did_not_sign_proves_nothing() {
    let kept = &FIXTURE.closed.checkpoint;
    let stranger = PrivateKey::generate_ed25519().unwrap();
    let origin = format!("rekindle.dev/journal/{}", kept.run());
    let forged = note(&origin, kept.size(), &kept.root(), &stranger);
    let forged = Checkpoint::parse(&forged).unwrap();
    let reason = refusal(FIXTURE.verify_expecting(&FIXTURE.bytes, &[forged]));
    assert!(
        matches!(reason, CheckpointError::Absent { .. }),
        "{reason:?}"
    );
}

/// The last checkpoint of a run of that name.
fn of_another_run(run: &str) -> Checkpoint {
    let memory = Memory::default();
    let mut circumstances = circumstances();
    run.clone_into(&mut circumstances.run.id);
    let mut log = Log::begin(Box::new(memory), circumstances, None, NOW).unwrap();
    log.close(RunOutcome::RolledBack, NOW).unwrap().checkpoint
}

#[test]
fn of_the_checkpoints_in_a_ticket_those_of_this_run_count_and_there_must_be_one() {
    let own = FIXTURE.closed.checkpoint.clone();
    let other = of_another_run("another");
    assert_eq!(other.run(), "another");
    let reason = refusal(FIXTURE.verify_expecting(&FIXTURE.bytes, std::slice::from_ref(&other)));
    assert!(
        matches!(reason, CheckpointError::Origin { .. }),
        "{reason:?}"
    );
    let both = [other, own.clone()];
    let verdict = FIXTURE.verify_expecting(&FIXTURE.bytes, &both);
    assert!(matches!(verdict, Verdict::Complete { .. }), "{verdict:?}");
    // One that holds does not excuse one that does not.
    let same_name = of_another_run(own.run());
    for expected in [[own.clone(), same_name.clone()], [same_name, own]] {
        refusal(FIXTURE.verify_expecting(&FIXTURE.bytes, &expected));
    }
}

#[test]
fn tampering_is_named_before_what_was_expected() {
    let mut bytes = FIXTURE.bytes.clone();
    bytes[9000] ^= 1;
    let verdict = FIXTURE.verify_expecting(&bytes, &kept(&FIXTURE));
    assert!(matches!(verdict, Verdict::Tampered { .. }), "{verdict:?}");
}

#[test]
fn whoever_expects_a_checkpoint_still_wants_somebody_to_vouch_for_the_key() {
    let (mut log, memory) = committed(None);
    make(&mut log, 0, NOW);
    let start = checkpoints(&memory.bytes())[0].1.clone();
    let verdict = FIXTURE.verify_expecting(&memory.bytes(), &[start]);
    assert!(
        matches!(
            verdict,
            Verdict::NotAnchored {
                reason: AnchorError::NoCertificate { .. },
                ..
            }
        ),
        "{verdict:?}"
    );
}

fn found(text: &str) -> Vec<Checkpoint> {
    Checkpoint::find_all(text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

#[test]
fn a_checkpoint_is_found_however_a_ticket_keeps_it() {
    let kept = FIXTURE.closed.checkpoint.clone();
    let note = kept.to_string();
    let each_line = |before: &str, after: &str| -> String {
        let lines = note.lines();
        lines.fold(String::new(), |text, line| {
            text + before + line + after + "\n"
        })
    };
    let signature = note.lines().last().unwrap();
    let hard = signature.chars().collect::<Vec<char>>();
    let hard: Vec<String> = hard.chunks(80).map(|part| part.iter().collect()).collect();
    let texts = [
        note.clone(),
        note.trim_end().to_owned(),
        format!("Rolled out at 4:12.\n\n{note}\n-- \nAnna"),
        each_line("    ", ""),
        each_line("> ", ""),
        each_line("> > ", "  "),
        each_line("\t| ", " |"),
        each_line("", "\r"),
        format!("```\n{note}```\n"),
        // Wrapped by a narrow terminal, and by a mail program.
        note.replace(signature, &hard.join("\n  ")),
        note.replace(signature, &signature.replace(' ', "\n> ")),
        // A dash that somebody's editor took for its own, and an empty line that another one dropped.
        note.replace('\u{2014}', "--"),
        note.replace("\n\n", "\n"),
    ];
    for text in texts {
        assert_eq!(found(&text), std::slice::from_ref(&kept), "{text}");
    }
    let other = of_another_run("another");
    assert_eq!(
        found(&format!("{note}\n{other}and\n{note}")),
        [kept.clone(), other, kept]
    );
}

#[test]
fn what_is_not_a_whole_checkpoint_is_not_taken_for_one() {
    let kept = FIXTURE.closed.checkpoint.clone();
    let note = kept.to_string();
    for text in [
        "",
        "none was printed",
        "rekindle.dev/journal/v1\nis the schema",
    ] {
        assert!(matches!(
            Checkpoint::find_all(text),
            Err(CheckpointError::Malformed)
        ));
    }
    let lines: Vec<&str> = note.lines().collect();
    let (signature, _) = note.split_at(note.len() - 9);
    for damaged in [
        lines[..2].join("\n"),
        lines[..4].join("\n"),
        signature.to_owned(),
        note.replacen('\n', "\n0", 1),
        note.replacen("rekindle.dev/journal/", "rekindle.dev/journal/x", 1),
    ] {
        // A whole one beside it does not hide it.
        for text in [damaged.clone(), format!("{note}\n{damaged}")] {
            assert!(
                matches!(
                    Checkpoint::find_all(&text),
                    Err(CheckpointError::Damaged { .. })
                ),
                "{text}"
            );
        }
    }
}
