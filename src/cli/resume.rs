//! `rekindle resume`: takes an interrupted run to its end.

use std::io::Write;

use super::arguments::{Resume, Way};
use super::exit::Exit;
use super::failure::Failure;
use super::interrupted::{clear, find, reason, write_state};
use super::observed::{confine, lock};
use super::progress::Watch;
use super::prompt::{confirm, demand_terminal};
use super::render::{GOOD, printable};
use super::report::{despite_lost_output, exit, write_ended, write_not_proven};
use crate::inventory::cluster_authority;
use crate::node::{self, Root};
use crate::recovery::{self, History, TakeUpRequest};

/// Resumes the interrupted run of the node.
pub fn resume(root: &Root, arguments: &Resume, out: &mut dyn Write) -> Result<Exit, Failure> {
    let way = &arguments.way;
    let _lock = lock(root)?;
    let Some(interrupted) = find(root)? else {
        History::tidy(root).map_err(|error| Failure::of_file("journals", &error))?;
        writeln!(out, "There is nothing to resume: no run is unfinished.")?;
        return Ok(Exit::Done);
    };
    let reason = reason(&way.words, flags("resume", way));
    let authority = cluster_authority(root, node::now());
    if !interrupted.is_committed() {
        let run = interrupted.run.clone();
        clear(root, interrupted, authority, &reason, &mut Watch::new())?;
        writeln!(
            out,
            "The run {} was interrupted before it changed anything; what it left is cleared away.\nTo recover: {}",
            printable(&run),
            root.command("recover")
        )?;
        return Ok(Exit::ActionNeeded);
    }
    let refusals = recovery::check_targets(root, interrupted.targets());
    if !refusals.is_empty() {
        return Err(Failure::refused(&refusals));
    }
    if !way.yes {
        demand_terminal()?;
        write_state(&interrupted, out)?;
        let explanation = "What waits is replaced by the new file that lies beside it; what is replaced stays. Each file is \
                           compared first, and one that somebody else changed stops the run before anything is done.";
        if !confirm("Finish it?", out, |out| writeln!(out, "{explanation}"))? {
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
    let ended = recovery::resume(root, interrupted, request, &mut watch);
    watch.finish();
    let ended = ended.map_err(|halt| Failure::of_halt(root, &halt))?;
    let written = writeln!(out, "{GOOD}Finished{GOOD:#} the run {}", ended.run)
        .and_then(|()| write_ended(root, &ended, out))
        .and_then(|()| write_not_proven(root, out))
        .and_then(|()| out.flush());
    despite_lost_output(root, &ended, &written);
    Ok(exit(root, &ended))
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
