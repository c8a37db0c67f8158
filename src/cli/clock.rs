//! Whether the clock can be right: said before somebody is asked, and no reason to stop.

use std::io::{self, Write};

use time::OffsetDateTime;

use super::report::write_warnings;
use crate::inventory::trusted_authorities;
use crate::journal::Chain;
use crate::node::{self, Root};
use crate::recovery::{History, JournalState, RunJournal, clock_doubts};

/// Warns of a clock outside the CA's validity, or before the last record of the journal that is taken up, or else of the latest
/// one.
pub(super) fn write_clock_doubts(
    root: &Root,
    journal: Option<&Chain>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let last = journal
        .map(Chain::last_written)
        .or_else(|| last_written(root));
    let authorities = trusted_authorities(root).unwrap_or_default();
    write_warnings(&clock_doubts(node::now(), &authorities, last), out)
}

fn last_written(root: &Root) -> Option<OffsetDateTime> {
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
