//! What the journals of a node say, read without judging who signed them.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::support::der::public_key_of;
use crate::support::tree::{Content, Tree};

const FOLDER: &str = "/var/lib/rekindle/journal/";

/// One journal.
#[derive(Debug, Clone)]
pub struct Journal {
    pub run: String,
    /// The kinds of its whole lines.
    pub kinds: Vec<String>,
    /// What its commit record says, if it has one.
    pub changes: Option<BTreeMap<String, Change>>,
    /// The outcome in its close, if it has one.
    pub outcome: Option<String>,
    /// What the lines say, with their envelopes opened.
    pub payloads: Vec<u8>,
}

/// A committed change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub before: Option<State>,
    pub after: State,
    pub mode: u32,
    pub owner: (u32, u32),
}

/// What a target holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The SHA-256 of a file.
    Digest(String),
    /// Of a private key: that of its public half.
    PublicKey(String),
    /// How long a file is that is no private key, though it should be one.
    Size(u64),
    /// The destination of a link.
    Link(String),
}

impl Journal {
    /// The journals in `tree`, oldest first.
    pub fn all(tree: &Tree) -> Vec<Self> {
        let named = |path: &str| {
            Some(
                path.strip_prefix(FOLDER)?
                    .strip_suffix(".jsonl")?
                    .to_owned(),
            )
        };
        let paths = tree.paths().filter_map(|path| Some((path, named(path)?)));
        paths
            .map(|(path, run)| Self::read(run, tree.entry(path).bytes()))
            .collect()
    }

    fn read(run: String, bytes: &[u8]) -> Self {
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        let mut journal = Self {
            run,
            kinds: Vec::new(),
            changes: None,
            outcome: None,
            payloads: Vec::new(),
        };
        let lines = bytes[..whole].split(|byte| *byte == b'\n');
        for line in lines.filter(|line| !line.is_empty()) {
            let envelope: Value = serde_json::from_slice(line).expect("a whole line is JSON");
            let payload = STANDARD.decode(text(&envelope["payload"])).unwrap();
            let record: Value = serde_json::from_slice(&payload).unwrap();
            let event = &record["event"];
            if event["kind"] == "commit" {
                journal.changes = Some(changes(&event["changes"]));
            }
            if event["kind"] == "close" {
                journal.outcome = Some(text(&event["outcome"]).to_owned());
            }
            journal.kinds.push(text(&event["kind"]).to_owned());
            journal.payloads.extend(payload);
            journal.payloads.push(b'\n');
        }
        journal
    }

    /// Whether the run is over, and one last checkpoint says so.
    pub fn is_sealed(&self) -> bool {
        self.outcome.is_some() && self.kinds.last().is_some_and(|kind| kind == "checkpoint")
    }

    /// Whether something was to be brought back: then there is no way forward.
    pub fn is_undoing(&self) -> bool {
        self.kinds
            .iter()
            .any(|kind| ["turned-back", "undo-intent", "rolled-back"].contains(&kind.as_str()))
    }
}

fn changes(list: &Value) -> BTreeMap<String, Change> {
    let number = |value: &Value| u32::try_from(value.as_u64().unwrap()).unwrap();
    let change = |value: &Value| {
        let change = Change {
            before: (!value["before"].is_null()).then(|| state(&value["before"])),
            after: state(&value["after"]),
            mode: u32::from_str_radix(text(&value["mode"]), 8).unwrap(),
            owner: (number(&value["uid"]), number(&value["gid"])),
        };
        (text(&value["target"]).to_owned(), change)
    };
    list.as_array().unwrap().iter().map(change).collect()
}

fn state(value: &Value) -> State {
    if let Some(digest) = value["sha256"].as_str() {
        State::Digest(digest.to_owned())
    } else if let Some(digest) = value["public-key"].as_str() {
        State::PublicKey(digest.to_owned())
    } else if let Some(size) = value["size"].as_u64() {
        State::Size(size)
    } else {
        State::Link(text(&value["symlink"]).to_owned())
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

impl State {
    /// Whether that is what this says.
    pub fn is(&self, content: &Content) -> bool {
        match (self, content) {
            (Self::Digest(known), Content::File(bytes)) => *known == digest(bytes),
            (Self::PublicKey(known), Content::File(bytes)) => {
                let public = std::str::from_utf8(bytes).ok().and_then(public_key_of);
                public.is_some_and(|public| *known == digest(&public))
            }
            (Self::Size(known), Content::File(bytes)) => *known == bytes.len() as u64,
            (Self::Link(known), Content::Link(destination)) => Path::new(known) == destination,
            _ => false,
        }
    }
}

/// SHA-256 in hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    use std::fmt::Write;

    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest
        .as_ref()
        .iter()
        .fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
}
