//! What a journal of the machine says, read without the program.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::support::machine::Machine;

/// The events of the latest run's journal, oldest first.
pub fn events(machine: &Machine) -> Vec<Value> {
    let folder = machine.node().file("/var/lib/rekindle/journal");
    let journals = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut journals: Vec<_> = journals
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "jsonl")
        })
        .collect();
    journals.sort();
    let text = fs::read_to_string(journals.last().expect("a journal")).unwrap();
    text.lines().map(event).collect()
}

fn event(line: &str) -> Value {
    let envelope: Value = serde_json::from_str(line).unwrap();
    let payload = STANDARD
        .decode(envelope["payload"].as_str().unwrap())
        .unwrap();
    let record: Value = serde_json::from_slice(&payload).unwrap();
    record["event"].clone()
}

/// An act in a few words: `stop-service`, `end-process etcd`.
pub fn act(event: &Value) -> String {
    let act = &event["act"];
    let what = act["what"].as_str().unwrap();
    match act["component"].as_str() {
        Some(component) => format!("{what} {component}"),
        None => what.to_owned(),
    }
}

/// The acts that were announced, or that were done, in order.
pub fn acts(events: &[Value], kind: &str) -> Vec<String> {
    let of_kind = events.iter().filter(|event| event["kind"] == kind);
    of_kind.map(act).collect()
}
