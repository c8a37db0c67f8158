//! `rekindle check`: every certificate, its expiry, its state; of one node, or of a fleet in folders.

mod fleet;
mod json;
mod metrics;
mod misuse;
mod plugin;
mod table;
mod tally;

use std::io::Write;

use super::arguments::{Arguments, Check, CheckOutput};
use super::exit::Exit;
use super::failure::Failure;
use super::observed::observe_control_plane;
use super::standing::Standing;
use crate::diagnosis::{Diagnosis, diagnose};
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
    let looked = arguments
        .root()
        .and_then(|root| Ok((Look::at(&root, within)?, root)));
    let (look, root) = match looked {
        Ok(looked) => looked,
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

/// A node that was looked at.
struct Look {
    diagnosis: Diagnosis,
    standing: Standing,
}

impl Look {
    fn at(root: &Root, within: time::Duration) -> Result<Self, Failure> {
        let inventory = observe_control_plane(root)?;
        Ok(Self {
            diagnosis: diagnose(&inventory, node::now(), within),
            standing: Standing::of(root),
        })
    }

    /// Whether nobody need do anything.
    fn is_healthy(&self) -> bool {
        self.diagnosis.is_healthy() && self.standing.is_settled()
    }
}
