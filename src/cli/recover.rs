//! `rekindle recover`: observe, plan, ask, sign, replace, tell.

use std::io::{self, Write};

use anstyle::Style;

use super::arguments::Recover;
use super::clock::write_clock_doubts;
use super::execution::carry_out;
use super::exit::Exit;
use super::failure::Failure;
use super::interrupted::{clear_away, reason, refuse_unfinished};
use super::observed::{lock, observe};
use super::plan::{refused, write_explanation, write_plan};
use super::progress::Watch;
use super::prompt::{confirm, demand_terminal};
use super::render::{GOOD, date_cell, span};
use super::report::{despite_lost_output, exit, write_ended, write_not_proven};
use super::table::{Cell, Table, terminal_columns};
use crate::digest::Sha256Digest;
use crate::inventory::Inventory;
use crate::issuance::{self, Issuance};
use crate::node::{self, Root};
use crate::plan::{Refusal, RefusalCode, plan};
use crate::recovery::{Ended, History, Interrupted, Undertaking};

/// Recovers the node: the whole of the tool's work.
pub fn recover(root: &Root, arguments: &Recover, out: &mut dyn Write) -> Result<Exit, Failure> {
    let request = arguments.wishes.request()?;
    let _lock = lock(root)?;
    let left_over = refuse_unfinished(root)?;
    let inventory = observe(root)?;
    let now = node::now();
    let plan = plan(&inventory, now, &request);
    if let Some(expected) = arguments.inventory
        && expected != plan.inventory_digest
    {
        return Err(inventory_changed(root, expected, plan.inventory_digest));
    }
    if !plan.refusals.is_empty() {
        return Err(refused(&plan));
    }
    if plan.steps.is_empty() {
        let is_clear = tidy_up(root, left_over, arguments, out)?;
        write_plan(root, &plan, out)?;
        return Ok(if plan.left.is_empty() && is_clear {
            Exit::Done
        } else {
            Exit::ActionNeeded
        });
    }
    write_clock_doubts(root, None, out)?;
    if !arguments.yes {
        demand_terminal()?;
        write_plan(root, &plan, out)?;
        if !confirm("Go on?", out, |out| write_explanation(&plan, out))? {
            writeln!(out, "Nothing was changed.")?;
            return Ok(Exit::ActionNeeded);
        }
        // Nobody knows how long the question stood there.
        let found = Inventory::observe(root).digest();
        if found != plan.inventory_digest {
            return Err(inventory_changed(root, plan.inventory_digest, found));
        }
    }
    let issuance = issuance::issue(inventory, &plan, now)
        .map_err(|error| Failure::of(Exit::Refused, &error).hint("nothing was changed"))?;
    let Issuance { changes, cluster } = issuance;
    let reason = reason(&arguments.words, wishes_in_effect(arguments));
    let undertaking = Undertaking::of_plan(&plan, changes);
    let mut watch = Watch::new();
    let ended = carry_out(root, &undertaking, cluster, left_over, &reason, &mut watch)?;
    let written = write_report(root, &undertaking, &ended, out).and_then(|()| out.flush());
    despite_lost_output(root, &ended, &written);
    Ok(exit(root, &ended))
}

/// What an earlier run left lying about goes even where there is nothing to do: there may be keys in it. Gives back whether
/// nothing of it is left.
fn tidy_up(
    root: &Root,
    left_over: Option<Interrupted>,
    arguments: &Recover,
    out: &mut dyn Write,
) -> Result<bool, Failure> {
    let is_clear = match left_over {
        Some(left_over) => {
            let reason = reason(&arguments.words, wishes_in_effect(arguments));
            clear_away(root, left_over, &reason, out)?
        }
        None => true,
    };
    History::tidy(root).map_err(|error| Failure::of_file("journals", &error))?;
    Ok(is_clear)
}

/// A plan that somebody saw, of a node that is another one by now.
fn inventory_changed(root: &Root, expected: Sha256Digest, found: Sha256Digest) -> Failure {
    Failure::refused(&[Refusal {
        code: RefusalCode::InventoryChanged,
        subject: root.path().display().to_string(),
        evidence: format!(
            "its inventory has the digest {found}, and the plan was made for {expected}: something was changed meanwhile"
        ),
        remedy: format!(
            "look at the plan for what is there now: {}",
            root.command("plan")
        ),
    }])
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
    flags.push(format!("--within={}", span(wishes.within)));
    flags.push(format!("--validity={}", span(wishes.validity)));
    if wishes.force {
        flags.push("--force".to_owned());
    }
    flags.push(format!("--restart={:?}", wishes.restart).to_lowercase());
    flags
}

fn write_report(
    root: &Root,
    undertaking: &Undertaking,
    ended: &Ended,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "{GOOD}Recovered{GOOD:#} {}", root.path().display())?;
    let mut table = Table::with_heading(vec![
        "CERTIFICATE".into(),
        "BEFORE".into(),
        "NOW".into(),
        Cell::from("FILE").or(""),
    ]);
    for change in &undertaking.changes {
        let Some((before, after)) = &change.certificate else {
            continue;
        };
        table.push(vec![
            change.name.as_str().into(),
            date_cell(before.not_after(), Style::new()),
            date_cell(after.not_after(), GOOD),
            Cell::from(change.target.display().to_string()).or(""),
        ]);
    }
    table.write(out, 2, terminal_columns())?;
    write_ended(root, ended, out)?;
    write_not_proven(root, out)
}
