//! A line of a journal: a line that is read is the one way to write what it says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rekindle::digest::Sha256Digest;
use rekindle::journal::{Checkpoint, Event, Record, read_records};

pub const PAYLOAD_TYPE: &str = "application/vnd.rekindle.record+json";

/// Of what is larger, base64 alone takes more memory than reading it may.
const LARGEST_PAYLOAD: usize = 4 << 20;

/// Reads the bytes as lines, as the payload of a line, and as a checkpoint.
pub fn check(bytes: &[u8]) -> bool {
    let lines = check_lines(bytes);
    let keyid = Sha256Digest::of(b"");
    let payload = bytes.len() < LARGEST_PAYLOAD
        && check_lines(format!("{}\n", line(bytes, &keyid, &[0; 64])).as_bytes());
    let note = std::str::from_utf8(bytes).is_ok_and(check_note);
    lines || payload || note
}

fn check_lines(bytes: &[u8]) -> bool {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let mut read = false;
    for (record, line) in read_records(bytes).zip(lines) {
        if let Ok(record) = record {
            check_record(&record, line);
            read = true;
        }
    }
    read
}

/// The record, written anew with what only the line knows, is the line.
fn check_record(record: &Record, written: &[u8]) {
    let fields: serde_json::Value = serde_json::from_slice(written).unwrap();
    let signature = &fields["signatures"][0];
    let again = line(
        &serde_json::to_vec(record).unwrap(),
        &signature["keyid"].as_str().unwrap().parse().unwrap(),
        &STANDARD.decode(signature["sig"].as_str().unwrap()).unwrap(),
    );
    assert_eq!(written.strip_suffix(b"\n"), Some(again.as_bytes()));
    if let Event::Checkpoint { note } = &record.event {
        check_note(note);
    }
}

fn check_note(text: &str) -> bool {
    Checkpoint::parse(text).is_ok_and(|checkpoint| {
        assert_eq!(checkpoint.to_string(), text);
        true
    })
}

/// The line around `payload`, put together here from its description.
pub fn line(payload: &[u8], keyid: &Sha256Digest, signature: &[u8]) -> String {
    format!(
        r#"{{"payloadType":"{PAYLOAD_TYPE}","payload":"{}","signatures":[{{"keyid":"{keyid}","sig":"{}"}}]}}"#,
        STANDARD.encode(payload),
        STANDARD.encode(signature)
    )
}
