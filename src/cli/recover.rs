//! `rekindle recover`: observe, plan, ask, sign, replace, tell.

use std::io::{self, Write};

use anstyle::Style;

use super::arguments::{Recover, Wishes};
use super::exit::Exit;
use super::failure::Failure;
use super::observed::{lock, observe};
use super::plan::{refused, write_explanation, write_left, write_plan};
use super::progress::Bar;
use super::prompt::{Answer, ask, can_ask};
use super::render::{BOLD, GOOD, WARNING, date_cell, printable};
use super::table::{Cell, Table, terminal_columns};
use crate::issuance;
use crate::node::{self, Root};
use crate::plan::{RecoveryPlan, plan};
use crate::recovery::{self, Reason, Recovered};

/// Recovers the node: the whole of the tool's work.
pub fn recover(root: &Root, arguments: &Recover, out: &mut dyn Write) -> Result<Exit, Failure> {
    let request = arguments.wishes.request()?;
    if !arguments.yes && !can_ask() {
        let message = "there is no terminal to ask on";
        return Err(Failure::usage(message).hint("in a script, say --yes"));
    }
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
    let mut bar = Bar::new();
    let recovered = recovery::recover(root, &plan, issuance, &reason(arguments), &mut bar);
    bar.finish();
    let recovered = recovered.map_err(|error| Failure::of_recovery(&error))?;
    // The node is recovered, whether or not somebody reads this.
    let _ = write_report(root, &plan, &recovered, out);
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
        arguments: known_flags(&arguments.wishes),
    }
}

/// The command line as the parser understood it: nothing else that stood there is recorded.
fn known_flags(wishes: &Wishes) -> Vec<String> {
    let mut flags = vec!["recover".to_owned()];
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
    if !plan.left.is_empty() || !recovered.untouched.is_empty() {
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
    for (path, error) in &recovered.untouched {
        writeln!(
            out,
            "{WARNING}not touched{WARNING:#}: {}",
            printable(&format!("{}: {error}", path.display()))
        )?;
    }
    let outside = |path| root.outside(path).display().to_string();
    writeln!(out)?;
    writeln!(out, "Backup    {}", outside(&recovered.files.backup))?;
    writeln!(out, "Journal   {}", outside(&recovered.files.journal))?;
    writeln!(out, "Signed by sha256:{}", recovered.closed.key)?;
    writeln!(out)?;
    writeln!(
        out,
        "{BOLD}For the ticket{BOLD:#}: the checkpoint of this run's journal"
    )?;
    for line in recovered.closed.checkpoint.to_string().lines() {
        writeln!(out, "  {line}")?;
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
