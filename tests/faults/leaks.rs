//! Where keys may be: in the files that held them before, and in what is made of those, closed to others.

use std::collections::BTreeSet;

use crate::journal::Journal;
use crate::judge::Damage;
use crate::support::secrets::Secrets;
use crate::support::tree::{Content, Tree};

const BACKUPS: &str = "/var/lib/rekindle/backups/";

/// The keys of a node, and the files that hold one.
pub struct Keys {
    secrets: Secrets,
    holders: BTreeSet<String>,
}

impl Keys {
    pub fn of(tree: &Tree) -> Self {
        let secrets = Secrets::of(tree);
        let holds = |path: &&str| match &tree.entry(path).content {
            Content::File(bytes) => holds(&secrets, bytes),
            _ => false,
        };
        let holders = tree.paths().filter(holds).map(str::to_owned).collect();
        Self { secrets, holders }
    }

    /// Whether a piece of a key is in what was printed.
    pub fn are_in(&self, text: &str) -> bool {
        holds(&self.secrets, text.as_bytes())
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
            if holds(&self.secrets, &journal.payloads) {
                damage.leak(format!("a key is in the journal of {}", journal.run));
            }
        }
        let state = tree
            .paths()
            .filter(|path| path.starts_with("/var/lib/rekindle/"));
        for path in state.chain(leftovers.iter().map(String::as_str)) {
            let entry = tree.entry(path);
            let is_open = entry.mode & 0o077 != 0;
            let Content::File(bytes) = &entry.content else {
                if entry.content == Content::Folder && is_open {
                    damage.leak(format!("{path}: others may enter"));
                }
                continue;
            };
            if !holds(&self.secrets, bytes) {
                continue;
            }
            if !self.may_hold(path) {
                damage.leak(format!("{path} holds a key"));
            }
            if entry.mode & 0o7777 != 0o600 {
                damage.leak(format!("{path} holds a key, and has mode {:o}", entry.mode));
            }
        }
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

impl Damage {
    fn leak(&mut self, words: String) {
        self.leaked += 1;
        self.words.push(words);
    }
}

/// In the bytes as they are, and with the line breaks taken out that PEM has within its base64.
fn holds(secrets: &Secrets, bytes: &[u8]) -> bool {
    if secrets.are_in(bytes) {
        return true;
    }
    let joined: Vec<u8> = bytes
        .iter()
        .copied()
        .filter(|byte| *byte != b'\n')
        .collect();
    secrets.are_in(&joined) || words(bytes).any(|word| secrets.are_in(&word))
}

/// What is in the long words of base64 within `bytes`: the keys in a kubeconfig are wrapped twice.
fn words(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    let words = bytes
        .split(|byte| b" \n\"'".contains(byte))
        .filter(|word| word.len() > 64);
    words.filter_map(|word| {
        let inside = STANDARD.decode(word).ok()?;
        Some(inside.into_iter().filter(|byte| *byte != b'\n').collect())
    })
}
