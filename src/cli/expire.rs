//! `rekindle expire`: back-dates the certificates of a node in a folder, for rehearsals.

use std::io::Write;

use super::execution::carry_out;
use super::exit::Exit;
use super::failure::Failure;
use super::interrupted::refuse_unfinished;
use super::observed::{lock, observe};
use super::plan::write_left;
use super::render::{BAD, count, date};
use super::voice::Voice;
use crate::issuance::{self, Issuance};
use crate::node::{self, Root};
use crate::plan::{Refusal, RefusalCode, plan_expiry};
use crate::recovery::{Reason, Undertaking};

/// Makes every certificate of the node end in the past, under the transaction and the journal of a recovery.
pub fn expire(root: &Root, out: &mut dyn Write) -> Result<Exit, Failure> {
    refuse_live_node(root)?;
    let _lock = lock(root)?;
    let left_over = refuse_unfinished(root)?;
    let inventory = observe(root)?;
    let now = node::now();
    let plan = plan_expiry(&inventory, now);
    if !plan.refusals.is_empty() {
        return Err(Failure::refused(&plan.refusals));
    }
    let Issuance { changes, cluster } = issuance::issue(inventory, &plan, now)
        .map_err(|error| Failure::of(Exit::Refused, &error).hint("nothing was changed"))?;
    let reason = Reason {
        reason: Some("back-dated for a rehearsal".to_owned()),
        ticket: None,
        arguments: vec!["expire".to_owned()],
    };
    let undertaking = Undertaking::of_plan(&plan, changes);
    let mut watch = Voice::People.watch();
    let expired = carry_out(
        root,
        &undertaking,
        cluster,
        left_over,
        None,
        &reason,
        &mut watch,
    )?;
    let certificates = plan.re_signed().count();
    let last = plan.re_signed().map(|step| step.validity.not_after).max();
    let _ = writeln!(
        out,
        "{BAD}Expired{BAD:#}: {} of {}, the last one at {}",
        count(certificates, "certificate"),
        root.path().display(),
        last.map_or_else(String::new, date)
    );
    let _ = write_left(&expired.left, out);
    let backup = root.outside(&expired.files.backup);
    let _ = writeln!(out, "Backup   {}", backup.display());
    Ok(if plan.left.is_empty() {
        Exit::Done
    } else {
        Exit::ActionNeeded
    })
}

/// A rehearsal must not kill what lives.
fn refuse_live_node(root: &Root) -> Result<(), Failure> {
    let (evidence, remedy) = if root.is_machine() {
        (
            "/ is the machine's own node".to_owned(),
            "copy a node into a folder, and name it with --root".to_owned(),
        )
    } else {
        let running = node::running_components(root);
        if running.is_empty() {
            return Ok(());
        }
        let list: Vec<String> = running
            .iter()
            .map(|component| format!("{} (pid {})", component.name, component.pid))
            .collect();
        (
            format!("its control plane is running: {}", list.join(", ")),
            "end these processes first, the kubelet before all others".to_owned(),
        )
    };
    Err(Failure::refused(&[Refusal {
        code: RefusalCode::NodeIsLive,
        subject: root.path().display().to_string(),
        evidence,
        remedy,
    }]))
}
