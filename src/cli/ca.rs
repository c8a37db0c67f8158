//! `rekindle ca reissue`: the same authorities with new dates, and then all that `recover` does.

use std::io::{self, Write};

use time::OffsetDateTime;

use super::arguments::CaReissue;
use super::exit::Exit;
use super::failure::Failure;
use super::recover::{Order, carry_out_order, wishes_in_effect};
use super::render::{BOLD, printable, span};
use crate::inventory::Inventory;
use crate::kubernetes::{AUTHORITIES, AuthorityName};
use crate::node::Root;
use crate::plan::{LeftAlone, RecoveryPlan, Reissue, Request, second};
use crate::recovery::STATE_FOLDER;

/// Gives authorities new dates, everywhere on the node where they are trusted, and recovers it.
pub fn reissue(root: &Root, arguments: &CaReissue, out: &mut dyn Write) -> Result<Exit, Failure> {
    let recover = &arguments.recover;
    let request = Request {
        reissue: Some(Reissue {
            authorities: arguments.authorities.clone(),
            validity: arguments.ca_validity,
        }),
        ..recover.wishes.request()?
    };
    let mut words = wishes_in_effect("ca reissue", recover);
    words.push(format!("--ca-validity={}", span(arguments.ca_validity)));
    let names = arguments.authorities.iter();
    let names: Vec<&str> = names.map(|name| name.as_str()).collect();
    if !names.is_empty() {
        words.push(format!("--authorities={}", names.join(",")));
    }
    carry_out_order(
        root,
        &Order {
            request,
            recover,
            words,
            confirm: arguments.confirm.as_deref(),
        },
        out,
    )
}

/// The words that have to be typed before authorities get new dates: their names.
pub(super) fn phrase(plan: &RecoveryPlan) -> String {
    let names: Vec<&str> = plan.reissued().map(|step| step.name.as_str()).collect();
    names.join(",")
}

/// Where no authority was named, and none ends soon: nothing is changed, not even what `recover` would renew.
pub(super) fn write_nothing_to_reissue(
    root: &Root,
    inventory: &Inventory,
    plan: &RecoveryPlan,
    now: OffsetDateTime,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let is_authority = |left: &LeftAlone| {
        AUTHORITIES
            .iter()
            .any(|entry| left.name == entry.name.as_str())
    };
    writeln!(
        out,
        "{}: nothing was changed.",
        if plan.left.iter().any(is_authority) {
            "No authority that has expired, or will soon, can get new dates here"
        } else {
            "No authority has expired, or will soon"
        }
    )?;
    for entry in &inventory.authorities {
        let name = entry.name;
        let left = plan.left.iter().find(|left| left.name == name.as_str());
        match (left, entry.certificate(now)) {
            (Some(left), _) => writeln!(
                out,
                "  {name}: {}; it needs {}",
                printable(&left.reason),
                printable(&left.needs)
            )?,
            (None, Some(certificate)) => {
                let until = second(certificate.not_after());
                writeln!(out, "  {name} is valid until {until}")?;
            }
            (None, None) => {}
        }
    }
    let command = root.command("ca reissue");
    writeln!(
        out,
        "To give one new dates before it has to have them, name it: {command} {}",
        AuthorityName::Cluster
    )?;
    if plan.steps.is_empty() && plan.left.is_empty() {
        return Ok(Exit::Done);
    }
    writeln!(
        out,
        "Something else needs something: {}",
        root.command("recover")
    )?;
    Ok(Exit::ActionNeeded)
}

/// What a person is told before: what it changes, and what lies outside the node.
pub(super) fn write_consequences(plan: &RecoveryPlan, out: &mut dyn Write) -> io::Result<()> {
    for step in plan.reissued() {
        writeln!(out)?;
        writeln!(
            out,
            "{BOLD}{}{BOLD:#} ({}): same key, subject and key identifier: what it signed stays good; new in",
            step.name,
            printable(&step.certificate.subject())
        )?;
        for path in &step.copies {
            writeln!(out, "    {}", printable(&path.display().to_string()))?;
        }
    }
    writeln!(
        out,
        "\nOutside this node stay the old ones: other control planes, workers, ConfigMaps, people's kubeconfigs.\n\
         What to do about them will be in {STATE_FOLDER}/ca, with the new certificates."
    )
}
