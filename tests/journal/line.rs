//! What each line must be, by itself and after the one before it, whoever signed it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rekindle::digest::Sha256Digest;
use rekindle::journal::{
    BrokenChain, Chain, CheckpointError, Defect, LONGEST_LINE, OrderError, Verdict,
};
use rekindle::pki::PrivateKey;

use crate::fixture::{FIXTURE, circumstances, defect_of};
use crate::forger::{certify, forge, journal_specification, records, sign};

/// A journal whose third line, behind the genesis and its checkpoint, is signed by the right key, and holds whatever
/// `payload` makes of the line before it.
fn with_third_line(payload: impl Fn(&Sha256Digest) -> String) -> Verdict {
    with_line(2, |line, _| payload(&Sha256Digest::of(line)))
}

/// A journal of so many lines, at most two, and one more, made of the bytes of the one before it and the key.
fn with_line(before: usize, payload: impl Fn(&[u8], &PrivateKey) -> String) -> Verdict {
    let key = PrivateKey::generate_ed25519().unwrap();
    let certificate = certify(&key, &journal_specification(), &FIXTURE.authority, 24);
    let genesis = records(&FIXTURE.bytes)[..1].to_vec();
    let begun = forge(genesis, &key, Some(&certificate));
    let lines: Vec<&[u8]> = begun.split_inclusive(|byte| *byte == b'\n').collect();
    let lines = &lines[..before];
    let last = lines.last().unwrap().strip_suffix(b"\n").unwrap();
    let next = sign(&payload(last, &key), &key);
    FIXTURE.verify(&[&lines.concat()[..], next.as_bytes(), b"\n"].concat())
}

const FAILED: &str = r#"{"kind":"failed","step":"a","error":"b"}"#;

fn payload(seq: u64, previous: &Sha256Digest, event: &str) -> String {
    format!(
        r#"{{"seq":{seq},"previous":"{previous}","at":"2026-11-24T03:12:45Z","event":{event}}}"#
    )
}

#[test]
fn a_record_out_of_its_place_is_refused_whoever_signed_it() {
    let control = with_third_line(|digest| payload(2, digest, FAILED));
    assert!(matches!(control, Verdict::Incomplete { .. }), "{control:?}");
    let misnumbered = with_third_line(|digest| payload(3, digest, FAILED));
    let defect = defect_of(misnumbered);
    assert!(
        matches!(
            defect,
            Defect::Sequence {
                found: 3,
                expected: 2
            }
        ),
        "{defect:?}"
    );
    let elsewhere = Sha256Digest::of(b"another line");
    let defect = defect_of(with_third_line(|_| payload(2, &elsewhere, FAILED)));
    assert!(matches!(defect, Defect::Previous), "{defect:?}");
}

#[test]
fn a_record_with_a_second_meaning_is_refused_whoever_signed_it() {
    let twice = r#"{"kind":"failed","step":"a","step":"c","error":"b"}"#;
    let foreign = r#"{"kind":"failed","step":"a","error":"b","more":1}"#;
    let unknown = r#"{"kind":"paused"}"#;
    let unusual: [&dyn Fn(&Sha256Digest) -> String; 8] = [
        &|digest| payload(2, digest, twice),
        &|digest| payload(2, digest, foreign),
        &|digest| payload(2, digest, unknown),
        &|digest| payload(2, digest, FAILED) + " ",
        &|digest| payload(2, digest, FAILED).replacen(',', ", ", 1),
        &|digest| payload(2, digest, FAILED).replace("\"seq\":2", "\"seq\":2.0"),
        &|digest| payload(2, digest, FAILED).replace("45Z", "45+00:00"),
        &|_| "null".to_owned(),
    ];
    for (number, payload) in unusual.iter().enumerate() {
        let defect = defect_of(with_third_line(payload));
        assert!(
            matches!(defect, Defect::Record { .. } | Defect::RecordNotCanonical),
            "{number}: {defect:?}"
        );
    }
}

/// A signed note, put together here from its specification.
pub fn note(origin: &str, size: u64, root: &Sha256Digest, key: &PrivateKey) -> String {
    let body = format!("{origin}\n{size}\n{}\n", STANDARD.encode(root.as_bytes()));
    let raw = &key.public_key_der()[12..];
    let name = [origin.as_bytes(), b"\n\x01", raw].concat();
    let hash = Sha256Digest::of(&name);
    let signature = [&hash.as_bytes()[..4], &key.sign(body.as_bytes()).unwrap()].concat();
    format!("{body}\n\u{2014} {origin} {}\n", STANDARD.encode(signature))
}

