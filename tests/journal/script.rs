//! openssl as the second opinion: scripts/verify-journal agrees with the verifier.
#![allow(
    clippy::disallowed_methods,
    reason = "the script is run on files in a temporary folder, or skipped with a word"
)]

use std::path::Path;
use std::process::Command;

use rekindle::journal::{AnchorError, Checkpoint, Direction, Event, RunOutcome, Verdict};
use rekindle::pki::{Certificate, PrivateKey, encode_certificate};

use crate::damage::{full, tell};
use crate::fixture::{FIXTURE, Fixture, authority, client_certificate};
use crate::forger::{Forgery, certify, forge, journal_specification, key_facts, records};
use crate::interruption::{RESUMED, UNDONE, go_forward, hours, take_up};

/// What else the script is told.
#[derive(Default)]
struct Told<'a> {
    authority: Option<&'a str>,
    keys: Vec<String>,
    expected: Option<&'a str>,
}

/// What the script prints, and whether it is content; nothing where its programs are missing.
fn script(journal: &[u8], told: &Told<'_>) -> Option<(bool, String)> {
    for program in ["openssl", "jq"] {
        if Command::new(program).arg("--version").output().is_err() {
            println!("skipped: {program} is not installed");
            return None;
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/verify-journal");
    let mut command = Command::new(path);
    for key in &told.keys {
        command.args(["--key", key]);
    }
    if let Some(text) = told.expected {
        command.arg("--expect").arg(file("ticket", text.as_bytes()));
    }
    command.arg(file("journal", journal));
    if let Some(authority) = told.authority {
        command.arg(file("ca.crt", authority.as_bytes()));
    }
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr);
    Some((output.status.success(), text))
}

/// The same for a journal of which these checkpoints were kept, judged with all that vouches for the fixture.
fn script_on(fixture: &Fixture, journal: &[u8], expected: Option<&str>) -> Option<(bool, String)> {
    let authority = encode_certificate(fixture.authority.certificate());
    let told = Told {
        authority: Some(&authority),
        keys: fixture.keys.iter().map(ToString::to_string).collect(),
        expected,
    };
    script(journal, &told)
}

fn assert_says(journal: &[u8], expected: &str) {
    if let Some((content, text)) = script_on(&FIXTURE, journal, None) {
        assert!(text.starts_with(expected), "{text}");
        assert_eq!(content, expected.starts_with("OK"));
    }
}

#[test]
fn openssl_and_jq_verify_whole_journals_too() {
    for fixture in [&*FIXTURE, &*RESUMED, &*UNDONE] {
        let records = fixture.lines().len();
        if let Some((content, text)) = script_on(fixture, &fixture.bytes, None) {
            assert_eq!(text, format!("OK {records} records\n"));
            assert!(content);
        }
    }
}

/// One of a kind of damage, at a place.
fn damaged(fixture: &Fixture, kind: usize, place: usize) -> Vec<u8> {
    let lines = fixture.lines();
    let line = place % lines.len();
    let mut bytes = fixture.bytes.clone();
    let at = place * 7919 % bytes.len();
    match kind {
        0 => bytes[at] ^= 1 << (place % 8),
        1 => bytes = [&lines[..line], &lines[line + 1..]].concat().concat(),
        2 => bytes = [&lines[..=line], &lines[line..]].concat().concat(),
        3 => {
            let mut swapped = lines.clone();
            swapped.swap(line, (line + 1 + place / 3) % lines.len());
            bytes = swapped.concat();
        }
        4 => bytes.truncate(at),
        5 => bytes = lines[..line].concat(),
        _ => bytes.insert(at, b"\n \"A="[place % 5]),
    }
    bytes
}

#[test]
fn they_agree_with_the_verifier_on_damage_of_every_kind() {
    const KINDS: usize = 7;
    let places = if full() { 12 } else { 1 };
    let mut compared = 0;
    for fixture in [&*FIXTURE, &*RESUMED, &*UNDONE] {
        for number in 0..KINDS * places {
            let (kind, place) = (number % KINDS, number / KINDS * 13 + number + 3);
            let bytes = damaged(fixture, kind, place);
            let verdict = fixture.verify(&bytes);
            let Some((content, text)) = script_on(fixture, &bytes, None) else {
                return;
            };
            let right = match &verdict {
                Verdict::Complete { .. } => content && text.starts_with("OK "),
                Verdict::Incomplete {
                    torn_tail: false,
                    summary: Some(_),
                    ..
                } => !content && text.starts_with("incomplete: "),
                Verdict::Incomplete { summary, .. } => {
                    let line = summary.as_ref().map_or(0, |summary| summary.records) + 1;
                    let torn = text.starts_with(&format!("line {line}: "));
                    !content && (torn || text == "the journal is empty\n")
                }
                // The script looks at the numbers of the records after it has looked at all signatures.
                Verdict::Tampered { .. } => {
                    !content && (text.starts_with("line ") || text.starts_with("a payload "))
                }
                Verdict::NotAnchored { .. } => false,
            };
            assert!(right, "kind {kind}, place {place}: {verdict:?}\n{text}");
            compared += 1;
        }
    }
    tell(
        "damaged journals judged by openssl and jq, each with the same verdict",
        compared,
    );
}

#[test]
fn they_want_somebody_to_vouch_for_the_key_of_each_attempt() {
    let authority = encode_certificate(RESUMED.authority.certificate());
    let other = encode_certificate(FIXTURE.authority.certificate());
    let keys: Vec<String> = match RESUMED.verify(&RESUMED.bytes) {
        Verdict::Complete { summary } => summary.keys.iter().map(ToString::to_string).collect(),
        verdict => panic!("{verdict:?}"),
    };
    let uncertified = RESUMED.keys[0].to_string();
    let with_prefix = keys.iter().map(|key| format!("sha256:{key}")).collect();
    for (authority, keys, expected) in [
        (Some(&authority), vec![uncertified.clone()], "OK "),
        (None, keys.clone(), "OK "),
        (None, with_prefix, "OK "),
        (Some(&other), keys.clone(), "OK "),
        (
            Some(&authority),
            Vec::new(),
            "attempt 3: no certificate for its key sha256:",
        ),
        (
            Some(&other),
            vec![uncertified.clone()],
            "attempt 1: the certificate of the journal's key: ",
        ),
        (
            Some(&authority),
            keys[..2].to_vec(),
            "attempt 3: no certificate for its key sha256:",
        ),
        (None, keys[1..].to_vec(), "attempt 1: its key is sha256:"),
        (None, Vec::new(), "usage: "),
    ] {
        let told = Told {
            authority: authority.map(String::as_str),
            keys,
            expected: None,
        };
        if let Some((content, text)) = script(&RESUMED.bytes, &told) {
            assert!(text.starts_with(expected), "{expected}: {text}");
            assert_eq!(content, expected.starts_with("OK"), "{text}");
        }
    }
}

#[test]
fn they_hold_a_journal_against_the_checkpoints_in_a_ticket() {
    let note = RESUMED.closed.checkpoint.to_string();
    let quoted = note
        .lines()
        .fold(String::new(), |text, line| text + "> " + line + "\n");
    let cut = RESUMED.lines()[..20].concat();
    let (mut log, memory) = take_up(&cut, Direction::Forward, Some(&RESUMED.authority), hours(1));
    go_forward(&mut log, hours(1));
    log.close(RunOutcome::Completed, hours(1)).unwrap();
    let (went_on, resealed) = (memory.bytes(), {
        let lines = RESUMED.lines();
        let unsealed = lines[..lines.len() - 2].concat();
        let authority = Some(&RESUMED.authority);
        take_up(&unsealed, Direction::Forward, authority, hours(50)).1
    });
    let foreign = FIXTURE.closed.checkpoint.to_string();
    for (journal, ticket, expected) in [
        (&RESUMED.bytes, &note, "OK "),
        (&RESUMED.bytes, &format!("Done.\n{quoted}\nAnna"), "OK "),
        (&went_on, &note, "the journal has no such checkpoint over "),
        (
            &resealed.bytes(),
            &quoted,
            "the journal has no such checkpoint over ",
        ),
        (&RESUMED.bytes, &"nothing".to_owned(), ""),
        (&RESUMED.bytes, &foreign, ""),
    ] {
        let Some((content, text)) = script_on(&RESUMED, journal, Some(ticket)) else {
            return;
        };
        assert!(text.contains(expected), "{ticket}: {text}");
        assert_eq!(content, expected.starts_with("OK"), "{ticket}: {text}");
        let verdict = Checkpoint::find_all(ticket)
            .map(|expected| RESUMED.verify_expecting(journal, &expected));
        let believed = matches!(verdict, Ok(Verdict::Complete { .. }));
        assert_eq!(content, believed, "{ticket}: {verdict:?}");
        let reason_is_known = !matches!(
            verdict,
            Ok(Verdict::NotAnchored { reason, .. }) if !matches!(reason, AnchorError::Expected { .. })
        );
        assert!(reason_is_known, "{ticket}");
    }
}

#[test]
fn they_find_a_changed_bit_in_any_part_of_a_line() {
    let lines = FIXTURE.lines();
    let start: usize = lines[..6].iter().map(|line| line.len()).sum();
    let line = std::str::from_utf8(lines[6]).unwrap();
    for part in [
        "payloadType",
        "rekindle",
        "eyJ",
        "keyid",
        "\"sig\":\"",
        "==\"",
    ] {
        let at = start + line.find(part).unwrap() + part.len();
        let mut bytes = FIXTURE.bytes.clone();
        bytes[at] ^= 1;
        assert_says(&bytes, "line 7: ");
    }
}

#[test]
fn they_find_missing_repeated_and_swapped_lines() {
    let lines = FIXTURE.lines();
    let missing = [&lines[..4], &lines[5..]].concat();
    assert_says(&missing.concat(), "line 5: ");
    let repeated = [&lines[..4], &lines[3..]].concat();
    assert_says(&repeated.concat(), "line 5: ");
    let mut swapped = lines.clone();
    swapped.swap(4, 9);
    assert_says(&swapped.concat(), "line 5: ");
    assert_says(&lines[..lines.len() - 1].concat(), "incomplete: ");
    assert_says(
        &FIXTURE.bytes[..FIXTURE.bytes.len() - 1],
        &format!("line {}: ", lines.len()),
    );
    assert_says(b"", "the journal is empty");
}

#[test]
fn they_believe_no_other_authority_and_no_other_certificate() {
    let other = encode_certificate(authority().certificate());
    let told = Told {
        authority: Some(&other),
        ..Told::default()
    };
    if let Some((content, text)) = script(&FIXTURE.bytes, &told) {
        assert!(
            text.starts_with("attempt 1: the certificate of the journal's key: "),
            "{text}"
        );
        assert!(!content);
    }
    let key = PrivateKey::generate_ed25519().unwrap();
    let few = records(&FIXTURE.bytes)[..3].to_vec();
    let forged = |certificate| forge(few.clone(), &key, Some(&certificate));
    let client = client_certificate(&FIXTURE.authority, key.public_key_der());
    assert_says(
        &forged(client),
        "attempt 1: the certificate of the journal's key names a subject",
    );
    let mut specification = journal_specification();
    let right = certify(&key, &specification, &FIXTURE.authority, 24);
    assert_says(&forged(right), "incomplete: all ");
    specification.extended_key_usages.clear();
    let any_use = certify(&key, &specification, &FIXTURE.authority, 24);
    assert_says(
        &forged(any_use),
        "attempt 1: the certificate of the journal's key is not one of a journal",
    );
    specification = journal_specification();
    specification.dns_names = vec!["localhost".to_owned()];
    let server = certify(&key, &specification, &FIXTURE.authority, 24);
    assert_says(
        &forged(server),
        "attempt 1: the certificate of the journal's key is not one of a journal",
    );
}

#[test]
fn they_want_every_record_within_the_validity_of_the_certificate() {
    let key = PrivateKey::generate_ed25519().unwrap();
    let certificate = certify(&key, &journal_specification(), &FIXTURE.authority, 24);
    let mut records = records(&FIXTURE.bytes);
    records.truncate(3);
    records[1].at += time::Duration::hours(25);
    let forged = forge(records, &key, Some(&certificate));
    assert_says(
        &forged,
        "attempt 1: the certificate of the journal's key: error 10 ",
    );
}

#[test]
fn they_take_no_attempt_that_an_ordinary_client_certificate_signed() {
    let forgery = Forgery::new();
    let certified = |certificate: Certificate| {
        let mut attempt = forgery.attempt(2, Direction::Forward);
        let Event::Attempt(facts) = &mut attempt else {
            panic!("{attempt:?}");
        };
        facts.key = key_facts(&forgery.keys[1], Some(&certificate));
        forgery.bytes(vec![(attempt, 1)])
    };
    let key = &forgery.keys[1];
    assert_says(
        &certified(forgery.certificates[1].clone()),
        "incomplete: all ",
    );
    assert_says(
        &certified(client_certificate(&FIXTURE.authority, key.public_key_der())),
        "attempt 2: the certificate of the journal's key names a subject",
    );
    assert_says(
        &certified(forgery.certificates[0].clone()),
        "attempt 2: the certificate of the journal's key is of another key",
    );
    let specification = journal_specification();
    assert_says(
        &certified(certify(key, &specification, &FIXTURE.authority, 25)),
        "attempt 2: the certificate of the journal's key is valid for longer than a day",
    );
}

#[test]
fn they_know_the_keys_of_attempts() {
    let forgery = Forgery::new();
    let attempt = || forgery.attempt(2, Direction::Forward);
    // Behind the genesis and the commit there is a checkpoint each.
    let line = forgery.first.len() + 3;
    let said = |then, expected: &str| {
        let expected = expected.replace("LINE", &line.to_string());
        assert_says(&forgery.bytes(then), &expected);
    };
    said(vec![(attempt(), 1)], "incomplete: all ");
    said(
        vec![(attempt(), 0)],
        "line LINE: an attempt without a key of its own",
    );
    said(
        vec![(Event::Intent { change: 1 }, 1)],
        "line LINE: signed by another key, and no attempt that brings it",
    );
    said(
        vec![(forgery.attempt(3, Direction::Forward), 1)],
        "line LINE: attempt 3, where attempt 2 should be",
    );
    let mut stolen = attempt();
    let Event::Attempt(facts) = &mut stolen else {
        panic!("{stolen:?}");
    };
    facts.key = key_facts(&PrivateKey::generate_ed25519().unwrap(), None);
    said(vec![(stolen, 1)], "line LINE: not the key that signed it");
}
