//! Judges what is left after a crash. All programs have the same judge.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use crate::crash::Crash;
use crate::fault::{Fault, Kind};
use crate::file_system::{Care, Machine};
use crate::journal::Journal;
use crate::program::rekindle;
use crate::recording::Recording;
use crate::tree::{Content, Entry, Tree};

/// What there is to see after a crash.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Remains {
    /// The paths that are new.
    pub replaced: BTreeSet<String>,
    /// The temporary files.
    pub temporary: BTreeSet<String>,
    /// The journal, if there is one.
    pub journal: Option<Vec<u8>>,
    /// Whether the journal lists changes that are to be made.
    pub is_committed: bool,
    /// Whether the journal says that the run came to its end.
    pub is_complete: bool,
}

/// A judge of the crashes of one recording.
pub struct Judge<'a> {
    recording: &'a Recording,
    has_journal: bool,
    machine: &'a Machine,
    care: Care,
    // What is said of a node in which these files are new, and of this journal or none. Most crashes differ in nothing
    // that can be seen.
    checks: BTreeMap<BTreeSet<String>, Result<(), Fault>>,
    journals: HashMap<Option<Vec<u8>>, (String, Journal)>,
}

impl<'a> Judge<'a> {
    /// A judge of what is left in `recording` by Rekindle, which keeps a journal, or by a control program.
    pub fn new(
        machine: &'a Machine,
        recording: &'a Recording,
        care: Care,
        has_journal: bool,
    ) -> Self {
        Self {
            recording,
            has_journal,
            machine,
            care,
            checks: BTreeMap::new(),
            journals: HashMap::new(),
        }
    }

    /// Mounts what is left, and says what there is to see, or what is wrong with it.
    pub fn judge(&mut self, crash: &Crash<'_>) -> Result<Remains, Fault> {
        self.machine.disk.exchange(crash.image);
        let mount = self
            .machine
            .mount(self.care)
            .map_err(|complaint| Fault::new(Kind::NoFileSystem, complaint))?;
        let node = mount.node();
        let tree = Tree::read(&node).timeless();
        self.judge_files(&tree.without_state(), crash.reported)?;
        let mut remains = Remains {
            replaced: self.recording.replaced(&tree),
            temporary: tree
                .paths()
                .filter(|path| is_temporary(path))
                .map(str::to_owned)
                .collect(),
            ..Remains::default()
        };
        let old = &self.recording.old;
        if self.has_journal {
            self.judge_certificates(&node, &remains.replaced)?;
            remains.journal = journal_bytes(&tree).map(<[u8]>::to_vec);
            let (verdict, journal) = self.read_journal(&node, remains.journal.as_deref());
            remains.is_complete = judge_verdict(verdict, crash.reported)?;
            remains.is_committed = !journal.committed.is_empty();
            judge_truth(journal, &remains.replaced)?;
            if !remains.replaced.is_empty() {
                judge_backup(old, &tree, journal)?;
            }
        }
        Ok(remains)
    }

    /// Every file is the old or the new one; once the program said that it is done, the one that it was to be.
    fn judge_files(&self, now: &Tree, reported: bool) -> Result<(), Fault> {
        let (old, new) = (&self.recording.old, &self.recording.new);
        for path in old.paths().chain(new.paths()).chain(now.paths()) {
            let found = now.get(path);
            if found != old.get(path) && found != new.get(path) && !is_temporary(path) {
                let evidence = format!("{path}: {}", found.map_or("missing".to_owned(), describe));
                return Err(Fault::new(Kind::NeitherOldNorNew, evidence));
            }
        }
        let lost = now.differences(self.recording.goal());
        if reported && !lost.is_empty() {
            return Err(Fault::new(Kind::Lost, lost.join(" ")));
        }
        Ok(())
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

    /// The verdict over a journal, and what it says.
    fn read_journal(&mut self, node: &Path, bytes: Option<&[u8]>) -> &(String, Journal) {
        let read = || match bytes {
            None => ("INCOMPLETE".to_owned(), Journal::default()),
            Some(bytes) => (verify_journal(node), Journal::parse(bytes)),
        };
        let key = bytes.map(<[u8]>::to_vec);
        self.journals.entry(key).or_insert_with(read)
    }
}

/// The journal verifies as far as it goes, and to its end once the program said that it is done. Returns whether it came
/// to its end.
fn judge_verdict(verdict: &str, reported: bool) -> Result<bool, Fault> {
    match verdict {
        "COMPLETE" => Ok(true),
        "INCOMPLETE" if reported => Err(Fault::new(Kind::Lost, "the end of the journal")),
        "INCOMPLETE" => Ok(false),
        other => Err(Fault::new(Kind::Tampered, other)),
    }
}

/// What is new was announced, and what is said to be done or undone is.
fn judge_truth(journal: &Journal, replaced: &BTreeSet<String>) -> Result<(), Fault> {
    let untrue = |path, words| Err(Fault::new(Kind::FalseJournal, format!("{path} {words}")));
    if let Some(path) = replaced.difference(&journal.intended).next() {
        return untrue(path, "is new, and was not announced");
    }
    if let Some(path) = journal.done.difference(replaced).next() {
        return untrue(path, "is said to be done, and is old");
    }
    if let Some(path) = journal.undone.intersection(replaced).next() {
        return untrue(path, "is said to be as before, and is new");
    }
    Ok(())
}

/// All that may be replaced can be brought back: the files are in the backup, the links in the journal.
fn judge_backup(old: &Tree, now: &Tree, journal: &Journal) -> Result<(), Fault> {
    for change in &journal.committed {
        let Some(old) = old.get(&change.target) else {
            continue;
        };
        let is_kept = match (&old.content, &change.backup) {
            (Content::Link(destination), _) => {
                destination.to_str() == change.old_destination.as_deref()
            }
            (_, Some(backup)) => now.get(backup) == Some(old),
            (_, None) => false,
        };
        if !is_kept {
            return Err(Fault::new(Kind::NoBackup, format!("{change:?}")));
        }
    }
    Ok(())
}

/// Nothing that reads a folder takes a file with a dot in front for more.
fn is_temporary(path: &str) -> bool {
    path.rsplit('/')
        .next()
        .is_some_and(|name| name.starts_with('.'))
}

fn describe(entry: &Entry) -> String {
    match &entry.content {
        Content::File(bytes) if bytes.is_empty() => "empty".to_owned(),
        Content::File(bytes) if bytes.iter().all(|byte| *byte == 0) => "all zeros".to_owned(),
        content => format!("{content:?}, mode {:o}", entry.mode),
    }
}

/// The verdict in a word, if it is one of the two that there may be; else all that is said.
pub fn verify_journal(node: &Path) -> String {
    let verify = rekindle(node, &["journal", "verify"]).output();
    let output = verify.expect("a verdict");
    let said = String::from_utf8_lossy(&output.stdout);
    match said.lines().next() {
        Some(verdict @ ("COMPLETE" | "INCOMPLETE")) => verdict.to_owned(),
        _ => format!("{output:?}"),
    }
}

/// The bytes of the one journal in a tree, if there is one.
pub fn journal_bytes(tree: &Tree) -> Option<&[u8]> {
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
