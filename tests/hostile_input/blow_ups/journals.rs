//! Journals: lines, and the payload of a line.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{LARGEST, LARGEST_JOURNAL, numbered, repeat};

/// As base64, a line that is just not too long.
const SIZE: usize = LARGEST / 4 * 3 - 1024;

/// A record that is well-formed but for what it is about.
fn record(event: &str) -> String {
    format!(r#"{{"seq":0,"previous":null,"at":"2026-11-24T03:12:45Z","event":{event}}}"#)
}

/// All of them, by name.
pub fn all() -> Vec<(String, Vec<u8>)> {
    let digest = "0".repeat(64);
    let change = format!(r#"{{"kind":"staged","change":0,"temporary":"","sha256":"{digest}"}}"#);
    [
        ("lines", repeat("\n", SIZE)),
        ("objects", repeat("{}\n", SIZE)),
        ("envelopes", repeat("{\"payloadType\":\"application/vnd.rekindle.record+json\",\"payload\":\"\",\"signatures\":[]}\n", SIZE)),
        ("nested", repeat("[", SIZE)),
        ("nested-object", repeat("{\"a\":", SIZE)),
        ("nested-event", record(&repeat("{\"kind\":", SIZE))),
        ("list-event", record(&format!("[{}0]", repeat("0,", SIZE)))),
        ("list-in-event", record(&format!(r#"{{"kind":"commit","changes":[{}0]}}"#, repeat("0,", SIZE)))),
        ("event-of-lists", record(&format!(r#"{{"a":[{}[]],"kind":"commit"}}"#, repeat("[],", SIZE)))),
        ("event-of-keys", record(&format!(r#"{{{}"kind":"commit"}}"#, numbered(SIZE, |number| format!("\"{number:x}\":0,"))))),
        ("events", record(&format!("[{}]", repeat(&change, SIZE)))),
        ("long-event", record(&format!(r#"{{"kind":"failed","step":"","error":"{}"}}"#, repeat("a", SIZE)))),
        ("escaped-event", record(&format!(r#"{{"kind":"failed","step":"","error":"{}"}}"#, repeat("\\n", SIZE)))),
        ("long-note", record(&format!(r#"{{"kind":"checkpoint","note":"{}"}}"#, repeat("\\n", SIZE)))),
        ("note", format!("a\n1\n{}", repeat("\n\n", SIZE))),
        ("number", record(&repeat("1", SIZE))),
        ("fraction", record(&format!("0.{}", repeat("1", SIZE)))),
    ]
    .into_iter()
    .chain(largest())
    .map(|(name, text)| (format!("{name}.jsonl"), text.into_bytes()))
    .collect()
}

/// As large as a journal may be.
fn largest() -> [(&'static str, String); 3] {
    let lists = record(&format!(
        r#"{{"a":[{}[]],"kind":"commit"}}"#,
        repeat("[],", LARGEST_JOURNAL / 4 * 3 - 1024)
    ));
    let line = format!(
        r#"{{"payloadType":"application/vnd.rekindle.record+json","payload":"{}","signatures":[{{"keyid":"{}","sig":"{}"}}]}}"#,
        STANDARD.encode(lists),
        "0".repeat(64),
        STANDARD.encode([0; 64])
    );
    [
        ("largest-torn", line.clone()),
        ("largest-line", line + "\n"),
        ("largest-nested", repeat("[", LARGEST_JOURNAL)),
    ]
}
