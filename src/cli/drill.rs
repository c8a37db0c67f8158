//! `rekindle drill`: makes an expired node in a folder and recovers it before the operator's eyes.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use clap::Parser;
use indicatif::ProgressBar;

use super::arguments::{Arguments, Drill};
use super::dispatch;
use super::exit::Exit;
use super::failure::Failure;
use super::render::{BOLD, GOOD};
use crate::drill::{NodeSpecification, lay_out};
use crate::node::{self, ScratchFolder, Undisturbed};
use crate::shell::quote;

/// What an operator would type, and how it has to end.
const STEPS: [(&[&str], Exit); 5] = [
    (&["check"], Exit::ActionNeeded),
    (&["plan"], Exit::Done),
    (&["recover", "--yes", "--reason", "drill"], Exit::Done),
    (&["check"], Exit::Done),
    (&["journal", "verify"], Exit::Done),
];

/// Lays the node out, then types the steps.
pub fn drill(arguments: &Drill, out: &mut dyn Write) -> Result<Exit, Failure> {
    let started = Instant::now();
    // A folder with the keys of an authority is not left behind by Ctrl-C.
    let mut signals = Undisturbed::begin();
    let mut folder = match &arguments.keep {
        Some(path) => ScratchFolder::create_at(path),
        None => ScratchFolder::create_temporary(),
    }
    .map_err(|error| Failure::of(Exit::Refused, &error).hint("name a new or empty folder"))?;
    let specification = NodeSpecification {
        algorithm: arguments.algorithm,
        ..NodeSpecification::default()
    };
    let spinner = ProgressBar::new_spinner().with_message("making keys");
    spinner.enable_steady_tick(Duration::from_millis(100));
    let laid_out = lay_out(&mut folder, &specification, node::now());
    spinner.finish_and_clear();
    laid_out.map_err(|error| Failure::of(Exit::Failed, &error))?;
    writeln!(
        out,
        "A control-plane node with {} keys, expired yesterday, in {}",
        arguments.algorithm,
        folder.path().display()
    )?;
    if arguments.expired {
        let root = quote(folder.keep());
        writeln!(
            out,
            "Nothing is recovered yet. Begin with: rekindle --root {root} check"
        )?;
        return Ok(Exit::Done);
    }
    for (words, expected) in STEPS {
        if let Some(signal) = signals.interrupted() {
            folder
                .remove()
                .map_err(|error| Failure::of(Exit::Failed, &error).hint("remove it by hand"))?;
            let message = format!("{signal} ended the drill; its folder is removed");
            signals.end_by_signal();
            return Err(Failure::new(Exit::Failed, message));
        }
        step(folder.path(), words, expected, out)?;
    }
    let seconds = started.elapsed().as_secs_f32();
    writeln!(out)?;
    writeln!(
        out,
        "{GOOD}The drill ended well{GOOD:#}, after {seconds:.1} s."
    )?;
    writeln!(
        out,
        "On a real node `recover` restarts the components too, and proves it: rekindle runbook full-expiry."
    )?;
    if arguments.keep.is_some() {
        let path = folder.keep();
        writeln!(
            out,
            "The node stays; to break it again: rekindle --root {} expire",
            quote(path)
        )?;
    } else {
        folder
            .remove()
            .map_err(|error| Failure::of(Exit::Failed, &error).hint("remove it by hand"))?;
        writeln!(
            out,
            "The folder is removed; --keep DIR leaves it for your own experiments."
        )?;
    }
    Ok(Exit::Done)
}

fn step(root: &Path, words: &[&str], expected: Exit, out: &mut dyn Write) -> Result<(), Failure> {
    let shown = words.join(" ");
    writeln!(out)?;
    writeln!(
        out,
        "{BOLD}# rekindle --root {} {shown}{BOLD:#}",
        quote(root)
    )?;
    let line = ["rekindle".as_ref(), "--root".as_ref(), root.as_os_str()]
        .into_iter()
        .chain(words.iter().map(AsRef::as_ref));
    let parsed = Arguments::try_parse_from(line)
        .map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    let ended = dispatch(&parsed, out)?;
    if ended == expected {
        return Ok(());
    }
    let message = format!(
        "the drill failed: `{shown}` ended with {}, not {}",
        ended.code(),
        expected.code()
    );
    Err(Failure::new(Exit::Failed, message))
}
