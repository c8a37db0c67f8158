//! `rekindle resume`: takes an interrupted run to its end.

use std::io::Write;

use super::arguments::{RestartName, Resume};
use super::exit::Exit;
use super::failure::Failure;
use super::interrupted::{clear_away, find, reason, verb};
use super::observed::lock;
use super::render::printable;
use super::take_up::{Destination, take_up};
use crate::journal::RunOutcome;
use crate::node::Root;
use crate::recovery::{self, History};

/// Every file is the new one.
pub(super) const TO_ITS_END: Destination = Destination {
    verb: "resume",
    question: "Finish it?",
    explanation: "What waits is replaced by the new file that lies beside it; what is replaced\n\
                  stays. Each file is compared first: one that somebody else changed stops this\n\
                  before anything is done.",
    arrived: "Finished",
    restart: RestartName::Auto,
    aim: RunOutcome::Completed,
    instead: |root, _| format!("To recover: {}", root.command("recover")),
    obstacles: recovery::obstacles_to_resume,
    take: recovery::resume,
};

/// Resumes the interrupted run of the node.
pub fn resume(root: &Root, arguments: &Resume, out: &mut dyn Write) -> Result<Exit, Failure> {
    let way = &arguments.way;
    let _lock = lock(root)?;
    let Some(interrupted) = find(root)? else {
        History::tidy(root).map_err(|error| Failure::of_file("journals", &error))?;
        writeln!(out, "There is nothing to resume: no run is unfinished.")?;
        return Ok(Exit::Done);
    };
    let reason = reason(&way.words, TO_ITS_END.flags(way));
    if interrupted.is_committed() {
        return take_up(root, interrupted, &TO_ITS_END, way, &reason, out);
    }
    let verb = verb(interrupted.chain.genesis());
    clear_away(root, interrupted, &reason, out)?;
    match verb.as_deref() {
        None | Some("recover") => writeln!(out, "To recover: {}", root.command("recover"))?,
        Some(verb) => writeln!(out, "To do it after all, call {} again", printable(verb))?,
    }
    Ok(Exit::ActionNeeded)
}
