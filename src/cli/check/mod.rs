//! `rekindle check`: every certificate, its expiry, its state; of one node, or of a fleet in folders.

mod fleet;
mod json;
mod metrics;
mod misuse;
mod plugin;
mod table;
mod tally;

use std::io::{self, Write};

use time::OffsetDateTime;

use super::arguments::{Arguments, Check, CheckOutput};
use super::exit::Exit;
use super::failure::Failure;
use super::observed::{demand_control_plane, observe_node, worker_valid_until};
use super::render::{GOOD, date};
use super::standing::Standing;
use crate::diagnosis::{Diagnosis, diagnose};
use crate::inventory::Inventory;
use crate::node::{self, Root};

pub use misuse::{asks_for_plugin, write_misuse};

/// Prints the table, or kubeadm's JSON with more in it: a document in any case, for a program reads it.
pub fn check(arguments: &Arguments, check: &Check, out: &mut dyn Write) -> Result<Exit, Failure> {
    match tell(arguments, check, out) {
        Err(failure) if check.output == CheckOutput::Nagios => {
            // A line that could not be written is no other code: each is a verdict to a monitoring system.
            let _ = plugin::write_failure(&failure, out);
            Ok(Exit::PluginUnknown)
        }
        ended => ended,
    }
}

fn tell(arguments: &Arguments, check: &Check, out: &mut dyn Write) -> Result<Exit, Failure> {
    let within = time::Duration::try_from(check.within).unwrap_or(time::Duration::MAX);
    if !check.roots.is_empty() {
        arguments.refuse_root("--roots names the nodes")?;
        return fleet::check(check, within, out);
    }
    let looked = arguments.root().and_then(|root| {
        let inventory = observe_node(&root)?;
        if check.output == CheckOutput::Table
            && let Some(until) = worker_valid_until(&inventory)
        {
            return Ok((None, write_worker(&root, until, out).map(|()| root)?));
        }
        Ok((Some(Look::of(&root, &inventory, within)?), root))
    });
    let (look, root) = match looked {
        Ok((Some(look), root)) => (look, root),
        // All of a worker that is to be checked is well.
        Ok((None, _)) => return Ok(Exit::Done),
        Err(failure) => {
            match check.output {
                CheckOutput::Table | CheckOutput::Nagios => {}
                CheckOutput::Json => json::write_failure(&failure, out)?,
                CheckOutput::Prometheus => metrics::write_failure(out)?,
            }
            return Err(failure);
        }
    };
    match check.output {
        CheckOutput::Table => table::write_report(&root, &look.diagnosis, &look.standing, out)?,
        CheckOutput::Json => json::write_json(&look, out)?,
        CheckOutput::Prometheus => metrics::write_metrics(&look.diagnosis, &look.standing, out)?,
        CheckOutput::Nagios => return Ok(plugin::write_status(&look, out)?),
    }
    Ok(if look.is_healthy() {
        Exit::Done
    } else {
        Exit::ActionNeeded
    })
}

/// Of a worker the kubelet's credential is all that there is, and the kubelet renews it itself while that is valid.
fn write_worker(root: &Root, until: OffsetDateTime, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{} is a worker: no control plane is on it.\n\
         {GOOD}Its kubelet's certificate is valid{GOOD:#} until {}. Nothing is to be done.",
        root.path().display(),
        date(until)
    )?;
    if root.is_machine() {
        writeln!(
            out,
            "Whether the kubelet runs on it: {}",
            root.command("verify")
        )?;
    }
    Ok(())
}

/// A node that was looked at.
struct Look {
    diagnosis: Diagnosis,
    standing: Standing,
}

impl Look {
    fn at(root: &Root, within: time::Duration) -> Result<Self, Failure> {
        Self::of(root, &observe_node(root)?, within)
    }

    fn of(root: &Root, inventory: &Inventory, within: time::Duration) -> Result<Self, Failure> {
        demand_control_plane(root, inventory)?;
        Ok(Self {
            diagnosis: diagnose(inventory, node::now(), within),
            standing: Standing::of(root),
        })
    }

    /// Whether nobody need do anything.
    fn is_healthy(&self) -> bool {
        self.diagnosis.is_healthy() && self.standing.is_settled()
    }
}
