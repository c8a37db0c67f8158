//! `rekindle recover`: observe, plan, ask, sign, replace, tell.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;

use anstyle::Style;
use time::OffsetDateTime;

use super::aftermath::write_aftermath;
use super::arguments::{Recover, RestartName};
use super::ca::{phrase, write_consequences, write_nothing_to_reissue};
use super::clock::{observe_with_journal, write_clock_doubts};
use super::copies::write_copies;
use super::ended::{Arrival, despite_lost_output, exit, write_ended, write_proven, write_warnings};
use super::execution::carry_out_with;
use super::exit::Exit;
use super::failure::Failure;
use super::interrupted::{clear_away, reason, refuse_unfinished};
use super::observed::{lock, look};
use super::plan::{refused, write_explanation, write_prospect};
use super::prompt::{confirm, confirm_phrase, demand_terminal};
use super::render::{GOOD, WARNING, date_cell, span};
use super::restart::Outlook;
use super::table::{Cell, Table, terminal_columns};
use super::turn::{self, demand_gentleness};
use crate::digest::Sha256Digest;
use crate::evidence::with_causes;
use crate::inventory::Inventory;
use crate::issuance::{self, Content, Issuance};
use crate::journal::RunOutcome;
use crate::kubernetes::AuthorityName;
use crate::node::{self, FileError, Root, Undisturbed};
use crate::plan::{Aftermath, RecoveryPlan, Refusal, RefusalCode, Request, plan};
use crate::proof::{Proof, Watch};
use crate::recovery::{Ended, History, Interrupted, ReissuedAuthorities, Undertaking};

/// Recovers the node: the whole of the tool's work.
pub fn recover(root: &Root, arguments: &Recover, out: &mut dyn Write) -> Result<Exit, Failure> {
    let order = Order {
        request: arguments.wishes.request()?,
        recover: arguments,
        words: wishes_in_effect("recover", arguments),
        confirm: None,
    };
    carry_out_order(root, &order, out)
}

/// What is to be done, by `recover` or more than that.
pub(super) struct Order<'a> {
    /// The wishes.
    pub(super) request: Request,
    /// How it is told and asked.
    pub(super) recover: &'a Recover,
    /// The verb and its wishes in effect, for the journal.
    pub(super) words: Vec<String>,
    /// The names of the authorities that get new dates, where they were said beforehand: it takes them, and not just a yes.
    pub(super) confirm: Option<&'a str>,
}

/// Observes, plans, asks, signs, replaces, and tells.
pub(super) fn carry_out_order(
    root: &Root,
    order: &Order<'_>,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let (request, arguments) = (&order.request, order.recover);
    let _lock = lock(root)?;
    let left_over = refuse_unfinished(root)?;
    let inventory = with_trust(observe_with_journal(root)?, root, request);
    let now = node::now();
    let plan = plan(&inventory, now, request);
    if let Some(expected) = arguments.inventory
        && expected != plan.inventory_digest
        // `plan` knows nothing of where authorities are trusted.
        && expected != inventory.digest()
    {
        return Err(inventory_changed(root, expected, plan.inventory_digest));
    }
    if !plan.refusals.is_empty() {
        return Err(refused(&plan));
    }
    let needs_words = request.reissue.is_some();
    if needs_words && plan.reissued().next().is_none() {
        return write_nothing_to_reissue(root, &inventory, &plan, now, out);
    }
    let exchanged: Vec<&str> = plan.exchanged().collect();
    let restart = &arguments.wishes.restart;
    let outlook = Outlook::of(root, &inventory, restart, RestartName::Auto, &exchanged)?;
    if plan.steps.is_empty() && !outlook.is_needed() {
        let is_clear = tidy_up(root, left_over, order, out)?;
        write_prospect(false, root, &plan, &outlook, out)?;
        if arguments.in_turn && outlook.is_well() {
            settle_turn(&outlook, arguments, out)?;
        }
        return Ok(if plan.left.is_empty() && outlook.is_well() && is_clear {
            Exit::Done
        } else {
            Exit::ActionNeeded
        });
    }
    // What speaks against the clock otherwise was refused, or accepted.
    // An authority that gets new dates vouches with them.
    if plan
        .reissued()
        .all(|step| step.name != AuthorityName::Cluster)
    {
        write_clock_doubts(root, None, out)?;
    }
    if arguments.yes && needs_words && order.confirm != Some(&*phrase(&plan)) {
        return Err(Failure::usage(format!(
            "that authorities get new dates has to be said in so many words: --confirm {}",
            phrase(&plan)
        )));
    }
    write_warnings(&plan.warnings, out)?;
    if !arguments.yes {
        demand_terminal()?;
        write_prospect(false, root, &plan, &outlook, out)?;
        let is_confirmed = if needs_words {
            write_consequences(&plan, out)?;
            confirm_phrase(&phrase(&plan), out)?
        } else {
            confirm(outlook.question(), out, |out| {
                write_explanation(root, &plan, out)
            })?
        };
        if !is_confirmed {
            writeln!(out, "Nothing was changed.")?;
            return Ok(Exit::ActionNeeded);
        }
        // Nobody knows how long the question stood there.
        let found = request.digest(&with_trust(look(root)?, root, request));
        if found != plan.inventory_digest {
            return Err(inventory_changed(root, plan.inventory_digest, found));
        }
    }
    let turn = if arguments.in_turn {
        demand_gentleness(&outlook)?;
        match turn::take(&outlook, out)? {
            Ok(turn) => Some(turn),
            Err(exit) => return Ok(exit),
        }
    } else {
        None
    };
    let ended = begin(
        root,
        order,
        Ready {
            inventory,
            plan,
            outlook,
            left_over,
            now,
        },
        out,
    );
    if let Some(turn) = turn {
        turn::end(turn, &ended)?;
    }
    ended.map(|(exit, _)| exit)
}

