//! What a run committed to, as its journal says; read without this crate.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use serde_json::Value;

use crate::support::node::Node;
use crate::support::tree::{Content, Tree};

/// The records of the latest journal of the node.
pub fn records(node: &Node) -> Vec<Value> {
    let folder = node.file("/var/lib/rekindle/journal");
    let mut journals: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().unwrap().ends_with(".jsonl"))
        .collect();
    journals.sort();
    let text = fs::read_to_string(journals.last().unwrap()).unwrap();
    let record = |line: &str| {
        let envelope: Value = serde_json::from_str(line).unwrap();
        let payload = envelope["payload"].as_str().unwrap();
        serde_json::from_slice(&STANDARD.decode(payload).unwrap()).unwrap()
    };
    text.lines().map(record).collect()
}

/// How many records of that kind there are.
pub fn count(records: &[Value], kind: &str) -> usize {
    let of_kind = records
        .iter()
        .filter(|record| record["event"]["kind"] == kind);
    of_kind.count()
}

/// The outcome with which the journal was closed.
pub fn outcome(records: &[Value]) -> String {
    let close = records
        .iter()
        .find(|record| record["event"]["kind"] == "close");
    close.expect("a close")["event"]["outcome"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The paths of which the file is neither the one that the run makes, nor in `except`.
pub fn not_after(node: &Node, except: &[&str]) -> Vec<String> {
    let tree = Tree::read(node.path());
    let records = records(node);
    let commit = records
        .iter()
        .find(|record| record["event"]["kind"] == "commit");
    let changes = commit.expect("a commit")["event"]["changes"]
        .as_array()
        .unwrap();
    assert!(changes.len() > 10, "{changes:?}");
    let mut wrong = Vec::new();
    for change in changes {
        let path = change["target"].as_str().unwrap();
        let is_after = tree
            .get(path)
            .is_some_and(|entry| is(&change["after"], &entry.content));
        if !is_after && !except.contains(&path) {
            wrong.push(path.to_owned());
        }
    }
    wrong
}

fn is(state: &Value, content: &Content) -> bool {
    match content {
        Content::File(bytes) => state["sha256"] == hexadecimal(digest(&SHA256, bytes).as_ref()),
        Content::Link(destination) => state["symlink"].as_str().map(Path::new) == Some(destination),
        Content::Folder | Content::Special => false,
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
