//! `rekindle recover`: observe, plan, ask, sign, replace, tell.

use std::io::{self, Write};

use anstyle::Style;

use super::arguments::Recover;
use super::exit::Exit;
use super::failure::Failure;
use super::observed::{lock, observe};
use super::plan::{refused, write_explanation, write_left, write_plan};
use super::progress::Bar;
use super::prompt::{Answer, ask, can_ask};
use super::render::{BOLD, GOOD, WARNING, date_cell, printable};
use super::table::{Cell, Table, terminal_columns};
use crate::evidence::with_causes;
use crate::issuance;
use crate::journal::Closed;
use crate::node::{self, Root};
use crate::plan::{RecoveryPlan, plan};
use crate::recovery::{self, Reason, Recovered};

/// Recovers the node: the whole of the tool's work.
pub fn recover(root: &Root, arguments: &Recover, out: &mut dyn Write) -> Result<Exit, Failure> {
    let request = arguments.wishes.request()?;
    let _lock = lock(root)?;
    let inventory = observe(root)?;
    let now = node::now();
    let plan = plan(&inventory, now, &request);
    if !plan.refusals.is_empty() {
        return Err(refused(&plan));
    }
    if plan.steps.is_empty() {
        write_plan(root, &plan, out)?;
        return Ok(if plan.left.is_empty() {
            Exit::Done
        } else {
            Exit::ActionNeeded
        });
    }
    if !arguments.yes && !can_ask() {
        let message = "there is no terminal to ask on";
        return Err(Failure::usage(message).hint("in a script, say --yes"));
    }
    if !arguments.yes && !confirmed(root, &plan, out)? {
        writeln!(out, "Nothing was changed.")?;
        return Ok(Exit::ActionNeeded);
    }
    let issuance = issuance::issue(inventory, &plan, now)
        .map_err(|error| Failure::of(Exit::Refused, &error).hint("nothing was changed"))?;
    let refusals = recovery::preflight(root, &issuance.changes);
    if !refusals.is_empty() {
        return Err(Failure::refused(&refusals));
    }
    recovery::confine(root, issuance.changes.iter().map(|change| &*change.target))
        .map_err(|error| Failure::of_file("disk", &error))?;
    // Until the report is written: nobody should have to guess what was done.
    let _undisturbed = node::Undisturbed::begin();
    let mut bar = Bar::new();
    let recovered = recovery::recover(root, &plan, issuance, &reason(arguments), &mut bar);
    bar.finish();
    let recovered = recovered.map_err(|error| Failure::of_recovery(&error))?;
    // The node is recovered, whether or not somebody reads this.
    if write_report(root, &plan, &recovered, out)
        .and_then(|()| out.flush())
        .is_err()
    {
        let checkpoint = root.outside(&recovered.files.checkpoint);
        let mut err = anstream::stderr().lock();
        let _ = writeln!(
            err,
            "recovered, but the report could not be written; the checkpoint for the ticket is {}",
            checkpoint.display()
        );
    }
    Ok(exit(root, &plan, &recovered))
}

fn confirmed(root: &Root, plan: &RecoveryPlan, out: &mut dyn Write) -> io::Result<bool> {
    write_plan(root, plan, out)?;
    writeln!(out)?;
    loop {
        match ask("Go on?", &mut io::stdin().lock(), out)? {
            Answer::Yes => return Ok(true),
            Answer::No => return Ok(false),
            Answer::Explain => write_explanation(plan, out)?,
        }
    }
}

fn reason(arguments: &Recover) -> Reason {
    Reason {
        reason: arguments.reason.clone(),
        ticket: arguments.ticket.clone(),
        arguments: wishes_in_effect(arguments),
    }
}

/// What was asked for, defaults included: nothing else that stood on the command line is recorded.
fn wishes_in_effect(arguments: &Recover) -> Vec<String> {
    let wishes = &arguments.wishes;
    let mut flags = vec!["recover".to_owned()];
    if arguments.yes {
        flags.push("--yes".to_owned());
    }
    if let Some(only) = &wishes.only {
        flags.push(format!("--only={}", only.join(",")));
    }
    flags.push(format!(
        "--within={}",
        humantime::format_duration(wishes.within)
    ));
    flags.push(format!(
        "--validity={}",
        humantime::format_duration(wishes.validity)
    ));
    if wishes.force {
        flags.push("--force".to_owned());
    }
    flags.push(format!("--restart={:?}", wishes.restart).to_lowercase());
    flags
}

fn exit(root: &Root, plan: &RecoveryPlan, recovered: &Recovered) -> Exit {
    if !plan.left.is_empty() || !recovered.warnings.is_empty() || recovered.closed.is_err() {
        Exit::ActionNeeded
    } else if root.is_machine() {
        // No process was restarted, so none is proven to run on the new files.
        Exit::NotProven
    } else {
        Exit::Done
    }
}

fn write_report(
    root: &Root,
    plan: &RecoveryPlan,
    recovered: &Recovered,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "{GOOD}Recovered{GOOD:#} {}", root.path().display())?;
    let mut table = Table::with_heading(vec![
        "CERTIFICATE".into(),
        "BEFORE".into(),
        "NOW".into(),
        Cell::from("FILE").or(""),
    ]);
    for change in &recovered.changes {
        let Some((before, after)) = &change.certificate else {
            continue;
        };
        table.push(vec![
            change.name.into(),
            date_cell(before.not_after(), Style::new()),
            date_cell(after.not_after(), GOOD),
            Cell::from(change.target.display().to_string()).or(""),
        ]);
    }
    table.write(out, 2, terminal_columns())?;
    write_left(plan, out)?;
    for warning in &recovered.warnings {
        writeln!(out, "{WARNING}warning{WARNING:#}: {}", printable(warning))?;
    }
    let outside = |path| root.outside(path).display().to_string();
    writeln!(out)?;
    writeln!(out, "Backup    {}", outside(&recovered.files.backup))?;
    writeln!(out, "Journal   {}", outside(&recovered.files.journal))?;
    match &recovered.closed {
        Ok(closed) => write_checkpoint(closed, out)?,
        Err(error) => writeln!(
            out,
            "{WARNING}warning{WARNING:#}: the journal is not closed, and will say INCOMPLETE: {}",
            with_causes(error)
        )?,
    }
    if root.is_machine() {
        writeln!(out)?;
        writeln!(
            out,
            "{WARNING}The files are renewed; no process was restarted.{WARNING:#}\n\
             What was running still uses what it read at its start.\n\
             Next: steps 3 and 5 of runbooks/full-expiry.md"
        )?;
    }
    Ok(())
}

fn write_checkpoint(closed: &Closed, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "Signed by sha256:{}", closed.key)?;
    writeln!(out)?;
    writeln!(
        out,
        "{BOLD}For the ticket{BOLD:#}: the checkpoint of this run's journal"
    )?;
    for line in closed.checkpoint.to_string().lines() {
        writeln!(out, "  {line}")?;
    }
    Ok(())
}
