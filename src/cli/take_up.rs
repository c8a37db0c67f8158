//! An interrupted run, taken up again: what `resume` and `rollback` have in common.

use std::io::Write;

use super::arguments::Way;
use super::exit::Exit;
use super::failure::Failure;
use super::interrupted::write_state;
use super::observed::confine;
use super::progress::Watch;
use super::prompt::{confirm, demand_terminal};
use super::render::GOOD;
use super::report::{despite_lost_output, exit, write_ended, write_not_proven};
use crate::inventory::cluster_authority;
use crate::node::{self, Root};
use crate::recovery::{self, Ended, Halt, Interrupted, Observer, Reason, TakeUpRequest};

/// Where a run is taken, in the operator's words.
pub(super) struct Destination {
    /// What the operator is asked.
    pub(super) question: &'static str,
    /// What is said when the operator wants to know more.
    pub(super) explanation: &'static str,
    /// What is said when the run is there.
    pub(super) arrived: &'static str,
    /// Takes it there.
    pub(super) take:
        fn(&Root, Interrupted, TakeUpRequest<'_>, &mut dyn Observer) -> Result<Ended, Halt>,
}

/// Asks, takes the run there, and tells how it ended.
pub(super) fn take_up(
    root: &Root,
    interrupted: Interrupted,
    destination: &Destination,
    way: &Way,
    reason: &Reason,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let refusals = recovery::check_targets(root, interrupted.targets());
    if !refusals.is_empty() {
        return Err(Failure::refused(&refusals));
    }
    if !way.yes {
        demand_terminal()?;
        write_state(&interrupted, out)?;
        let explanation = destination.explanation;
        if !confirm(destination.question, out, |out| {
            writeln!(out, "{explanation}\n")
        })? {
            writeln!(out, "Nothing was changed.")?;
            return Ok(Exit::ActionNeeded);
        }
    }
    let authority = cluster_authority(root, node::now());
    confine(root, interrupted.targets().map(|(_, path)| path))?;
    let mut watch = Watch::new();
    let request = TakeUpRequest {
        authority,
        skip_foreign: way.skip_foreign,
        reason,
    };
    let ended = (destination.take)(root, interrupted, request, &mut watch);
    watch.finish();
    let ended = ended.map_err(|halt| Failure::of_halt(root, &halt))?;
    let run = ended.run.clone();
    Ok(tell(root, destination.arrived, &run, &ended, out))
}

/// Tells that a run has come to its end, forward or back.
pub(super) fn tell(
    root: &Root,
    arrived: &str,
    run: &str,
    ended: &Ended,
    out: &mut dyn Write,
) -> Exit {
    let written = writeln!(out, "{GOOD}{arrived}{GOOD:#} the run {run}")
        .and_then(|()| write_ended(root, ended, out))
        .and_then(|()| write_not_proven(root, out))
        .and_then(|()| out.flush());
    despite_lost_output(root, ended, &written);
    exit(root, ended)
}

/// The verb and its wishes in effect, for the journal.
pub(super) fn flags(verb: &str, way: &Way) -> Vec<String> {
    let mut flags = vec![verb.to_owned()];
    if way.yes {
        flags.push("--yes".to_owned());
    }
    if way.skip_foreign {
        flags.push("--skip-foreign".to_owned());
    }
    flags
}
