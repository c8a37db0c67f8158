//! `rekindle backups`: the copies of replaced files, and of etcd's data.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::arguments::Prune;
use super::exit::Exit;
use super::failure::Failure;
use super::observed::lock;
use super::prompt::{confirm, demand_terminal};
use super::render::{WARNING, count, printable};
use super::table::{Cell, Table, terminal_columns};
use crate::journal::RunOutcome;
use crate::node::{FileError, Root, TreeSize};
use crate::recovery::{History, JournalState, RunFiles, RunJournal};

/// What a run has copied aside.
struct Backup {
    run: String,
    /// The files as they were before.
    files: Copied,
    /// etcd's data, as they were while it was stopped.
    etcd: Copied,
    usage: Use,
}

/// A folder of copies.
enum Copied {
    /// There is none.
    Nothing,
    /// It is no folder that can be read.
    Unreadable,
    /// It holds so much.
    Size(TreeSize),
}

impl Copied {
    fn of(root: &Root, folder: &Path) -> Self {
        if !root.exists(folder) {
            return Self::Nothing;
        }
        root.measure(folder).map_or(Self::Unreadable, Self::Size)
    }

    fn cell(&self, size: impl Fn(&TreeSize) -> u64) -> Cell {
        match self {
            Self::Nothing => "-".into(),
            Self::Unreadable => "?".into(),
            Self::Size(measured) => size(measured).to_string().into(),
        }
    }
}

impl Backup {
    fn read(root: &Root, run: String) -> Self {
        let places = RunFiles::of(&run);
        let files = Copied::of(root, &places.backup);
        let etcd = Copied::of(root, &places.etcd);
        let usage = match (&files, &etcd) {
            (Copied::Unreadable, _) | (_, Copied::Unreadable) => {
                Use::Needed("no folder that can be read")
            }
            _ => Use::of(root, &run),
        };
        Self {
            run,
            files,
            etcd,
            usage,
        }
    }

    /// The folders that there are.
    fn folders(&self) -> impl Iterator<Item = PathBuf> {
        let RunFiles { backup, etcd, .. } = RunFiles::of(&self.run);
        [(&self.files, backup), (&self.etcd, etcd)]
            .into_iter()
            .filter(|(copied, _)| !matches!(copied, Copied::Nothing))
            .map(|(_, folder)| folder)
    }
}

/// What a backup is good for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// It is the way back of a run, or may be, for this reason: it stays.
    Needed(&'static str),
    /// It takes back a run that ended, whose files are still there.
    Useful,
    /// Its run changed nothing in the end: the same is in the files themselves.
    Idle,
}

impl Use {
    /// What is said of it behind the name of its run.
    fn remark(self) -> Option<&'static str> {
        match self {
            Self::Needed(reason) => Some(reason),
            Self::Useful => None,
            Self::Idle => Some("changed nothing in the end"),
        }
    }

    fn of(root: &Root, run: &str) -> Self {
        match RunJournal::read(root, run).state {
            JournalState::Unreadable(_) => Self::Needed("its journal cannot be read"),
            JournalState::Broken(_) => Self::Needed("its journal is broken"),
            JournalState::Exchanged(_) => Self::Needed("its journal is that of another run"),
            JournalState::Unbegun | JournalState::Emptied => {
                Self::Needed("its journal was emptied")
            }
            JournalState::Good(chain) => match (chain.outcome(), chain.changes()) {
                (None, Some(_)) => Self::Needed("unfinished"),
                // Whoever comes next clears up, and ends it.
                (None, None) => Self::Needed("interrupted before it changed anything"),
                (Some(RunOutcome::RolledBack), _) => Self::Idle,
                (Some(RunOutcome::Completed | RunOutcome::HalfWay), _) => Self::Useful,
            },
        }
    }
}

/// What lies in the folders of backups and of copies of etcd's data.
struct Backups {
    /// Those of runs that have a journal here, in the order in which these were begun.
    of_runs: Vec<Backup>,
    /// The rest: none of ours, or of a run whose journal was taken away.
    others: Vec<PathBuf>,
}

impl Backups {
    fn read(root: &Root) -> Result<Self, Failure> {
        let history = History::read(root).map_err(|error| unreadable("journals", &error))?;
        let mut theirs = BTreeSet::new();
        let mut others = Vec::new();
        for folder in [RunFiles::backups(), RunFiles::etcd_copies()] {
            let names = root.list(&folder);
            for name in names.map_err(|error| unreadable("backups", &error))? {
                if history.runs.contains(&name) {
                    theirs.insert(name);
                } else {
                    others.push(root.outside(&folder.join(name)));
                }
            }
        }
        let runs = history.runs.into_iter().filter(|run| theirs.contains(run));
        Ok(Self {
            of_runs: runs.map(|run| Backup::read(root, run)).collect(),
            others,
        })
    }

