//! What runs left on a node: their journals, and what is sealed in each line.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::node::Node;

/// The runs that have a journal, oldest first.
pub fn runs(node: &Node) -> Vec<String> {
    let entries = fs::read_dir(node.file("/var/lib/rekindle/journal")).unwrap();
    let mut runs: Vec<String> = entries
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".jsonl").map(str::to_owned)
        })
        .collect();
    runs.sort();
    runs
}

/// The node path of the journal of the run.
pub fn path(run: &str) -> String {
    format!("/var/lib/rekindle/journal/{run}.jsonl")
}

/// The journal of the only run.
#[track_caller]
pub fn only(node: &Node) -> String {
    let runs = runs(node);
    let [run] = runs.as_slice() else {
        panic!("{runs:?}");
    };
    String::from_utf8(node.read(&path(run))).unwrap()
}

/// What is sealed in a line: of a journal, or of what else is sealed so.
pub fn payload(line: &[u8]) -> String {
    let line = str::from_utf8(line).unwrap();
    let (_, rest) = line.split_once("\"payload\":\"").unwrap();
    let (payload, _) = rest.split_once('"').unwrap();
    String::from_utf8(STANDARD.decode(payload).unwrap()).unwrap()
}

/// All that a journal says.
pub fn payloads(text: &str) -> String {
    text.lines().map(|line| payload(line.as_bytes())).collect()
}
