//! `rekindle backups`: the copies of replaced files.

use std::io::Write;

use super::arguments::Prune;
use super::exit::Exit;
use super::failure::Failure;
use super::interrupted::find;
use super::observed::lock;
use super::prompt::{confirm, demand_terminal};
use super::render::{WARNING, count};
use super::table::{Cell, Table, terminal_columns};
use crate::node::{FileError, Root};
use crate::recovery::RunFiles;

/// Lists the backups, oldest first.
pub fn list(root: &Root, out: &mut dyn Write) -> Result<Exit, Failure> {
    let runs = runs(root)?;
    if runs.is_empty() {
        writeln!(out, "There is no backup on this node.")?;
        return Ok(Exit::Done);
    }
    let unfinished = find(root)?.map(|interrupted| interrupted.run);
    let heading = ["RUN", "FILES", "BYTES", "WHERE"];
    let mut table = Table::with_heading(heading.map(Cell::from).to_vec());
    for run in &runs {
        let folder = RunFiles::of(run).backup;
        let size = root.measure(&folder).map_err(unreadable)?;
        let needed = unfinished.as_ref() == Some(run);
        table.push(vec![
            if needed {
                Cell::styled(format!("{run} (unfinished)"), WARNING)
            } else {
                run.as_str().into()
            },
            size.files.to_string().into(),
            size.bytes.to_string().into(),
            Cell::from(root.outside(&folder).display().to_string()).or(""),
        ]);
    }
    table.write(out, 0, terminal_columns())?;
    Ok(Exit::Done)
}

/// Removes all but the latest backups. That of an unfinished run stays: it is the way back.
pub fn prune(root: &Root, arguments: &Prune, out: &mut dyn Write) -> Result<Exit, Failure> {
    let _lock = lock(root)?;
    let runs = runs(root)?;
    let unfinished = find(root)?.map(|interrupted| interrupted.run);
    let old = runs.len().saturating_sub(arguments.keep);
    let old: Vec<&String> = runs
        .iter()
        .take(old)
        .filter(|run| unfinished.as_ref() != Some(*run))
        .collect();
    if old.is_empty() {
        writeln!(
            out,
            "There is nothing to remove: {} in all.",
            count(runs.len(), "backup")
        )?;
        return Ok(Exit::Done);
    }
    writeln!(out, "To be removed, with the private keys that they hold:")?;
    for run in &old {
        writeln!(
            out,
            "  {}",
            root.outside(&RunFiles::of(run).backup).display()
        )?;
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
    for run in &old {
        root.remove_folder(&RunFiles::of(run).backup)
            .map_err(|error| Failure::of(Exit::ActionNeeded, &error).hint("run this again"))?;
    }
    writeln!(
        out,
        "Removed {}; {} left.",
        count(old.len(), "backup"),
        runs.len() - old.len()
    )?;
    Ok(Exit::Done)
}

fn runs(root: &Root) -> Result<Vec<String>, Failure> {
    root.list(&RunFiles::backups()).map_err(unreadable)
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "it is the form that map_err takes"
)]
fn unreadable(error: FileError) -> Failure {
    Failure::of_file("backups", &error)
}
