//! Journals that somebody wrote who wants to do harm: whatever their records say, there is a page, and it does nothing.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use rekindle::digest::Sha256Digest;
use rekindle::journal::{AnchorError, Record, Verdict};
use rekindle::report::{NodeReport, html, markdown};
use time::OffsetDateTime;

use crate::HOSTILE;
use crate::support::node::project;

/// The last moments of the years that UTC has, in zones where they are, and are not.
const MOMENTS: [&str; 6] = [
    "9999-12-31T23:59:59-23:59",
    "9999-12-31T23:59:59Z",
    "0000-01-01T00:00:00+23:59",
    "0000-01-01T00:00:00Z",
    "1969-12-31T23:59:60Z",
    "2026-11-29T06:28:08+14:00",
];

/// What is done to a line, by a number that says where.
#[derive(Debug, Clone)]
enum Harm {
    Moment(usize, usize, &'static str),
    Number(usize, usize, u64),
    Text(usize, usize),
    Again(usize, usize),
    Drop(usize),
}

fn harm() -> impl Strategy<Value = Harm> {
    let line = 0..93_usize;
    let place = 0..12_usize;
    prop_oneof![
        (line.clone(), place.clone(), prop::sample::select(&MOMENTS))
            .prop_map(|(line, place, moment)| Harm::Moment(line, place, moment)),
        (line.clone(), place.clone(), any::<u64>())
            .prop_map(|(line, place, number)| Harm::Number(line, place, number)),
        (line.clone(), place).prop_map(|(line, place)| Harm::Text(line, place)),
        (line.clone(), 1..400_usize).prop_map(|(line, times)| Harm::Again(line, times)),
        line.prop_map(Harm::Drop),
    ]
}

impl Harm {
    fn apply(&self, records: &mut Vec<serde_json::Value>) {
        let (Self::Moment(line, ..)
        | Self::Number(line, ..)
        | Self::Text(line, _)
        | Self::Again(line, _)
        | Self::Drop(line)) = *self;
        let line = line % records.len();
        match *self {
            Self::Moment(_, place, moment) => {
                let mut found = Vec::new();
                strings(&mut records[line], &mut found);
                found.retain(|text| text.len() >= 20 && text.as_bytes()[4] == b'-');
                let length = found.len().max(1);
                if let Some(text) = found.into_iter().nth(place % length) {
                    moment.clone_into(text);
                }
            }
            Self::Text(_, place) => {
                let mut found = Vec::new();
                strings(&mut records[line], &mut found);
                let length = found.len().max(1);
                if let Some(text) = found.into_iter().nth(place % length) {
                    text.push_str(HOSTILE);
                }
            }
            Self::Number(_, place, number) => {
                let mut found = Vec::new();
                numbers(&mut records[line], &mut found);
                let length = found.len().max(1);
                if let Some(value) = found.into_iter().nth(place % length) {
                    *value = number.into();
                }
            }
            Self::Again(_, times) => {
                let copies = vec![records[line].clone(); times];
                records.splice(line..line, copies);
            }
            Self::Drop(_) => drop(records.remove(line)),
        }
    }
}

fn strings<'json>(value: &'json mut serde_json::Value, found: &mut Vec<&'json mut String>) {
    match value {
        serde_json::Value::String(text) => found.push(text),
        serde_json::Value::Array(all) => all.iter_mut().for_each(|one| strings(one, found)),
        serde_json::Value::Object(all) => all.values_mut().for_each(|one| strings(one, found)),
        _ => {}
    }
}

fn numbers<'json>(
    value: &'json mut serde_json::Value,
    found: &mut Vec<&'json mut serde_json::Value>,
) {
    match value {
        serde_json::Value::Number(_) => found.push(value),
        serde_json::Value::Array(all) => all.iter_mut().for_each(|one| numbers(one, found)),
        serde_json::Value::Object(all) => all.values_mut().for_each(|one| numbers(one, found)),
        _ => {}
    }
}

