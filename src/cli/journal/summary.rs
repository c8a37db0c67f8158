//! What a journal says, in a few lines.

use std::fmt::Display;
use std::io::{self, Write};

use super::super::render::{count, printable};
use super::ending::ended;
use crate::evidence::moment;
use crate::journal::{Checkpoint, Summary};

/// Writes what the journal says; of the checkpoints those that are about it.
pub(super) fn write_summary(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let circumstances = &summary.genesis.circumstances;
    let setting = &circumstances.setting;
    let (first, last) = summary.written;
    row("run", printable(&circumstances.run.id), out)?;
    let host = format!("{} ({})", setting.host.name, circumstances.root);
    row("on", printable(&host), out)?;
    row(
        "written",
        format!("{} to {}", moment(first), moment(last)),
        out,
    )?;
    for (label, value) in [("reason", &setting.reason), ("ticket", &setting.ticket)] {
        if let Some(value) = value {
            row(label, printable(value), out)?;
        }
    }
    let counts = &summary.counts;
    let records = format!(
        "{}: {} changed, {} touched, {} left alone, {} undone, {} failed",
        summary.records,
        counts.changed,
        counts.touched,
        counts.left + counts.skipped,
        counts.rolled_back,
        counts.failed
    );
    row("records", records, out)?;
    if summary.attempts > 1 {
        row("attempts", summary.attempts, out)?;
    }
    let ended = match summary.outcome {
        Some(outcome) => ended(outcome, counts.skipped),
        None => "no: the run is unfinished, or lines are missing".to_owned(),
    };
    row("ended", ended, out)?;
    for key in &summary.keys {
        row("signed by", format!("sha256:{key}"), out)?;
    }
    if let Some(checkpoint) = &summary.checkpoint {
        let note = checkpoint.to_string();
        // As the note in the ticket has it.
        let root = note.lines().nth(2).unwrap_or_default();
        let text = format!("over {}, root {root}", lines(checkpoint));
        row("checkpoint", text, out)?;
    }
    Ok(())
}

/// Writes which of the checkpoints that were kept are about this journal: they hold.
pub(super) fn write_expected(
    summary: &Summary,
    expected: &[Checkpoint],
    out: &mut dyn Write,
) -> io::Result<()> {
    let run = &summary.genesis.circumstances.run.id;
    let own = expected.iter().filter(|checkpoint| checkpoint.run() == run);
    for checkpoint in own {
        let text = format!(
            "the checkpoint over {} that was kept holds",
            lines(checkpoint)
        );
        row("expected", text, out)?;
    }
    Ok(())
}

fn lines(checkpoint: &Checkpoint) -> String {
    let lines = usize::try_from(checkpoint.size()).unwrap_or(usize::MAX);
    count(lines, "line")
}

fn row(label: &str, text: impl Display, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  {label:<9} {text}")
}
