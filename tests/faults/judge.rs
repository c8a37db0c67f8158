//! What a run left of a node, held against what was there before: every file is the old one or the new one, nothing else
//! is there, and no key is where none was.

use std::collections::BTreeMap;
use std::path::Path;

use crate::bench::RECOVER;
use crate::journal::{Change, Journal};
use crate::leaks::{Keys, NewKeys};
use crate::pairs::Pairs;
use crate::support::tree::{Content, Entry, Tree};
use crate::template::Template;

const STATE_FOLDER: &str = "/var/lib/rekindle";
const MANIFESTS: &str = "/etc/kubernetes/manifests/";

/// Knows the node as it was.
pub struct Judge {
    before: Tree,
    pairs: Pairs,
    /// Whether the recovery makes keys.
    makes_keys: bool,
    pub keys: Keys,
}

/// What was found.
pub struct Found {
    pub tree: Tree,
    pub journals: Vec<Journal>,
    /// Dot-files beside their targets.
    pub leftovers: Vec<String>,
    /// How many targets are the new ones, and how many the old ones; a new file that is not there yet is an old one.
    pub new: usize,
    pub old: usize,
    pub phase: Phase,
    /// The keys that the run made.
    pub new_keys: NewKeys,
    pub damage: Damage,
}

/// How far the run came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing was written: not a byte, not a time.
    Untouched,
    /// It was not committed to anything, nor did it end.
    Uncommitted,
    /// It may have changed files, and did not end.
    Committed,
    /// It ended, and its journal says so.
    Ended,
}

/// What must never be, with its number, and in words.
#[derive(Debug, Clone, Default)]
pub struct Damage {
    /// Targets that are gone, or neither the old one nor the new one.
    pub lost: usize,
    /// Of no length, or the beginning of something.
    pub half_written: usize,
    /// A key beside a certificate that is not its.
    pub mixed: usize,
    /// A piece of a key where none was, or open to others.
    pub leaked: usize,
    pub words: Vec<String>,
}

impl Judge {
    pub fn new(template: &Template) -> Self {
        Self {
            before: template.tree.clone(),
            pairs: Pairs::of(&template.tree),
            makes_keys: template.arguments != RECOVER || template.label != template.name,
            keys: Keys::of(&template.tree),
        }
    }

    /// Looks at the node in `root`.
    pub fn look(&self, root: &Path) -> Found {
        let tree = Tree::read(root);
        let mut found = Found {
            phase: Phase::Untouched,
            journals: Vec::new(),
            leftovers: Vec::new(),
            new: 0,
            old: 0,
            new_keys: NewKeys::default(),
            damage: Damage::default(),
            tree,
        };
        if found.tree == self.before {
            return found;
        }
        found.journals = Journal::all(&found.tree);
        found.phase = match found.journals.last() {
            Some(journal) if journal.is_sealed() => Phase::Ended,
            Some(journal) if journal.changes.is_some() => Phase::Committed,
            _ => Phase::Uncommitted,
        };
        let none = BTreeMap::new();
        let journal = found.journals.last();
        let changes = journal
            .and_then(|journal| journal.changes.as_ref())
            .unwrap_or(&none)
            .clone();
        for path in self.before.paths().filter(|path| !is_state(path)) {
            self.look_at_old(path, changes.get(path), &mut found);
        }
        let paths: Vec<String> = found.tree.paths().map(str::to_owned).collect();
        for path in paths
            .iter()
            .filter(|path| !is_state(path) && self.before.get(path).is_none())
        {
            look_at_new(path, changes.get(path), &mut found);
        }
        for (path, _) in changes
            .iter()
            .filter(|(path, change)| change.before.is_none() && found.tree.get(path).is_none())
        {
            assert!(
                self.before.get(path).is_none(),
                "{path}: the journal says that it was not there"
            );
            found.old += 1;
        }
        if found.damage.words.is_empty() {
            let targets = |path: &str| changes.contains_key(path);
            let is_under_way = found.phase == Phase::Committed;
            self.pairs
                .check(&found.tree, &targets, is_under_way, &mut found.damage);
        }
        if self.makes_keys {
            found.new_keys = NewKeys::of(&self.before, &self.keys, &found.tree);
        }
        found.new_keys.search(
            &found.tree,
            &found.journals,
            &found.leftovers,
            &mut found.damage,
        );
        self.keys.search(
            &found.tree,
            &found.journals,
            &found.leftovers,
            &mut found.damage,
        );
        found
    }

