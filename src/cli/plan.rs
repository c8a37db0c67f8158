//! `rekindle plan`: what `recover` would do, and why.

use std::io::{self, Write};

use super::arguments::{Output, Plan, RestartName};
use super::clock::observe_with_journal;
use super::copies::write_copies;
use super::ended::write_warnings;
use super::exit::Exit;
use super::failure::Failure;
use super::fold::Form;
use super::plan_json::{write_failure, write_json};
use super::render::{BOLD, WARNING, count, date_cell, printable, state_style};
use super::restart::Outlook;
use super::several::write_others;
use super::standing::Standing;
use super::table::{Cell, Table, terminal_columns};
use crate::kubernetes::AuthorityName;
use crate::node::{self, Root};
use crate::pki::AlternativeName;
use crate::plan::{LeftAlone, Rebuild, RecoveryPlan, Shape, Step, plan as make_plan};
use anstyle::Style;

/// What signing again changes, and what not.
const RE_SIGNED: &str =
    "Same key, subject, names and usages; new serial number, dates and signature.";
/// What another key changes.
const RE_KEYED: &str = "Re-keyed: the same but for a new key, of the same type and size.";

/// Prints the plan; what it refuses is the failure. A program that reads JSON has a document in any case.
pub fn plan(
    root: Result<Root, Failure>,
    arguments: &Plan,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let made = root.and_then(|root| Ok((make(&root, arguments)?, root)));
    let ((plan, outlook), root) = match made {
        Ok(made) => made,
        Err(failure) => {
            if arguments.output == Output::Json {
                write_failure(&failure, out)?;
            }
            return Err(failure);
        }
    };
    match arguments.output {
        Output::Table => {
            write_warnings(&plan.warnings, out)?;
            write_prospect(true, &root, &plan, &outlook, out)?;
        }
        Output::Json => write_json(&plan, &outlook, out)?,
    }
    if !plan.refusals.is_empty() {
        return Err(refused(&plan));
    }
    // What is unwell and can be restarted is part of the plan.
    let is_all_done = outlook.is_well() || outlook.is_needed() || !plan.steps.is_empty();
    Ok(if plan.left.is_empty() && is_all_done {
        Exit::Done
    } else {
        Exit::ActionNeeded
    })
}

fn make(root: &Root, arguments: &Plan) -> Result<(RecoveryPlan, Outlook), Failure> {
    let request = arguments.wishes.request()?;
    let inventory = observe_with_journal(root)?;
    if let Some(refusal) = Standing::of(root).refusal(root) {
        return Err(refusal);
    }
    let plan = make_plan(&inventory, node::now(), &request);
    let exchanged: Vec<&str> = plan.exchanged().collect();
    let restart = &arguments.wishes.restart;
    let outlook = Outlook::of(root, &inventory, restart, RestartName::Auto, &exchanged)?;
    Ok((plan, outlook))
}

/// The refusals of a plan as a failure, with the way to go on without what they concern.
pub(super) fn refused(plan: &RecoveryPlan) -> Failure {
    let failure = Failure::refused(&plan.refusals);
    let others: Vec<&str> = plan.renewed().collect();
    if others.is_empty() {
        return failure;
    }
    failure.hint(format!(
        "to go on with the others first: --only {}",
        others.join(",")
    ))
}

/// All that would be done: the files and the restart. On a screen that it does not fit on, what is alike stands together.
pub(super) fn write_prospect(
    is_plan: bool,
    root: &Root,
    plan: &RecoveryPlan,
    outlook: &Outlook,
    out: &mut dyn Write,
) -> io::Result<()> {
    let write = |form, out: &mut dyn Write| {
        write_plan(form, root, plan, outlook, out)?;
        let is_something = !plan.steps.is_empty() || !plan.left.is_empty();
        // Whoever is asked has no use for it: the run itself looks whether the node is still the same.
        if is_something && (is_plan || !form.is_folded()) {
            writeln!(out)?;
            writeln!(out, "Inventory {}", plan.inventory_digest)?;
        }
        outlook.write(form, root, plan, out)
    };
    let form = Form::that_fits(|out| {
        write(Form::Whole, out)?;
        // A question takes two lines more.
        writeln!(out)
    })?;
    write(form, out)
}

