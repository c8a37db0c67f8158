//! Judges what is left after a crash. All programs have the same judge.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::crash::Crash;
use crate::fault::{Fault, Kind};
use crate::file_system::{Care, Machine};
use crate::journal::Journal;
use crate::program::rekindle;
use crate::recording::Recording;
use crate::tree::{Content, Tree};

/// A judge of the crashes of one recording.
pub struct Judge<'a> {
    recording: &'a Recording,
    is_rekindle: bool,
    machine: &'a Machine,
    care: Care,
    // What the program said of a node in which these files are new, and of a journal with these bytes. Most crashes
    // differ in nothing that can be seen.
    checks: BTreeMap<BTreeSet<String>, Result<(), Fault>>,
    verdicts: BTreeMap<Vec<u8>, String>,
}

impl<'a> Judge<'a> {
    /// A judge of what Rekindle, or a control program, left in `recording`.
    pub fn new(
        machine: &'a Machine,
        recording: &'a Recording,
        care: Care,
        is_rekindle: bool,
    ) -> Self {
        Self {
            recording,
            is_rekindle,
            machine,
            care,
            checks: BTreeMap::new(),
            verdicts: BTreeMap::new(),
        }
    }

    /// Mounts what is left, and says what is wrong with it.
    pub fn judge(&mut self, crash: &Crash<'_>) -> Result<(), Fault> {
        self.machine.disk.exchange(crash.image);
        let mount = self
            .machine
            .mount(self.care)
            .map_err(|complaint| Fault::new(Kind::NoFileSystem, complaint))?;
        let node = mount.node();
        let tree = Tree::read(&node).timeless();
        let replaced = self.judge_files(&tree.without_state(), crash.reported)?;
        if self.is_rekindle {
            self.judge_certificates(&node, &replaced)?;
            self.judge_journal(&node, &tree, &replaced, crash.reported)?;
        }
        Ok(())
    }

    /// Every file is the old or the new one; once the program said that it is done, the new one. Returns the paths that
    /// are new.
    fn judge_files(&self, now: &Tree, reported: bool) -> Result<BTreeSet<String>, Fault> {
        let (before, after) = (&self.recording.before, &self.recording.after);
        for path in before.paths().chain(after.paths()).chain(now.paths()) {
            let found = now.get(path);
            let is_temporary = path
                .rsplit('/')
                .next()
                .is_some_and(|name| name.starts_with('.'));
            if found != before.get(path) && found != after.get(path) && !is_temporary {
                let evidence = found.map_or_else(
                    || format!("{path} is missing"),
                    |found| format!("{path} is {:?}, mode {:o}", found.content, found.mode),
                );
                return Err(Fault::new(Kind::NeitherOldNorNew, evidence));
            }
        }
        let lost = now.differences(after);
        if reported && !lost.is_empty() {
            return Err(Fault::new(Kind::Lost, lost.join(" ")));
        }
        let mut replaced = before.differences(after);
        replaced.retain(|path| now.get(path) == after.get(path));
        Ok(replaced.into_iter().collect())
    }

    /// The program's own check finds certificates, keys and links that belong together.
    fn judge_certificates(
        &mut self,
        node: &Path,
        replaced: &BTreeSet<String>,
    ) -> Result<(), Fault> {
        let check = || {
            let output = rekindle(node, &["check"]).output().expect("a check");
            let table = String::from_utf8_lossy(&output.stdout).into_owned();
            let mut broken = ["unreadable", "mismatch", "missing", "wrong issuer"].iter();
            if broken.any(|word| table.contains(word))
                || !matches!(output.status.code(), Some(0 | 1))
            {
                return Err(Fault::new(Kind::DoesNotFit, format!("{output:?}")));
            }
            Ok(())
        };
        self.checks
            .entry(replaced.clone())
            .or_insert_with(check)
            .clone()
    }

    /// The journal verifies as far as it goes; what is new was announced, what is said to be done is, and what was there
    /// before can be brought back.
    fn judge_journal(
        &mut self,
        node: &Path,
        tree: &Tree,
        replaced: &BTreeSet<String>,
        reported: bool,
    ) -> Result<(), Fault> {
        let Some(bytes) = journal_bytes(tree) else {
            if reported || !replaced.is_empty() {
                return Err(Fault::new(Kind::FalseJournal, "there is none"));
            }
            return Ok(());
        };
        if !self.verdicts.contains_key(bytes) {
            self.verdicts.insert(bytes.to_owned(), verify_journal(node));
        }
        match self.verdicts[bytes].as_str() {
            "COMPLETE" => {}
            "INCOMPLETE" if reported => {
                return Err(Fault::new(Kind::Lost, "the end of the journal"));
            }
            "INCOMPLETE" => {}
            other => return Err(Fault::new(Kind::Tampered, other)),
        }
        let journal = Journal::parse(bytes);
        if let Some(path) = replaced.difference(&journal.intended).next() {
            return Err(Fault::new(
                Kind::FalseJournal,
                format!("{path} was not announced"),
            ));
        }
        if let Some(path) = journal.done.difference(replaced).next() {
            return Err(Fault::new(
                Kind::FalseJournal,
                format!("{path} is not done"),
            ));
        }
        if replaced.is_empty() {
            Ok(())
        } else {
            self.judge_backup(tree, &journal)
        }
    }

    /// As soon as one file is replaced, all that may be are in the backup.
    fn judge_backup(&self, tree: &Tree, journal: &Journal) -> Result<(), Fault> {
        for change in &journal.committed {
            let Some(old) = self.recording.before.get(&change.target) else {
                continue;
            };
            let is_kept = match (&old.content, &change.backup) {
                (Content::Link(destination), _) => {
                    destination.to_str() == change.old_destination.as_deref()
                }
                (_, Some(backup)) => tree.get(backup) == Some(old),
                (_, None) => false,
            };
            if !is_kept {
                return Err(Fault::new(Kind::NoBackup, format!("{change:?}")));
            }
        }
        Ok(())
    }
}

/// The verdict in a word, if it is one of the two that there may be; else all that is said.
fn verify_journal(node: &Path) -> String {
    let verify = rekindle(node, &["journal", "verify"]).output();
    let output = verify.expect("a verdict");
    let said = String::from_utf8_lossy(&output.stdout);
    match said.lines().next() {
        Some(verdict @ ("COMPLETE" | "INCOMPLETE")) => verdict.to_owned(),
        _ => format!("{output:?}"),
    }
}

/// The bytes of the one journal in a tree, if there is one.
fn journal_bytes(tree: &Tree) -> Option<&[u8]> {
    let is_journal = |path: &&str| {
        Path::new(path)
            .extension()
            .is_some_and(|extension| extension == "jsonl")
    };
    let mut journals = tree.paths().filter(is_journal);
    let journal = journals.next()?;
    assert_eq!(journals.next(), None, "one run has one journal");
    Some(tree.entry(journal).bytes())
}