    fn look_at_old(&self, path: &str, change: Option<&Change>, found: &mut Found) {
        let before = self.before.entry(path);
        let damage = &mut found.damage;
        let Some(now) = found.tree.get(path) else {
            damage.lost += 1;
            damage.words.push(format!("{path} is gone"));
            return;
        };
        let after = change.map(|change| &change.after);
        if now.content == before.content {
            found.old += usize::from(change.is_some());
            let may_be_touched = path.starts_with(MANIFESTS) || change.is_some();
            if now.content != Content::Folder && !may_be_touched && now.modified != before.modified
            {
                damage.words.push(format!("{path} has another time"));
            }
        } else if after.is_some_and(|after| after.is(&now.content)) {
            found.new += 1;
        } else {
            damage.of_content(path, before, now);
        }
        if now.label() != before.label() {
            damage.words.push(format!(
                "{path}: {:?}, and was {:?}",
                now.label(),
                before.label()
            ));
        }
    }

    /// The keys that are there and were not before.
    pub fn new_keys(&self, root: &Path) -> NewKeys {
        if self.makes_keys {
            NewKeys::of(&self.before, &self.keys, &Tree::read(root))
        } else {
            NewKeys::default()
        }
    }

    /// Whether all but the state folder, times apart, is as it was.
    pub fn is_as_before(&self, found: &Found) -> Result<(), String> {
        let now = found.tree.without_state().timeless();
        match self.before.without_state().timeless().differences(&now) {
            none if none.is_empty() => Ok(()),
            differences => Err(format!("not as before: {}", differences.join(", "))),
        }
    }
}

/// A path that was not there before.
fn look_at_new(path: &str, change: Option<&Change>, found: &mut Found) {
    let now = found.tree.entry(path).clone();
    if path.contains("/.rekindle-") {
        found.leftovers.push(path.to_owned());
        return;
    }
    let Some(change) = change.filter(|change| change.before.is_none()) else {
        found.damage.words.push(format!("{path} is a stray file"));
        return;
    };
    if !change.after.is(&now.content) {
        found.damage.half_written += 1;
        found
            .damage
            .words
            .push(format!("{path} is not what the journal says"));
    }
    found.new += 1;
    if (now.mode & 0o7777, now.owner) != (change.mode, change.owner) {
        found.damage.words.push(format!(
            "{path}: mode {:o}, owner {:?}",
            now.mode, now.owner
        ));
    }
}

impl Damage {
    fn of_content(&mut self, path: &str, before: &Entry, now: &Entry) {
        let is_part = match (&before.content, &now.content) {
            (Content::File(before), Content::File(now)) => {
                now.is_empty()
                    || (now.len() < before.len() && before.starts_with(now))
                    || !is_text(now)
            }
            _ => false,
        };
        if is_part {
            self.half_written += 1;
            self.words.push(format!("{path} is half-written"));
        } else {
            self.lost += 1;
            self.words
                .push(format!("{path} is neither the old one nor the new one"));
        }
    }
}

/// Every file of a node is text that ends with a line.
fn is_text(bytes: &[u8]) -> bool {
    bytes.ends_with(b"\n") && std::str::from_utf8(bytes).is_ok()
}

fn is_state(path: &str) -> bool {
    Path::new(path).starts_with(STATE_FOLDER)
}

impl Found {
    /// The journal of the latest run.
    pub fn journal(&self) -> Option<&Journal> {
        self.journals.last()
    }
}
