//! What earlier runs say about the clock: evidence for a plan; to who takes a run up, said before it is asked, and no reason to stop.

use std::io::{self, Write};

use time::OffsetDateTime;

use super::ended::write_warnings;
use super::failure::Failure;
use super::observed::observe;
use crate::inventory::{Inventory, Trace, trusted_authorities};
use crate::node::{self, Root};
use crate::recovery::{History, JournalState, RunJournal, clock_doubts};

/// Reads the node, with the last record of a run on it among what tells the time.
pub(super) fn observe_with_journal(root: &Root) -> Result<Inventory, Failure> {
    let mut inventory = observe(root)?;
    let last = last_written(root).map(|written| Trace {
        what: "the last record of a run on this node".to_owned(),
        written,
    });
    inventory.clock.traces.extend(last);
    Ok(inventory)
}

/// Warns of a clock outside the CA's validity, or before the `last` record of a run.
pub(super) fn write_clock_doubts(
    root: &Root,
    last: Option<OffsetDateTime>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let authorities = trusted_authorities(root).unwrap_or_default();
    write_warnings(&clock_doubts(node::now(), &authorities, last), out)
}

/// When the last record of the latest run was written.
pub(super) fn last_written(root: &Root) -> Option<OffsetDateTime> {
    let history = History::read(root).ok()?;
    history
        .runs
        .iter()
        .rev()
        .find_map(|run| match RunJournal::read(root, run).state {
            JournalState::Good(chain) => Some(chain.last_written()),
            _ => None,
        })
}