/// The records of a real journal.
fn records() -> Vec<serde_json::Value> {
    let folder = project().join("testdata/journals/restarted");
    let journal = folder.join("20261129T062759.679Z-8b22be.jsonl");
    let text = fs::read_to_string(journal).unwrap();
    let payload = |line: &str| {
        let envelope: serde_json::Value = serde_json::from_str(line).unwrap();
        let payload = STANDARD.decode(envelope["payload"].as_str().unwrap());
        serde_json::from_slice(&payload.unwrap()).unwrap()
    };
    text.lines().map(payload).collect()
}

/// Lines of the one form that is read; the signatures are nobody's.
fn journal(records: &[serde_json::Value]) -> Vec<u8> {
    let key = "0".repeat(64);
    let signature = STANDARD.encode([0; 64]);
    let lines = records.iter().map(|record| {
        // In the order of its fields, as long as it is a record at all.
        let written = serde_json::from_value::<Record>(record.clone());
        let written = written.map_or_else(|_| record.to_string(), |it| serde_json::to_string(&it).unwrap());
        let payload = STANDARD.encode(written);
        format!(
            "{{\"payloadType\":\"application/vnd.rekindle.record+json\",\"payload\":\"{payload}\",\"signatures\":[{{\"keyid\":\"{key}\",\"sig\":\"{signature}\"}}]}}\n"
        )
    });
    lines.collect::<String>().into_bytes()
}

fn not_believed() -> Verdict {
    Verdict::NotAnchored {
        summary: None,
        reason: AnchorError::NoCertificate {
            key: Sha256Digest::of(b"nobody's"),
        },
    }
}

#[test]
fn the_journal_is_read_as_it_was() {
    let report = NodeReport::of("x", &journal(&records()), &not_believed(), false);
    let text = markdown(&[report], &[], OffsetDateTime::UNIX_EPOCH);
    assert!(text.contains("13 of 13 certificates had expired"), "{text}");
    assert!(text.contains("| claimed: proven |"), "{text}");
}

/// The times of all are counted, though not all are shown.
#[test]
fn a_run_of_many_steps_took_as_long_as_it_took() {
    let mut records = records();
    let at = |record: &serde_json::Value| record["at"].as_str().unwrap().to_owned();
    let done = records
        .iter()
        .position(|record| record["event"]["kind"] == "act-done")
        .unwrap();
    let (model, from) = (records[done].clone(), at(&records[done]));
    let (head, _) = from.split_once('.').unwrap();
    records.truncate(done);
    for number in 0..300 {
        let mut record = model.clone();
        record["at"] = format!("{head}.999999{number:03}Z").into();
        record["event"]["act"]["service"] = format!("{number}.service").into();
        records.push(record);
    }
    let mut last = records.last().unwrap().clone();
    last["at"] = "2026-11-29T06:38:09.782966467Z".into();
    records.push(last);
    let report = NodeReport::of("x", &journal(&records), &not_believed(), false);
    let text = markdown(&[report], &[], OffsetDateTime::UNIX_EPOCH);
    assert!(text.contains("10 min 10 s in all"), "{text}");
    assert!(
        text.contains("more, which the journal itself has."),
        "{text}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn there_is_a_page_that_does_nothing(harms in prop::collection::vec(harm(), 1..12)) {
        let mut records = records();
        for harm in &harms {
            harm.apply(&mut records);
            if records.is_empty() {
                break;
            }
        }
        let bytes = journal(&records);
        let verdict = not_believed();
        let node = NodeReport::of(HOSTILE, &bytes, &verdict, false);
        let now = OffsetDateTime::UNIX_EPOCH;
        let nodes = [node.clone(), node];
        for page in [html(&nodes, &[], now), html(&nodes[..1], &[], now)] {
            let acts = ["<script", "<img", "\u{202e}"].iter().any(|harm| page.contains(harm));
            prop_assert!(!acts, "{}", page);
            prop_assert!(page.len() < 4 << 20, "{} bytes", page.len());
        }
        let text = markdown(&nodes, &[], now);
        // Where it stands between backticks, it is code.
        let outside: String = text.split('`').step_by(2).collect();
        let acts = text.contains('\u{202e}') || outside.contains("<script");
        prop_assert!(!acts, "{}", text);
    }
}
