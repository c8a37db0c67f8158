//! `rekindle rollback`: takes a run back, the interrupted one or one that came to its end.

use std::io::Write;

use super::arguments::Rollback;
use super::exit::Exit;
use super::failure::Failure;
use super::interrupted::{clear, find, reason, refuse_unfinished, write_state};
use super::journal::{chain_of, known_run};
use super::observed::{confine, lock};
use super::progress::Watch;
use super::prompt::{confirm, demand_terminal};
use super::render::{GOOD, count, printable};
use super::report::{despite_lost_output, exit, write_ended, write_not_proven};
use super::resume::flags;
use crate::inventory::cluster_authority;
use crate::node::{self, Root};
use crate::recovery::{self, Ended, History, TakeUpRequest};

/// Rolls back the interrupted run, or the named one.
pub fn rollback(root: &Root, arguments: &Rollback, out: &mut dyn Write) -> Result<Exit, Failure> {
    let _lock = lock(root)?;
    let interrupted = find(root)?;
    if let Some(run) = &arguments.run
        && interrupted
            .as_ref()
            .is_none_or(|interrupted| interrupted.run != *run)
    {
        return undo_ended(root, run, arguments, out);
    }
    let Some(interrupted) = interrupted else {
        History::tidy(root).map_err(|error| Failure::of_file("journals", &error))?;
        writeln!(
            out,
            "There is nothing to roll back: no run is unfinished. To undo one that came to its end, name it: {}",
            root.command("journal list")
        )?;
        return Ok(Exit::Done);
    };
    let way = &arguments.way;
    let reason = reason(&way.words, flags("rollback", way));
    let authority = cluster_authority(root, node::now());
    if !interrupted.is_committed() {
        let run = interrupted.run.clone();
        clear(root, interrupted, authority, &reason, &mut Watch::new())?;
        writeln!(
            out,
            "The run {} was interrupted before it changed anything; what it left is cleared away.",
            printable(&run)
        )?;
        return Ok(Exit::Done);
    }
    let refusals = recovery::check_targets(root, interrupted.targets());
    if !refusals.is_empty() {
        return Err(Failure::refused(&refusals));
    }
    if !way.yes {
        demand_terminal()?;
        write_state(&interrupted, out)?;
        if !confirm("Take it back?", out, |out| writeln!(out, "{EXPLANATION}"))? {
            writeln!(out, "Nothing was changed.")?;
            return Ok(Exit::ActionNeeded);
        }
    }
    confine(root, interrupted.targets().map(|(_, path)| path))?;
    let mut watch = Watch::new();
    let request = TakeUpRequest {
        authority,
        skip_foreign: way.skip_foreign,
        reason: &reason,
    };
    let ended = recovery::rollback(root, interrupted, request, &mut watch);
    watch.finish();
    let ended = ended.map_err(|halt| Failure::of_halt(root, &halt))?;
    Ok(tell(root, &ended.run.clone(), &ended, out))
}

const EXPLANATION: &str = "What was replaced is brought back from the backup, last file first; what was not stays. Each file is \
                           compared first, and one that somebody else changed stops this before anything is done.";

/// Undoes a run that came to its end, by a run of its own.
fn undo_ended(
    root: &Root,
    run: &str,
    arguments: &Rollback,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let way = &arguments.way;
    let left_over = refuse_unfinished(root)?;
    let run = known_run(root, Some(run))?;
    let chain = chain_of(root, &run)?;
    let undertaking = recovery::reversal(root, &chain, way.skip_foreign)
        .map_err(|refusals| Failure::refused(&refusals))?;
    if undertaking.changes.is_empty() {
        writeln!(
            out,
            "There is nothing to roll back: no file is as the run {run} made it."
        )?;
        return Ok(Exit::Done);
    }
    let refusals = recovery::preflight(root, &undertaking.changes);
    if !refusals.is_empty() {
        return Err(Failure::refused(&refusals));
    }
    if !way.yes {
        demand_terminal()?;
        writeln!(
            out,
            "The run {run} came to its end. To be brought back, with the dates that {} had before:",
            count(undertaking.changes.len(), "file")
        )?;
        for change in &undertaking.changes {
            writeln!(out, "  {}", change.target.display())?;
        }
        if !confirm("Take it back?", out, |out| writeln!(out, "{EXPLANATION}"))? {
            writeln!(out, "Nothing was changed.")?;
            return Ok(Exit::ActionNeeded);
        }
    }
    let mut named = flags("rollback", way);
    named.push(run.clone());
    let reason = reason(&way.words, named);
    let mut watch = Watch::new();
    if let Some(left_over) = left_over {
        let authority = cluster_authority(root, node::now());
        clear(root, left_over, authority, &reason, &mut watch)?;
    }
    let authority = cluster_authority(root, node::now());
    confine(root, undertaking.targets())?;
    let ended = recovery::carry_out(root, &undertaking, authority, &reason, &mut watch);
    watch.finish();
    let ended = ended.map_err(|error| Failure::of_recovery(root, &error))?;
    Ok(tell(root, &run, &ended, out))
}

fn tell(root: &Root, run: &str, ended: &Ended, out: &mut dyn Write) -> Exit {
    let written = writeln!(out, "{GOOD}Rolled back{GOOD:#} the run {run}")
        .and_then(|()| write_ended(root, ended, out))
        .and_then(|()| write_not_proven(root, out))
        .and_then(|()| out.flush());
    despite_lost_output(root, ended, &written);
    exit(root, ended)
}