/// All that was decided.
struct Ready {
    inventory: Inventory,
    plan: RecoveryPlan,
    outlook: Outlook,
    left_over: Option<Interrupted>,
    now: OffsetDateTime,
}

/// Signs, replaces and tells. Gives back besides whether all is done and proven.
fn begin(
    root: &Root,
    order: &Order<'_>,
    ready: Ready,
    out: &mut dyn Write,
) -> Result<(Exit, bool), Failure> {
    let (request, arguments) = (&order.request, order.recover);
    let Ready {
        inventory,
        plan,
        outlook,
        left_over,
        now,
    } = ready;
    let aftermath = Aftermath::of(&inventory, now);
    let issuance = issuance::issue(inventory, &plan, now)
        .map_err(|error| Failure::of(Exit::Refused, &error).hint("nothing was changed"))?;
    let Issuance { changes, cluster } = issuance;
    let reissued = ReissuedAuthorities::of(&plan, &changes);
    let reason = reason(&arguments.words, order.words.clone());
    let mut undertaking = Undertaking::of_plan(&plan, changes);
    let mut watch = arguments.telling.voice().watch();
    let (ended, left) = carry_out_with(
        root,
        outlook,
        &mut undertaking,
        cluster,
        left_over,
        &reason,
        &mut watch,
    )?;
    let laid_out = lay_out(root, &ended, &reissued);
    let written = write_report(root, &undertaking, &ended, out)
        .and_then(|()| write_copies(root, &plan.copies, out))
        .and_then(|()| write_old_keys(request, out))
        .and_then(|()| write_aftermath(aftermath.as_ref(), now, out))
        .and_then(|()| write_outside(root, laid_out, out))
        // Last, where the eye is: whether it is back, and what to do next.
        .and_then(|()| write_proven(root, (&ended, Arrival::New), &left, out))
        .and_then(|()| out.flush());
    despite_lost_output(root, &ended, &written);
    let is_proven =
        ended.outcome == RunOutcome::Completed && ended.proof.as_ref().is_some_and(Proof::is_whole);
    Ok((exit(root, &ended), is_proven))
}

/// A turn that an earlier run of this node has kept ends when somebody has mended what was open: with a proof, as any.
fn settle_turn(outlook: &Outlook, arguments: &Recover, out: &mut dyn Write) -> Result<(), Failure> {
    let (root, plane) = outlook.place();
    if !turn::is_kept(root, plane) {
        return Ok(());
    }
    let Ok(turn) = turn::take(outlook, out)? else {
        return Ok(());
    };
    let mut signals = Undisturbed::begin();
    let mut watch = Watch::begin(root, plane, &outlook.written());
    let deadline = Instant::now() + arguments.wishes.restart.timeout;
    watch.wait(deadline, || signals.interrupted().is_some(), |_, _| ());
    let proof = watch.end();
    let exit = if proof.is_whole() {
        Exit::Done
    } else {
        Exit::NotProven
    };
    turn::end(turn, &Ok((exit, proof.is_whole())))?;
    if proof.is_whole() {
        writeln!(
            out,
            "The turn that an earlier run has kept is given up: this node is proven to be back."
        )?;
        return Ok(());
    }
    Err(Failure::new(
        Exit::NotProven,
        "this node keeps the turn of an earlier run, for it is still not proven to be back",
    )
    .hint(format!("what is open: {}", root.command("verify")))
    .runbook("not-proven"))
}

/// What an earlier run left lying about goes even where there is nothing to do: there may be keys in it. Gives back whether
/// nothing of it is left.
fn tidy_up(
    root: &Root,
    left_over: Option<Interrupted>,
    order: &Order<'_>,
    out: &mut dyn Write,
) -> Result<bool, Failure> {
    let is_clear = match left_over {
        Some(left_over) => {
            let reason = reason(&order.recover.words, order.words.clone());
            clear_away(root, left_over, &reason, out)?
        }
        None => true,
    };
    History::tidy(root).map_err(|error| Failure::of_file("journals", &error))?;
    Ok(is_clear)
}

