//! What is told at the end of a run: where its things lie, and what belongs into the ticket.

use std::io::{self, Write};

use super::exit::Exit;
use super::plan::write_left;
use super::proof::write_proof;
use super::render::{BAD, BOLD, GOOD, WARNING, printable};
use super::restart::LeftRunning;
use crate::diagnosis::{State, diagnose};
use crate::inventory::Inventory;
use crate::journal::RunOutcome;
use crate::node::{self, Root};
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

/// Where a run has brought the files, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// They are the new ones.
    New,
    /// They are those of before a run.
    Old,
}

/// Last, where the eye is: the proof; or what is left to do where files were replaced under a machine's running processes, and what
/// it comes to where nothing runs.
pub(super) fn write_proven(
    root: &Root,
    (ended, arrival): (&Ended, Arrival),
    left: &LeftRunning,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out)?;
    if arrival == Arrival::Old && (root.is_machine() || ended.proof.is_some()) {
        write_expired(root, out)?;
    }
    if let Some(proof) = &ended.proof {
        return write_proof(root, proof, out);
    }
    if !root.is_machine() {
        return write_settled_in_folder(root, ended, arrival, out);
    }
    let obstacle = left.obstacle.as_deref();
    // After a way back, a recovery would renew everything again.
    let next = match arrival {
        Arrival::Old => "verify",
        Arrival::New => left.next(),
    };
    writeln!(
        out,
        "{WARNING}The files are replaced; {}.{WARNING:#}\n\
         What was running still uses what it read at its start.\n\
         Next: {}; by hand: rekindle runbook full-expiry#by-hand",
        printable(obstacle.unwrap_or("no process was restarted")),
        root.command(next)
    )
}

/// Of a node in a folder no process is asked anything.
fn write_settled_in_folder(
    root: &Root,
    ended: &Ended,
    arrival: Arrival,
    out: &mut dyn Write,
) -> io::Result<()> {
    let verdict = match arrival {
        Arrival::New => "Files renewed",
        Arrival::Old => "Files brought back",
    };
    let left = ended.left.len();
    if is_whole(ended) {
        writeln!(
            out,
            "{GOOD}{verdict}{GOOD:#}; nothing restarted (a node in a folder)."
        )?;
    } else if left == 0 {
        writeln!(
            out,
            "{WARNING}{verdict}, but not all{WARNING:#}; nothing restarted (a node in a folder)."
        )?;
    } else {
        writeln!(
            out,
            "{WARNING}{verdict}, but {left} left to you, above{WARNING:#}; nothing restarted (a node in a folder)."
        )?;
    }
    write_expired(root, out)?;
    writeln!(out, "Next: {}", root.command("check"))
}

/// How many certificates of the node have ended, if any: after a way back they are what they were.
fn write_expired(root: &Root, out: &mut dyn Write) -> io::Result<()> {
    let diagnosis = diagnose(&Inventory::observe(root), node::now(), time::Duration::ZERO);
    let expired = diagnosis.certificates.iter();
    let expired = expired.filter(|it| it.state == State::Expired).count();
    match expired {
        0 => Ok(()),
        1 => writeln!(out, "{BAD}1 certificate is expired.{BAD:#}"),
        number => writeln!(out, "{BAD}{number} certificates are expired.{BAD:#}"),
    }
}

fn is_whole(ended: &Ended) -> bool {
    ended.left.is_empty() && ended.outcome != RunOutcome::HalfWay
}

/// How the verb ends whose run ended so.
pub(super) fn exit(root: &Root, ended: &Ended) -> Exit {
    if !is_whole(ended) || !ended.warnings.is_empty() {
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
