//! openssl as the second opinion: scripts/verify-journal agrees with the verifier.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the script is run on files in a temporary folder, or skipped with a word"
)]

use std::path::Path;
use std::process::Command;

use rekindle::pki::{PrivateKey, encode_certificate};

use crate::fixture::{FIXTURE, authority, client_certificate};
use crate::forger::{certify, forge, journal_specification, records};

/// What the script prints, and whether it is content; nothing where its programs are missing.
fn script(journal: &[u8], authority: &str) -> Option<(bool, String)> {
    for program in ["openssl", "jq"] {
        if Command::new(program).arg("--version").output().is_err() {
            println!("skipped: {program} is not installed");
            return None;
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let (file, certificate) = (folder.path().join("journal"), folder.path().join("ca.crt"));
    std::fs::write(&file, journal).unwrap();
    std::fs::write(&certificate, authority).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/verify-journal");
    let output = Command::new(path)
        .arg(file)
        .arg(certificate)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr);
    Some((output.status.success(), text))
}
fn assert_says(journal: &[u8], expected: &str) {
    let authority = encode_certificate(FIXTURE.authority.certificate());
    if let Some((content, text)) = script(journal, &authority) {
        assert!(text.starts_with(expected), "{text}");
        assert_eq!(content, expected.starts_with("OK"));
    }
}

#[test]
fn openssl_and_jq_accept_the_undamaged_journal() {
    let records = FIXTURE.lines().len();
    assert_says(&FIXTURE.bytes, &format!("OK {records} records\n"));
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
    if let Some((content, text)) = script(&FIXTURE.bytes, &other) {
        assert!(
            text.starts_with("the certificate of the journal's key: "),
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
        "the certificate of the journal's key names a subject",
    );
    let mut specification = journal_specification();
    let right = certify(&key, &specification, &FIXTURE.authority, 24);
    assert_says(&forged(right), "incomplete: all ");
    specification.extended_key_usages.clear();
    let any_use = certify(&key, &specification, &FIXTURE.authority, 24);
    assert_says(
        &forged(any_use),
        "the certificate that signed the journal is not a journal's",
    );
    specification = journal_specification();
    specification.dns_names = vec!["localhost".to_owned()];
    let server = certify(&key, &specification, &FIXTURE.authority, 24);
    assert_says(
        &forged(server),
        "the certificate that signed the journal is not a journal's",
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
    assert_says(&forged, "the certificate of the journal's key: error 10 ");
}