/// The node, and where its authorities are trusted if that is of concern.
fn with_trust(mut inventory: Inventory, root: &Root, request: &Request) -> Inventory {
    if request.reissue.is_some() {
        inventory.observe_trust(root);
    }
    inventory
}

/// Whoever asks for new keys may believe that the old ones are worth nothing now: Kubernetes knows no revocation.
fn write_old_keys(request: &Request, out: &mut dyn Write) -> io::Result<()> {
    if !request.rekey {
        return Ok(());
    }
    writeln!(
        out,
        "\n{WARNING}New keys revoke nothing:{WARNING:#} whoever has an old key is let in with its certificate until that ends"
    )
}

/// Where the new certificates of authorities lie for all that is outside the node; `None` where there are none.
pub(super) type LaidOut = Option<Result<PathBuf, FileError>>;

/// Lays them out. Before anything is told: whether anybody listens is no matter of theirs.
pub(super) fn lay_out(root: &Root, ended: &Ended, reissued: &ReissuedAuthorities) -> LaidOut {
    (!reissued.is_empty()).then(|| reissued.write(root, &ended.run))
}

/// Says where they lie, and what to do with them.
pub(super) fn write_outside(root: &Root, laid_out: LaidOut, out: &mut dyn Write) -> io::Result<()> {
    match laid_out {
        None => Ok(()),
        Some(Ok(folder)) => writeln!(
            out,
            "\n{WARNING}Outside this node{WARNING:#} the old certificates of the authorities are still trusted; what to do about that:\n  {}",
            root.outside(&folder.join("README.md")).display()
        ),
        Some(Err(error)) => writeln!(
            out,
            "The new certificates could not be laid out: {}",
            with_causes(&error)
        ),
    }
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
pub(super) fn wishes_in_effect(verb: &str, arguments: &Recover) -> Vec<String> {
    let wishes = &arguments.wishes;
    let mut flags = vec![verb.to_owned()];
    if arguments.yes {
        flags.push("--yes".to_owned());
    }
    if arguments.in_turn {
        flags.push("--in-turn".to_owned());
    }
    if let Some(only) = &wishes.only {
        flags.push(format!("--only={}", only.join(",")));
    }
    flags.push(format!("--within={}", span(wishes.within)));
    flags.push(format!("--validity={}", span(wishes.validity)));
    if wishes.force {
        flags.push("--force".to_owned());
    }
    if wishes.refresh_kubeconfigs {
        flags.push("--refresh-kubeconfigs".to_owned());
    }
    if let Some(name) = &wishes.node_name {
        flags.push(format!("--node-name={name}"));
    }
    if wishes.rekey {
        flags.push("--rekey".to_owned());
    }
    if wishes.fix_sans {
        flags.push("--fix-sans".to_owned());
    }
    for one in &wishes.add_san {
        flags.push(format!("--add-san={}={}", one.certificate, one.name));
    }
    if let Some(version) = wishes.kubernetes_version {
        flags.push(format!("--kubernetes-version={version}"));
    }
    if wishes.accept_clock {
        flags.push("--accept-clock".to_owned());
    }
    flags.extend(wishes.restart.flags(RestartName::Auto));
    flags
}

fn write_report(
    root: &Root,
    undertaking: &Undertaking,
    ended: &Ended,
    out: &mut dyn Write,
) -> io::Result<()> {
    if undertaking.changes.is_empty() {
        writeln!(out, "{GOOD}Restarted{GOOD:#} {}", root.path().display())?;
        return write_ended(root, ended, out);
    }
    // Where nothing was proven, nobody knows of more than the files.
    let renewed = match &ended.proof {
        Some(_) => "Recovered",
        None => "Renewed the files of",
    };
    writeln!(out, "{GOOD}{renewed}{GOOD:#} {}", root.path().display())?;
    let mut table = Table::with_heading(vec![
        "CERTIFICATE".into(),
        "BEFORE".into(),
        "NOW".into(),
        Cell::from("FILE").or(""),
    ]);
    for change in &undertaking.changes {
        // A link has the certificate of the file that it leads to.
        let (Some(certificate), Content::File(_)) = (&change.certificate, &change.after) else {
            continue;
        };
        let before = certificate.before.as_ref();
        table.push(vec![
            change.name.as_str().into(),
            before.map_or_else(
                || "missing".into(),
                |before| date_cell(before.not_after(), Style::new()),
            ),
            date_cell(certificate.after.not_after(), GOOD),
            Cell::from(change.target.display().to_string()).or(""),
        ]);
    }
    table.write(out, 2, terminal_columns())?;
    write_ended(root, ended, out)
}
