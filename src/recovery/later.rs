//! Whether it was a later run of this program that made a file what it is: then nobody else is to be blamed for it.

use super::situation::words;
use super::{History, JournalState, RunJournal};
use crate::journal::{Chain, Change, Progress};
use crate::node::Root;

/// The runs behind one, latest first; read when somebody asks.
pub(super) struct LaterRuns<'a> {
    run: &'a str,
    chains: Option<Vec<Chain>>,
}

impl<'a> LaterRuns<'a> {
    pub(super) fn of(run: &'a str) -> Self {
        Self { run, chains: None }
    }

    /// The run that made the target of `change` what was `found` there.
    pub(super) fn of_target(
        &mut self,
        root: &Root,
        change: &Change,
        found: &str,
    ) -> Option<String> {
        let run = self.run;
        let chains = self.chains.get_or_insert_with(|| read(root, run));
        let made = |(other, made): &(Change, Progress)| {
            *made == Progress::Done
                && other.target == change.target
                && words(Some(&other.after)) == found
        };
        let of = chains
            .iter()
            .find(|chain| chain.changes().unwrap_or_default().iter().any(made))?;
        Some(of.genesis().circumstances.run.id.clone())
    }
}

fn read(root: &Root, run: &str) -> Vec<Chain> {
    let Ok(history) = History::read(root) else {
        return Vec::new();
    };
    let later = history.runs.iter().rev().take_while(|other| *other != run);
    let chains = later.filter_map(|other| match RunJournal::read(root, other).state {
        JournalState::Good(chain) => Some(*chain),
        _ => None,
    });
    chains.collect()
}