/// The steps, what is left to a person, and the nodes that follow.
fn write_plan(
    form: Form,
    root: &Root,
    plan: &RecoveryPlan,
    outlook: &Outlook,
    out: &mut dyn Write,
) -> io::Result<()> {
    if plan.steps.is_empty() && plan.left.is_empty() {
        if plan.refusals.is_empty() {
            let nothing = if outlook.is_well() {
                "There is nothing to do"
            } else {
                "No file needs anything"
            };
            writeln!(out, "{nothing}: {} valid.", all_valid(plan))?;
        }
        return write_copies(root, &plan.copies, out);
    }
    if !plan.steps.is_empty() {
        writeln!(out, "{BOLD}To be done on {}{BOLD:#}", root.path().display())?;
        if form.is_folded() {
            write_alike(&steps(plan), out)?;
        } else {
            steps(plan).write(out, 2, terminal_columns())?;
        }
        // Where room is short, the promise of what is rebuilt alone: its names are to be looked at.
        if !form.is_folded() || plan.rebuilt().next().is_some() {
            write_promises(plan, out)?;
        }
    }
    write_left(&plan.left, out)?;
    write_copies(root, &plan.copies, out)?;
    if !plan.healthy.is_empty() {
        writeln!(out)?;
        writeln!(out, "Needs nothing: {}", plan.healthy.join(", "))?;
    }
    if !plan.steps.is_empty() {
        write_others(outlook.cluster(), out)?;
    }
    Ok(())
}

/// The steps, those that do the same for the same reason together.
fn write_alike(steps: &Table, out: &mut dyn Write) -> io::Result<()> {
    let mut groups: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for row in steps.body() {
        let [_, step, _, why, ..] = &row[..] else {
            continue;
        };
        let (verb, name) = step.text().split_once(' ').unwrap_or_default();
        match groups.last_mut() {
            Some((last, because, names)) if (*last, *because) == (verb, why.text()) => {
                names.push(name);
            }
            _ => groups.push((verb, why.text(), vec![name])),
        }
    }
    let mut number = 1;
    for (verb, why, names) in groups {
        let last = number + names.len() - 1;
        let numbers = match names.len() {
            1 => number.to_string(),
            _ => format!("{number}-{last}"),
        };
        writeln!(out, "  {numbers:<5}  {verb} ({why}): {}", names.join(", "))?;
        number = last + 1;
    }
    Ok(())
}

/// What each kind of step changes, and what not; of what is made anew, what it will say.
fn write_promises(plan: &RecoveryPlan, out: &mut dyn Write) -> io::Result<()> {
    if plan.re_signed().any(|step| step.new_key.is_none()) {
        writeln!(out, "{RE_SIGNED}")?;
    }
    if plan.re_signed().any(|step| step.new_key.is_some()) {
        writeln!(out, "{RE_KEYED}")?;
    }
    for step in plan.re_signed() {
        if !step.additional_names.is_empty() {
            let names: Vec<String> = step
                .additional_names
                .iter()
                .map(AlternativeName::to_string)
                .collect();
            writeln!(
                out,
                "{} gets besides its own: {}",
                step.name,
                names.join(", ")
            )?;
        }
    }
    let mut rebuilt = plan.rebuilt().peekable();
    if rebuilt.peek().is_none() {
        return Ok(());
    }
    writeln!(out)?;
    writeln!(
        out,
        "{BOLD}Rebuilt{BOLD:#} as kubeadm makes it, since nothing is left to go by"
    )?;
    for step in rebuilt {
        write_rebuilt(step, out)?;
    }
    Ok(())
}

fn write_rebuilt(step: &Rebuild, out: &mut dyn Write) -> io::Result<()> {
    write!(
        out,
        "  {BOLD}{}{BOLD:#}: {}",
        step.name,
        printable(&step.subject())
    )?;
    match step.new_key {
        Some(key) => write!(out, ", a new key ({key})")?,
        None if step.shape.names_its_credential() => write!(out, ", which names its own files")?,
        None => write!(out, ", the key that is there")?,
    }
    if let Shape::Kubeconfig(new) = &step.shape {
        write!(out, ", for {}", printable(&new.server))?;
    }
    writeln!(out)?;
    let names = step.names();
    if names.is_empty() {
        return Ok(());
    }
    writeln!(out, "    names: {}", printable(&names.join(", ")))?;
    writeln!(
        out,
        "    others that it had, by certSANs say, are not on this node: --add-san {}=NAME",
        step.name
    )
}

fn all_valid(plan: &RecoveryPlan) -> String {
    match plan.healthy.len() {
        1 => "1 certificate is".to_owned(),
        number => format!("all {} are", count(number, "certificate")),
    }
}

