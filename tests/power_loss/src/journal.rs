//! What the journal of a run says, read without the program's own reader.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The changes that a journal tells of. Paths are node paths.
#[derive(Debug, Default)]
pub struct Journal {
    /// Those committed to.
    pub committed: Vec<Change>,
    /// The targets that it says it is about to replace.
    pub intended: BTreeSet<String>,
    /// The targets that it says are replaced, and not about to be brought back.
    pub done: BTreeSet<String>,
    /// The targets that it says are as before again.
    pub undone: BTreeSet<String>,
}

/// A change that was committed to.
#[derive(Debug)]
pub struct Change {
    /// What is replaced.
    pub target: String,
    /// Where the destination of the link is recorded that was there before, this is it.
    pub old_destination: Option<String>,
    /// Where the copy of the file lies that was there before.
    pub backup: Option<String>,
}

impl Journal {
    /// Reads as many lines as there are, up to the first that is none.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut journal = Self::default();
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        for record in lines.map_while(record) {
            journal.accept(&record["event"]);
        }
        journal
    }

    fn accept(&mut self, event: &Value) {
        let target = || {
            let number = event["change"].as_u64().expect("the number of a change");
            let number = usize::try_from(number).expect("a small number");
            self.committed[number].target.clone()
        };
        match event["kind"].as_str().expect("a kind of event") {
            "commit" => {
                let changes = event["changes"].as_array().expect("a list of changes");
                self.committed = changes.iter().map(Change::of).collect();
            }
            "intent" => {
                let target = target();
                self.intended.insert(target);
            }
            "done" | "adopted" => {
                let target = target();
                self.done.insert(target);
            }
            "undo-intent" => {
                let target = target();
                self.done.remove(&target);
            }
            "rolled-back" => {
                let target = target();
                self.undone.insert(target);
            }
            _ => {}
        }
    }
}

impl Change {
    fn of(change: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Self {
            target: text(&change["target"]).expect("a target"),
            old_destination: text(&change["before"]["symlink"]),
            backup: text(&change["backup"]["path"]),
        }
    }
}

fn record(line: &[u8]) -> Option<Value> {
    let envelope: Value = serde_json::from_slice(line.strip_suffix(b"\n")?).ok()?;
    let payload = STANDARD.decode(envelope["payload"].as_str()?).ok()?;
    serde_json::from_slice(&payload).ok()
}
