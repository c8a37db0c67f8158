//! `rekindle rollback`: takes a run back, the interrupted one or one that came to its end.

use std::collections::BTreeSet;
use std::io::Write;

use super::arguments::{RestartName, Rollback, Way};
use super::clock::{last_written, write_clock_doubts};
use super::ended::Arrival;
use super::execution::carry_out_with;
use super::exit::Exit;
use super::failure::Failure;
use super::interrupted::{clear_away, find, reason, refuse_unfinished};
use super::journal::{chain_of, known_run};
use super::observed::lock;
use super::plan::write_left;
use super::prompt::{confirm, demand_terminal};
use super::render::{count, printable};
use super::restart::Outlook;
use super::resume::TO_ITS_END;
use super::take_up::{Destination, Tale, demand_no_old_processes, take_up, write_expired_again};
use super::vouching::vouched;
use crate::inventory::{Inventory, cluster_authority};
use crate::journal::{Direction, RunOutcome};
use crate::node::{self, Root};
use crate::recovery::{self, History, Interrupted, MANIFEST};
use crate::shell::quote;

const BACK: Destination = Destination {
    verb: "rollback",
    question: "Take it back?",
    explanation: "What was replaced is brought back from the backup, last file first; what was not\n\
                  stays. Each file is compared first: one that somebody else changed stops this\n\
                  before anything is done. A certificate that had expired is expired again, and\n\
                  nothing is restarted unless --restart says so.",
    arrived: "Rolled back",
    restart: RestartName::None,
    aim: RunOutcome::RolledBack,
    instead: |root, run| {
        let rollback = root.command(&format!("rollback {run}"));
        format!("To go back all the same: {rollback}")
    },
    obstacles: recovery::obstacles_to_rollback,
    take: recovery::rollback,
};

/// Rolls back the interrupted run, or the named one.
pub fn rollback(root: &Root, arguments: &Rollback, out: &mut dyn Write) -> Result<Exit, Failure> {
    let _lock = lock(root)?;
    let interrupted = find(root)?;
    if let Some(run) = &arguments.run
        && interrupted
            .as_ref()
            .is_none_or(|interrupted| interrupted.run != *run)
    {
        return match interrupted {
            Some(rollback) if goes_back_to_before(&rollback, run) => {
                finish(root, rollback, run, &arguments.way, out)
            }
            _ => undo_ended(root, run, arguments, out),
        };
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
    let reason = reason(&way.words, BACK.flags(way));
    if interrupted.is_committed() {
        return take_up(root, interrupted, &BACK, way, &reason, out);
    }
    let is_clear = clear_away(root, interrupted, &reason, out)?;
    Ok(if is_clear {
        Exit::Done
    } else {
        Exit::ActionNeeded
    })
}

/// Whether it is what the same command began, interrupted, and can still be finished.
fn goes_back_to_before(interrupted: &Interrupted, run: &str) -> bool {
    let chain = &interrupted.chain;
    interrupted.is_committed()
        && chain.genesis().reverses() == Some(run)
        && chain.open_directions().contains(&Direction::Forward)
}

/// Called again, the rollback of a run that had ended goes on: for that run its way forward is back.
fn finish(
    root: &Root,
    rollback: Interrupted,
    run: &str,
    way: &Way,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let mut named = BACK.flags(way);
    named.push(run.to_owned());
    let reason = reason(&way.words, named);
    take_up(root, rollback, &TO_ITS_END, way, &reason, out)
}

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
    vouched(root, &chain, &format!("rollback {}", quote(&run)), way, out)?;
    let mut undertaking = recovery::reversal(root, &chain, way.skip_foreign)
        .map_err(|refusals| Failure::refused(&refusals))?;
    if undertaking.changes.is_empty() {
        writeln!(
            out,
            "There is nothing to roll back: no file is as the run {run} made it."
        )?;
        write_left(&undertaking.left, out)?;
        return Ok(if undertaking.left.is_empty() {
            Exit::Done
        } else {
            Exit::ActionNeeded
        });
    }
    write_clock_doubts(root, last_written(root), out)?;
    if !way.yes {
        demand_terminal()?;
        writeln!(
            out,
            "The run {run} came to its end.\nTo be brought back as before it: {}",
            count(undertaking.changes.len(), "file")
        )?;
        for change in &undertaking.changes {
            writeln!(out, "  {}", printable(&change.target.display().to_string()))?;
        }
        write_left(&undertaking.left, out)?;
        let brought_back: BTreeSet<&str> = undertaking
            .changes
            .iter()
            .map(|change| change.name.as_str())
            .collect();
        let changes = chain.changes().unwrap_or_default();
        let changes = changes.iter().map(|(change, _)| change);
        let changes = changes.filter(|change| brought_back.contains(change.name.as_str()));
        write_expired_again(changes, way.restart.restart.is_none(), out)?;
        let explain = |out: &mut dyn Write| {
            writeln!(
                out,
                "{}\nThis is a run of its own, with a backup of what is there now: it can be taken\nback like any other.\n",
                BACK.explanation
            )
        };
        if !confirm(BACK.question, out, explain)? {
            writeln!(out, "Nothing was changed.")?;
            return Ok(Exit::ActionNeeded);
        }
    }
    let mut named = BACK.flags(way);
    named.push(run.clone());
    let reason = reason(&way.words, named);
    let mut watch = way.telling.voice().watch();
    let cluster = cluster_authority(root, node::now());
    let renewed: Vec<&str> = undertaking
        .changes
        .iter()
        .map(|change| change.name.as_str())
        .collect();
    let inventory = Inventory::observe(root);
    let mut changes = undertaking.changes.iter();
    demand_no_old_processes(changes.any(|change| change.location == MANIFEST), way)?;
    let outlook = Outlook::of(root, &inventory, &way.restart, BACK.restart, &renewed)?;
    let (ended, left) = carry_out_with(
        root,
        outlook,
        &mut undertaking,
        cluster,
        left_over,
        &reason,
        &mut watch,
    )?;
    let tale = Tale {
        arrived: BACK.arrived,
        run: &run,
        ended: &ended,
        arrival: Arrival::Old,
        laid_out: None,
    };
    Ok(tale.tell(root, &left, out))
}
