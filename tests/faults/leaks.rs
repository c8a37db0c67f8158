//! Where keys may be: in the files that held them before, and in what is made of those, closed to others.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;

use crate::journal::{Journal, digest};
use crate::judge::Damage;
use crate::support::secrets::Secrets;
use crate::support::tree::{Content, Tree};

const BACKUPS: &str = "/var/lib/rekindle/backups/";

/// The keys of a node, and the files that hold one.
pub struct Keys {
    secrets: Secrets,
    holders: BTreeSet<String>,
    /// Of contents that were searched before: the same file is looked at after many runs.
    known: Mutex<HashMap<String, bool>>,
}

impl Keys {
    pub fn of(tree: &Tree) -> Self {
        let mut keys = Self {
            secrets: Secrets::of(tree),
            holders: BTreeSet::new(),
            known: Mutex::default(),
        };
        let holds = |path: &&str| match &tree.entry(path).content {
            Content::File(bytes) => keys.hold_in(bytes),
            _ => false,
        };
        keys.holders = tree.paths().filter(holds).map(str::to_owned).collect();
        keys
    }

    /// Whether a piece of a key is in what was printed.
    pub fn are_in(&self, text: &str) -> bool {
        layers(text.as_bytes()).any(|layer| self.secrets.are_in(&layer))
    }

    /// Looks for keys in all that a run wrote.
    pub fn search(
        &self,
        tree: &Tree,
        journals: &[Journal],
        leftovers: &[String],
        damage: &mut Damage,
    ) {
        for journal in journals {
            if self.secrets.are_in(&journal.payloads) {
                damage.leak(format!("a key is in the journal of {}", journal.run));
            }
        }
        let state = tree
            .paths()
            .filter(|path| path.starts_with("/var/lib/rekindle/"));
        for path in state.chain(leftovers.iter().map(String::as_str)) {
            let entry = tree.entry(path);
            let Content::File(bytes) = &entry.content else {
                if entry.content == Content::Folder && entry.mode & 0o077 != 0 {
                    damage.leak(format!("{path}: others may enter"));
                }
                continue;
            };
            // Of a journal, what is in its envelopes was searched above.
            let holds = if path.starts_with("/var/lib/rekindle/journal/") {
                self.secrets.are_in(bytes)
            } else {
                self.hold_in(bytes)
            };
            if holds && !self.may_hold(path) {
                damage.leak(format!("{path} holds a key"));
            }
            if holds && entry.mode & 0o7777 != 0o600 {
                damage.leak(format!("{path} holds a key, and has mode {:o}", entry.mode));
            }
        }
    }

    fn hold_in(&self, bytes: &[u8]) -> bool {
        let digest = digest(bytes);
        if let Some(known) = self.known.lock().unwrap().get(&digest) {
            return *known;
        }
        let holds = layers(bytes).any(|layer| self.secrets.are_in(&layer));
        self.known.lock().unwrap().insert(digest, holds);
        holds
    }

    /// Whether the file that this one was made for or of holds a key.
    fn may_hold(&self, path: &str) -> bool {
        let original = if let Some(path) = path.strip_prefix(BACKUPS) {
            path.find('/').map(|end| path[end..].to_owned())
        } else {
            // FOLDER/.rekindle-DATE-XXXXXX-NAME
            path.split_once("/.rekindle-").and_then(|(folder, name)| {
                let name = name.splitn(3, '-').nth(2)?;
                Some(format!("{folder}/{name}"))
            })
        };
        // The kubelet's new credential has a name of its own.
        original.is_some_and(|original| {
            self.holders.contains(&original) || original.contains("/kubelet-client-")
        })
    }
}

/// The keys that a run made, where it made some: secret from the first.
#[derive(Default)]
pub struct NewKeys(Option<Secrets>);

impl NewKeys {
    /// Those in files of `now` that are not in `before`, whose keys are `known`.
    pub fn of(before: &Tree, known: &Keys, now: &Tree) -> Self {
        let texts = now.without_state();
        let is_new = |path: &&str| {
            let is_holder = [".key", ".conf", ".pem"]
                .iter()
                .any(|end| path.ends_with(end));
            let content = |tree: &Tree| tree.get(path).map(|entry| entry.content.clone());
            is_holder && content(before) != content(now)
        };
        let files =
            texts
                .paths()
                .filter(is_new)
                .filter_map(|path| match &texts.entry(path).content {
                    Content::File(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
                    _ => None,
                });
        Self(Secrets::beyond(&known.secrets, files))
    }

    /// Whether a piece of one is in what was printed.
    pub fn are_in(&self, text: &str) -> bool {
        self.hold_in(text.as_bytes())
    }

    /// Looks for them in the journals, and whether each staged file and each copy that holds one is closed.
    pub fn search(
        &self,
        tree: &Tree,
        journals: &[Journal],
        leftovers: &[String],
        damage: &mut Damage,
    ) {
        if self.0.is_none() {
            return;
        }
        for journal in journals {
            if self.hold_in(&journal.payloads) {
                damage.leak(format!("a new key is in the journal of {}", journal.run));
            }
        }
        let state = tree
            .paths()
            .filter(|path| path.starts_with("/var/lib/rekindle/"));
        for path in state.chain(leftovers.iter().map(String::as_str)) {
            let entry = tree.entry(path);
            let Content::File(bytes) = &entry.content else {
                continue;
            };
            if self.hold_in(bytes) && (entry.mode & 0o7777 != 0o600 || path.contains("/journal/")) {
                damage.leak(format!(
                    "{path} holds a new key, and has mode {:o}",
                    entry.mode
                ));
            }
        }
    }

    fn hold_in(&self, bytes: &[u8]) -> bool {
        let held = |secrets: &Secrets| layers(bytes).any(|layer| secrets.are_in(&layer));
        self.0.as_ref().is_some_and(held)
    }
}

impl Damage {
    fn leak(&mut self, words: String) {
        self.leaked += 1;
        self.words.push(words);
    }
}

/// The bytes as they are; with the line breaks taken out that PEM has within its base64; and what is in their long words of
/// base64, for the keys in a kubeconfig are wrapped twice.
fn layers(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    let joined = |bytes: &[u8]| {
        bytes
            .iter()
            .copied()
            .filter(|byte| *byte != b'\n')
            .collect()
    };
    let words = bytes
        .split(|byte| b" \n\"'".contains(byte))
        .filter(|word| word.len() > 64);
    let inside = words.filter_map(move |word| Some(joined(&STANDARD.decode(word).ok()?)));
    [bytes.to_vec(), joined(bytes)].into_iter().chain(inside)
}
