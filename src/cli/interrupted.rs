//! The run that was interrupted, as the verbs meet it.

use std::io::{self, Write};

use super::arguments::Words;
use super::ended::write_warnings;
use super::failure::Failure;
use super::observed::confine;
use super::progress::Watch;
use super::render::printable;
use super::standing::{how_far, of_history, unfinished, write_stopped};
use super::voice::Voice;
use crate::evidence::moment;
use crate::inventory::cluster_authority_with_new_dates;
use crate::journal::{Genesis, Progress};
use crate::node::{self, Root};
use crate::recovery::{self, History, Interrupted, Reason, TakeUpRequest};

/// The run that did not come to its end, if there is one.
pub(super) fn find(root: &Root) -> Result<Option<Interrupted>, Failure> {
    let history = History::read(root).map_err(|error| Failure::of_file("journals", &error))?;
    history
        .interrupted(root)
        .map_err(|error| of_history(root, &error))
}

/// Refuses to begin another run while one is unfinished; gives back what has only left things lying around.
pub(super) fn refuse_unfinished(root: &Root) -> Result<Option<Interrupted>, Failure> {
    match find(root)? {
        Some(run) if run.is_committed() => Err(Failure::refused(&[unfinished(root, &run)])),
        other => Ok(other),
    }
}

/// What was begun, and how far each file has come.
pub(super) fn write_state(interrupted: &Interrupted, out: &mut dyn Write) -> io::Result<()> {
    let chain = &interrupted.chain;
    let setting = &chain.genesis().circumstances.setting;
    writeln!(
        out,
        "Run {} was {}.",
        printable(&interrupted.run),
        how_far(interrupted)
    )?;
    write_stopped(interrupted, "", out)?;
    let verb = verb(chain.genesis()).unwrap_or_else(|| "a run".to_owned());
    writeln!(
        out,
        "It was `{}`, begun at {} by uid {}: {}",
        printable(&verb),
        moment(setting.clocks.wall),
        setting.operator.uid,
        printable(setting.reason.as_deref().unwrap_or("no reason given"))
    )?;
    for (change, progress) in chain.changes().unwrap_or_default() {
        let word = match progress {
            Progress::Waiting => "waiting",
            Progress::Intended => "begun",
            Progress::Done => "replaced",
            Progress::UndoIntended => "going back",
            Progress::RolledBack => "as before",
            Progress::Skipped => "left alone",
        };
        writeln!(out, "  {word:<11}{}", printable(&change.target))?;
    }
    Ok(())
}

/// The verb that began a run, with the run that it takes back.
pub(super) fn verb(genesis: &Genesis) -> Option<String> {
    let verb = genesis.circumstances.setting.arguments.first()?;
    Some(match genesis.reverses() {
        Some(run) => format!("{verb} {run}"),
        None => verb.clone(),
    })
}

/// All that a verb does about a run that had not committed, where nothing else is to be done: confined to its folders, it clears
/// away what the run left, and says so. Gives back whether nothing is left.
pub(super) fn clear_away(
    root: &Root,
    interrupted: Interrupted,
    reason: &Reason,
    out: &mut dyn Write,
) -> Result<bool, Failure> {
    let run = interrupted.run.clone();
    confine(root, interrupted.folders(), None)?;
    let warnings = clear(root, interrupted, reason, &mut Voice::Nobody.watch())?;
    writeln!(
        out,
        "The run {} was interrupted before it changed anything; what it left is cleared away.",
        printable(&run)
    )?;
    write_warnings(&warnings, out)?;
    Ok(warnings.is_empty())
}

/// Clears away what a run left that never changed anything; gives back what could not be.
pub(super) fn clear(
    root: &Root,
    interrupted: Interrupted,
    reason: &Reason,
    watch: &mut Watch,
) -> Result<Vec<String>, Failure> {
    let now = node::now();
    let request = TakeUpRequest {
        authority: cluster_authority_with_new_dates(root, now),
        skip_foreign: false,
        live: None,
        reason,
    };
    recovery::clear(root, interrupted, request, watch)
        .map(|ended| ended.warnings)
        .map_err(|error| Failure::of_recovery(root, &error))
}

/// The operator's words, and the verb with its wishes in effect.
pub(super) fn reason(words: &Words, arguments: Vec<String>) -> Reason {
    Reason {
        reason: words.reason.clone(),
        ticket: words.ticket.clone(),
        arguments,
    }
}
