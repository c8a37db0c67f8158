//! `rekindle backups`: the copies of replaced files.

use std::io::Write;

use super::arguments::Prune;
use super::exit::Exit;
use super::failure::Failure;
use super::observed::lock;
use super::prompt::{confirm, demand_terminal};
use super::render::{WARNING, count, printable};
use super::table::{Cell, Table, terminal_columns};
use crate::journal::Chain;
use crate::node::{FileError, Root, TreeSize};
use crate::recovery::{History, RunFiles};

/// The backup of a run.
struct Backup {
    run: String,
    /// What it holds; nothing where it is no folder that can be read.
    size: Option<TreeSize>,
    /// Why it is not to be removed; nothing where it may be.
    needed: Option<&'static str>,
}

/// What lies in the folder of the backups.
struct Backups {
    /// Those of runs that have a journal here, by the clock at the start of each.
    of_runs: Vec<Backup>,
    /// The rest: none of ours, or of a run whose journal was taken away.
    others: Vec<String>,
}

impl Backups {
    fn read(root: &Root) -> Result<Self, Failure> {
        let names = root.list(&RunFiles::backups());
        let names = names.map_err(|error| unreadable("backups", &error))?;
        let history = History::read(root).map_err(|error| unreadable("journals", &error))?;
        let (runs, others): (Vec<_>, Vec<_>) = names
            .into_iter()
            .partition(|name| history.runs.contains(name));
        let of_runs = runs.into_iter().map(|run| {
            let size = root.measure(&RunFiles::of(&run).backup).ok();
            let needed = match size {
                Some(_) => need(root, &run),
                None => Some("no folder that can be read"),
            };
            Backup { run, size, needed }
        });
        Ok(Self {
            of_runs: of_runs.collect(),
            others,
        })
    }

    fn write_others(&self, root: &Root, out: &mut dyn Write) -> std::io::Result<()> {
        if self.others.is_empty() {
            return Ok(());
        }
        let folder = root.outside(&RunFiles::backups());
        writeln!(
            out,
            "Of no run that has a journal here, and left alone, in {}:",
            folder.display()
        )?;
        for name in &self.others {
            writeln!(out, "  {}", printable(name))?;
        }
        Ok(())
    }
}

/// Why the backup of a run is not to be removed: it is the way back, or may be.
fn need(root: &Root, run: &str) -> Option<&'static str> {
    let bytes = root.read_log(&RunFiles::of(run).journal).ok();
    match bytes.as_deref().map(Chain::read) {
        None => Some("its journal cannot be read"),
        Some(Err(_)) => Some("its journal is broken"),
        Some(Ok(Some(chain))) if chain.outcome().is_none() => Some("unfinished"),
        Some(Ok(_)) => None,
    }
}

/// Lists the backups, by the clock at the start of each run.
pub fn list(root: &Root, out: &mut dyn Write) -> Result<Exit, Failure> {
    let backups = Backups::read(root)?;
    if backups.of_runs.is_empty() {
        writeln!(out, "There is no backup on this node.")?;
    } else {
        let heading = ["RUN", "FILES", "BYTES"];
        let mut table = Table::with_heading(heading.map(Cell::from).to_vec());
        for backup in &backups.of_runs {
            let (files, bytes) = match backup.size {
                Some(size) => (size.files.to_string(), size.bytes.to_string()),
                None => ("?".to_owned(), "?".to_owned()),
            };
            let run = match backup.needed {
                Some(reason) => Cell::styled(format!("{} ({reason})", backup.run), WARNING),
                None => backup.run.as_str().into(),
            };
            table.push(vec![run, files.into(), bytes.into()]);
        }
        table.write(out, 0, terminal_columns())?;
        let folder = root.outside(&RunFiles::backups());
        writeln!(out, "Each in a folder of its name in {}", folder.display())?;
    }
    backups.write_others(root, out)?;
    Ok(Exit::Done)
}

/// Removes all but the latest backups. What is or may be the way back of a run stays, and so does all that is none of ours.
pub fn prune(root: &Root, arguments: &Prune, out: &mut dyn Write) -> Result<Exit, Failure> {
    let _lock = lock(root)?;
    let backups = Backups::read(root)?;
    let all = backups.of_runs.len();
    let old = backups
        .of_runs
        .iter()
        .take(all.saturating_sub(arguments.keep));
    let (kept, old): (Vec<&Backup>, Vec<&Backup>) = old.partition(|backup| backup.needed.is_some());
    for backup in kept {
        let reason = backup.needed.unwrap_or_default();
        writeln!(out, "Kept: {} ({reason})", printable(&backup.run))?;
    }
    backups.write_others(root, out)?;
    if old.is_empty() {
        writeln!(
            out,
            "There is nothing to remove: {} in all.",
            count(all, "backup")
        )?;
        return Ok(Exit::Done);
    }
    writeln!(out, "To be removed, with the private keys that they hold:")?;
    for backup in &old {
        let folder = root.outside(&RunFiles::of(&backup.run).backup);
        writeln!(out, "  {}", printable(&folder.display().to_string()))?;
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
    for backup in &old {
        root.remove_folder(&RunFiles::of(&backup.run).backup)
            .map_err(|error| Failure::of(Exit::ActionNeeded, &error).hint("run this again"))?;
    }
    let left = all - old.len();
    writeln!(out, "Removed {}; {left} left.", count(old.len(), "backup"))?;
    Ok(Exit::Done)
}

fn unreadable(subject: &str, error: &FileError) -> Failure {
    Failure::of_file(subject, error)
}