#[test]
fn a_checkpoint_is_by_the_journals_key_and_about_the_lines_above_it() {
    let origin = format!("rekindle.dev/journal/{}", circumstances().run.id);
    let leaf = |line: &[u8]| Sha256Digest::of(&[b"\0", line].concat());
    let second = |make: &dyn Fn(&[u8], &PrivateKey) -> String| {
        with_line(1, |first, key| {
            let note = serde_json::to_string(&make(first, key)).unwrap();
            let event = format!(r#"{{"kind":"checkpoint","note":{note}}}"#);
            payload(1, &Sha256Digest::of(first), &event)
        })
    };
    let control = second(&|first, key| note(&origin, 1, &leaf(first), key));
    assert!(matches!(control, Verdict::Incomplete { .. }), "{control:?}");
    let stranger = PrivateKey::generate_ed25519().unwrap();
    let refused = [
        second(&|first, _| note(&origin, 1, &leaf(first), &stranger)),
        second(&|first, key| note("rekindle.dev/journal/other", 1, &leaf(first), key)),
        second(&|first, key| note(&origin, 2, &leaf(first), key)),
        second(&|_, key| note(&origin, 1, &leaf(b"other lines"), key)),
        second(&|first, key| note(&origin, 1, &leaf(first), key) + "\n"),
    ]
    .map(|verdict| match defect_of(verdict) {
        Defect::Checkpoint(error) => error,
        other => panic!("{other:?}"),
    });
    assert!(
        matches!(
            refused,
            [
                CheckpointError::Signature { .. },
                CheckpointError::Origin { .. },
                CheckpointError::Size { .. },
                CheckpointError::Root { .. },
                CheckpointError::Malformed,
            ]
        ),
        "{refused:?}"
    );
}

/// What is wrong with a genesis of which a part was replaced before it was signed.
fn genesis_with(part: impl Fn(&PrivateKey) -> String, replacement: &str) -> Defect {
    let key = PrivateKey::generate_ed25519().unwrap();
    let good = forge(records(&FIXTURE.bytes)[..1].to_vec(), &key, None);
    let payload = serde_json::to_string(&records(&good)[0]).unwrap();
    let wrong = payload.replace(&part(&key), replacement);
    assert_ne!(wrong, payload);
    defect_of(FIXTURE.verify((sign(&wrong, &key) + "\n").as_bytes()))
}

#[test]
fn a_genesis_that_gives_its_key_a_wrong_fingerprint_is_refused() {
    let other = Sha256Digest::of(b"another key").to_string();
    let fingerprint = |key: &PrivateKey| Sha256Digest::of(key.public_key_der()).to_string();
    let defect = genesis_with(fingerprint, &other);
    assert!(matches!(defect, Defect::Genesis), "{defect:?}");
}

#[test]
fn a_journal_of_a_later_format_is_named_as_such() {
    let defect = genesis_with(|_| "journal/v1".to_owned(), "journal/v2");
    assert!(matches!(defect, Defect::Schema { .. }), "{defect:?}");
}

/// What a checkpoint covers is what is on the disk for certain.
#[test]
fn behind_a_genesis_comes_its_checkpoint() {
    let defect = defect_of(with_line(1, |first, _| {
        payload(1, &Sha256Digest::of(first), FAILED)
    }));
    assert!(
        matches!(defect, Defect::Order(OrderError::NoCheckpoint)),
        "{defect:?}"
    );
}

#[test]
fn a_run_has_an_identifier_that_a_checkpoint_can_hold() {
    let id = |_: &PrivateKey| circumstances().run.id;
    for run in ["", "a b", "a+b", "../../etc", &"a".repeat(129)] {
        let defect = genesis_with(id, run);
        assert!(matches!(defect, Defect::RunId { .. }), "{run}: {defect:?}");
    }
}

/// A crash leaves a part of a line, and no line is that long: it could not be set aside either.
#[test]
fn what_is_cut_short_is_no_longer_than_a_line() {
    let whole = &FIXTURE.lines()[..9].concat();
    let torn = |length: usize| [&whole[..], &vec![b'x'; length]].concat();
    let verdict = FIXTURE.verify(&torn(LONGEST_LINE));
    assert!(
        matches!(
            verdict,
            Verdict::Incomplete {
                torn_tail: true,
                ..
            }
        ),
        "{verdict:?}"
    );
    for bytes in [torn(LONGEST_LINE + 1), vec![b'x'; LONGEST_LINE + 1]] {
        let defect = defect_of(FIXTURE.verify(&bytes));
        assert!(matches!(defect, Defect::LineTooLong { .. }), "{defect:?}");
    }
}

#[test]
fn the_journal_of_another_run_is_not_taken_for_that_of_this_one() {
    let run = circumstances().run.id;
    assert!(Chain::read_run(&run, &FIXTURE.bytes).unwrap().is_some());
    let broken = Chain::read_run("20261124T031245Z-0000", &FIXTURE.bytes).map(|_| ());
    let BrokenChain { line: 1, defect } = broken.unwrap_err() else {
        panic!("another line");
    };
    assert!(
        matches!(&defect, Defect::OtherRun { found, .. } if *found == run),
        "{defect:?}"
    );
}