fn steps(plan: &RecoveryPlan) -> Table {
    let mut table = Table::with_heading(vec![
        Cell::from("STEP").or("#"),
        "".into(),
        "SIGNED BY".into(),
        "WHY".into(),
        "VALID UNTIL".into(),
    ]);
    for (number, step) in (1..).zip(&plan.steps) {
        let number = number.to_string();
        table.push(match step {
            Step::ReissueAuthority(step) => vec![
                number.into(),
                format!("reissue {}", step.name).into(),
                "itself".into(),
                Cell::styled(step.state.as_str(), state_style(step.state)),
                date_cell(step.validity.not_after, Style::new()),
            ],
            Step::RestoreAuthority(step) => vec![
                number.into(),
                format!("restore {}", step.name).into(),
                format!("copy in {}", step.source).into(),
                Cell::styled(step.state.as_str(), state_style(step.state)),
                date_cell(step.validity.not_after, Style::new()),
            ],
            Step::ReSign(step) => vec![
                number.into(),
                format!("{} {}", step.verb(), step.name).into(),
                step.authority
                    .map_or("itself", AuthorityName::as_str)
                    .into(),
                Cell::styled(step.state.as_str(), state_style(step.state)),
                date_cell(step.validity.not_after, Style::new()),
            ],
            Step::Install(step) => vec![
                number.into(),
                format!("install {}", step.name).into(),
                step.certificate.issuer().into(),
                Cell::styled(step.state.as_str(), state_style(step.state)),
                date_cell(step.certificate.not_after(), Style::new()),
            ],
            Step::Rebuild(step) => vec![
                number.into(),
                format!("rebuild {}", step.name).into(),
                step.authority.as_str().into(),
                Cell::styled(step.state.as_str(), state_style(step.state)),
                date_cell(step.validity.not_after, Style::new()),
            ],
            Step::Mint(step) => vec![
                number.into(),
                format!("issue {} for {}", step.name, step.node).into(),
                step.authority.as_str().into(),
                Cell::styled(step.state.as_str(), state_style(step.state)),
                date_cell(step.validity.not_after, Style::new()),
            ],
            Step::Refresh(step) => vec![
                number.into(),
                format!("refresh {}", step.name).into(),
                "".into(),
                Cell::from(format!("copy of {}", step.originals.join(", "))).or("copy"),
                date_cell(step.not_after, Style::new()),
            ],
            Step::Touch { component, .. } => vec![
                number.into(),
                format!("touch {component}").into(),
                "".into(),
                Cell::from("new certificates").or("new files"),
            ],
        });
    }
    table
}

/// What a person must do, certificate by certificate.
pub(super) fn write_left(left: &[LeftAlone], out: &mut dyn Write) -> io::Result<()> {
    if left.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    writeln!(
        out,
        "{WARNING}Left to you{WARNING:#} (rekindle runbook left-alone)"
    )?;
    for left in left {
        writeln!(
            out,
            "  {BOLD}{}{BOLD:#}: {}",
            printable(&left.name),
            printable(&left.reason)
        )?;
        writeln!(out, "    needs: {}", printable(&left.needs))?;
    }
    Ok(())
}

/// Every step with its file, and what happens to it.
pub(super) fn write_explanation(
    root: &Root,
    plan: &RecoveryPlan,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out)?;
    if plan.steps.is_empty() {
        return writeln!(
            out,
            "No file is changed. Each process that is ended is in a signed journal. Whatever interrupts it:\n\
             what was stopped is started again by {}.\n",
            root.command("resume")
        );
    }
    write_promises(plan, out)?;
    writeln!(
        out,
        "All of it is signed and verified in memory before the first file changes.\n\
         Each old file is copied into a backup; each step is in a signed journal.\n\
         Whatever interrupts it, one command finishes it, and one takes it back:\n  \
           {}\n  \
           {}\n",
        root.command("resume"),
        root.command("rollback")
    )?;
    for (number, step) in (1..).zip(&plan.steps) {
        let what = match step {
            Step::ReissueAuthority(step) => step.name.as_str(),
            Step::RestoreAuthority(step) => step.name.as_str(),
            Step::ReSign(step) => step.name,
            Step::Install(step) => step.name,
            Step::Rebuild(step) => step.name,
            Step::Mint(step) => step.name,
            Step::Refresh(step) => &step.name,
            Step::Touch { component, .. } => component.as_str(),
        };
        writeln!(
            out,
            "{number:>4}. {BOLD}{what}{BOLD:#}  {}",
            printable(&step.path().display().to_string())
        )?;
        writeln!(out, "      {}", step.explanation())?;
    }
    writeln!(out)
}