    fn write_others(&self, out: &mut dyn Write) -> std::io::Result<()> {
        if self.others.is_empty() {
            return Ok(());
        }
        writeln!(out, "Of no run that has a journal here, and left alone:")?;
        for path in &self.others {
            writeln!(out, "  {}", printable(&path.display().to_string()))?;
        }
        Ok(())
    }
}

/// Lists the backups in the order in which their runs were begun.
pub fn list(root: &Root, out: &mut dyn Write) -> Result<Exit, Failure> {
    let backups = Backups::read(root)?;
    if backups.of_runs.is_empty() {
        writeln!(out, "There is no backup on this node.")?;
    } else {
        let heading = ["RUN", "FILES", "BYTES", "ETCD BYTES"];
        let mut table = Table::with_heading(heading.map(Cell::from).to_vec());
        for backup in &backups.of_runs {
            let run = match (backup.usage, backup.usage.remark()) {
                (Use::Needed(_), Some(remark)) => {
                    Cell::styled(format!("{} ({remark})", backup.run), WARNING)
                }
                (_, Some(remark)) => format!("{} ({remark})", backup.run).into(),
                (_, None) => backup.run.as_str().into(),
            };
            table.push(vec![
                run,
                backup.files.cell(|size| size.files),
                backup.files.cell(|size| size.bytes),
                backup.etcd.cell(|size| size.bytes),
            ]);
        }
        table.write(out, 0, terminal_columns())?;
        let (files, etcd) = (RunFiles::backups(), RunFiles::etcd_copies());
        writeln!(
            out,
            "Each in a folder of its name in {}; copies of etcd's data in {}",
            root.outside(&files).display(),
            root.outside(&etcd).display()
        )?;
    }
    backups.write_others(out)?;
    Ok(Exit::Done)
}

/// Removes all but the latest backups of runs whose changes stand, and those of runs that changed nothing in the end. What is
/// or may be the way back of a run stays, and so does all that is none of ours.
pub fn prune(root: &Root, arguments: &Prune, out: &mut dyn Write) -> Result<Exit, Failure> {
    let _lock = lock(root)?;
    let backups = Backups::read(root)?;
    let all = backups.of_runs.len();
    let (mut kept, mut old) = (Vec::new(), Vec::new());
    let mut useful = 0;
    for backup in backups.of_runs.iter().rev() {
        match backup.usage {
            Use::Needed(reason) => kept.push((backup, reason)),
            Use::Useful if useful < arguments.keep => useful += 1,
            Use::Useful | Use::Idle => old.push(backup),
        }
    }
    old.reverse();
    for (backup, reason) in kept.into_iter().rev() {
        writeln!(out, "Kept: {} ({reason})", printable(&backup.run))?;
    }
    backups.write_others(out)?;
    if old.is_empty() {
        writeln!(
            out,
            "There is nothing to remove: {} in all.",
            count(all, "backup")
        )?;
        return Ok(Exit::Done);
    }
    writeln!(
        out,
        "To be removed, with the private keys and the data that they hold:"
    )?;
    for backup in &old {
        let remark = match backup.usage.remark() {
            Some(remark) => format!(" ({remark})"),
            None => String::new(),
        };
        for folder in backup.folders() {
            let text = format!("{}{remark}", root.outside(&folder).display());
            writeln!(out, "  {}", printable(&text))?;
        }
    }
    if !arguments.yes {
        demand_terminal()?;
        let explanation =
            "A run whose backup is gone cannot be rolled back any more. Its journal stays.";
        if !confirm("Remove them?", out, |out| writeln!(out, "{explanation}"))? {
            writeln!(out, "Nothing was removed.")?;
            return Ok(Exit::ActionNeeded);
        }
    }
    for folder in old.iter().flat_map(|backup| backup.folders()) {
        root.remove_folder(&folder)
            .map_err(|error| Failure::of(Exit::ActionNeeded, &error).hint("run this again"))?;
    }
    let left = all - old.len();
    writeln!(out, "Removed {}; {left} left.", count(old.len(), "backup"))?;
    Ok(Exit::Done)
}

fn unreadable(subject: &str, error: &FileError) -> Failure {
    Failure::of_file(subject, error)
}
