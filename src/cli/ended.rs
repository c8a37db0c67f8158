//! What is told at the end of a run: where its things lie, and what belongs into the ticket.

use std::io::{self, Write};

use super::exit::Exit;
use super::plan::write_left;
use super::proof::write_proof;
use super::render::{BOLD, WARNING, printable};
use super::restart::LeftRunning;
use crate::journal::RunOutcome;
use crate::node::Root;
use crate::recovery::Ended;

/// Backup, journal and checkpoint; then, nearer to the end, what is left to a person, and warnings.
pub(super) fn write_ended(root: &Root, ended: &Ended, out: &mut dyn Write) -> io::Result<()> {
    let outside = |path| root.outside(path).display().to_string();
    writeln!(out)?;
    // A restart alone has none.
    if root.exists(&ended.files.backup) {
        writeln!(out, "Backup    {}", outside(&ended.files.backup))?;
    }
    if root.exists(&ended.files.etcd) {
        writeln!(out, "etcd data {}", outside(&ended.files.etcd))?;
    }
    writeln!(out, "Journal   {}", outside(&ended.files.journal))?;
    writeln!(out, "Signed by sha256:{}", ended.closed.key)?;
    if !ended.closed.certified {
        writeln!(
            out,
            "No CA certified that key, since none has its own here: keep the line above in the ticket too. The journal is judged with: {} --key {}",
            root.command("journal verify"),
            ended.closed.key
        )?;
    }
    writeln!(out)?;
    writeln!(
        out,
        "{BOLD}For the ticket{BOLD:#}: the checkpoint of this run's journal"
    )?;
    for line in ended.closed.checkpoint.to_string().lines() {
        writeln!(out, "  {line}")?;
    }
    write_left(&ended.left, out)?;
    if !ended.warnings.is_empty() || !ended.notes.is_empty() {
        writeln!(out)?;
    }
    write_warnings(&ended.warnings, out)?;
    for note in &ended.notes {
        writeln!(out, "note: {}", printable(note))?;
    }
    Ok(())
}

/// What could not be done, though every file is settled.
pub(super) fn write_warnings(warnings: &[String], out: &mut dyn Write) -> io::Result<()> {
    for warning in warnings {
        writeln!(out, "{WARNING}warning{WARNING:#}: {}", printable(warning))?;
    }
    Ok(())
}

/// The proof; or what is left to do where files were replaced under a machine's running processes.
pub(super) fn write_proven(
    root: &Root,
    ended: &Ended,
    left: &LeftRunning,
    out: &mut dyn Write,
) -> io::Result<()> {
    if let Some(proof) = &ended.proof {
        writeln!(out)?;
        return write_proof(root, proof, out);
    }
    if !root.is_machine() {
        return Ok(());
    }
    let obstacle = left.obstacle.as_deref();
    // After a way back, a recovery would renew everything again.
    let next = match ended.outcome {
        RunOutcome::RolledBack => "verify",
        _ => left.next(),
    };
    writeln!(out)?;
    writeln!(
        out,
        "{WARNING}The files are replaced; {}.{WARNING:#}\n\
         What was running still uses what it read at its start.\n\
         Next: {}; by hand: rekindle runbook full-expiry#by-hand",
        printable(obstacle.unwrap_or("no process was restarted")),
        root.command(next)
    )
}

/// How the verb ends whose run ended so.
pub(super) fn exit(root: &Root, ended: &Ended) -> Exit {
    let is_whole = ended.left.is_empty() && ended.outcome != RunOutcome::HalfWay;
    if !is_whole || !ended.warnings.is_empty() {
        Exit::ActionNeeded
    } else {
        match &ended.proof {
            Some(proof) if proof.is_whole() => Exit::Done,
            None if !root.is_machine() => Exit::Done,
            // Where no process was restarted, none is proven to run on the new files.
            _ => Exit::NotProven,
        }
    }
}

/// The files are settled, whether or not somebody reads this: a report that could not be written is no failure of the run.
pub(super) fn despite_lost_output(root: &Root, ended: &Ended, written: &io::Result<()>) {
    if written.is_err() {
        let checkpoint = root.outside(&ended.files.checkpoint);
        let _ = writeln!(
            anstream::stderr().lock(),
            "done, but the report could not be written; the checkpoint for the ticket is {}",
            checkpoint.display()
        );
    }
}
