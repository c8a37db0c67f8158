//! The runs that left a journal on this node.

use std::path::{Path, PathBuf};

use super::{JournalState, RunJournal, STATE_FOLDER};
use crate::journal::{Event, read_records};
use crate::node::{FileError, Present, Root};

const JOURNAL_SUFFIX: &str = ".jsonl";
/// What the name of a torn line's copy has behind the run.
pub(super) const TORN: &str = ".torn-";

/// The runs of a node in the order in which they were begun: by the counter in the genesis of each, since the wall clock, with
/// which their names begin, may have been set back in between. One whose genesis cannot be read stands where its name puts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// Their identifiers.
    pub runs: Vec<String>,
    /// The largest counter that any of them has.
    latest: u64,
}

/// Where a run keeps its things, as node paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFiles {
    /// The journal.
    pub journal: PathBuf,
    /// The checkpoint over the whole journal.
    pub checkpoint: PathBuf,
    /// The folder with the files as they were before.
    pub backup: PathBuf,
    /// The folder with etcd's data as they were while it was stopped.
    pub etcd: PathBuf,
}

impl RunFiles {
    /// The folder of all journals.
    pub fn journals() -> PathBuf {
        Path::new(STATE_FOLDER).join("journal")
    }

    /// The folder of all copies of etcd's data.
    pub fn etcd_copies() -> PathBuf {
        Path::new(STATE_FOLDER).join("etcd")
    }

    /// The folder of all backups.
    pub fn backups() -> PathBuf {
        Path::new(STATE_FOLDER).join("backups")
    }

    /// Where etcd's data are copied until all of them are.
    pub(super) fn unfinished_etcd_copy(&self) -> PathBuf {
        self.etcd.with_added_extension("part")
    }

    /// The places of the run of that identifier.
    pub fn of(run: &str) -> Self {
        Self {
            journal: Self::journals().join(format!("{run}{JOURNAL_SUFFIX}")),
            checkpoint: Self::journals().join(format!("{run}.checkpoint")),
            backup: Self::backups().join(run),
            etcd: Self::etcd_copies().join(run),
        }
    }
}

impl History {
    /// Looks which journals there are.
    pub fn read(root: &Root) -> Result<Self, FileError> {
        let names = root.list(&RunFiles::journals())?;
        let runs = names
            .iter()
            .filter_map(|name| name.strip_suffix(JOURNAL_SUFFIX))
            .map(|run| (run.to_owned(), counter(root, run)));
        Ok(Self::in_order(&runs.collect::<Vec<_>>()))
    }

    /// Of runs with their counters, sorted by name.
    fn in_order(runs: &[(String, Option<u64>)]) -> Self {
        let counted = runs
            .iter()
            .filter_map(|(run, counter)| Some(((*counter)?, run)));
        let mut counted: Vec<(u64, &String)> = counted.collect();
        counted.sort_unstable();
        let latest = counted.last().map_or(0, |(counter, _)| *counter);
        let mut counted = counted.into_iter().map(|(_, run)| run);
        // Those without a counter keep their places, and the others share the rest among themselves.
        let place = |(run, counter): &(String, Option<u64>)| match counter {
            Some(_) => counted.next().unwrap_or(run).clone(),
            None => run.clone(),
        };
        Self {
            runs: runs.iter().map(place).collect(),
            latest,
        }
    }

    /// The counter of the run that comes next: larger than any, also where journals were taken away.
    pub fn next_counter(&self) -> u64 {
        (self.runs.len() as u64).max(self.latest).saturating_add(1)
    }

    /// Removes what a kill or a power failure left of runs that did nothing, or have ended: journals without one whole
    /// line, reserves, and files without their name. Only under the lock, and while no run is interrupted.
    pub fn tidy(root: &Root) -> Result<(), FileError> {
        for run in Self::read(root)?.runs {
            // What somebody emptied stays, and so does what cannot be read: neither keeps a run from beginning.
            if matches!(RunJournal::read(root, &run).state, JournalState::Unbegun) {
                root.remove_log(&RunFiles::of(&run).journal)?;
            }
        }
        root.remove_leftovers(&RunFiles::journals())
    }

    /// The copies of lines of a run's journal that a crash had cut short. What has such a name and is no file of ours, a FIFO
    /// perhaps, is passed over: it must not stand in the way of the run.
    pub fn torn(root: &Root, run: &str) -> Result<Vec<PathBuf>, FileError> {
        let prefix = format!("{run}{TORN}");
        let names = root.list(&RunFiles::journals())?;
        let copies = names.iter().filter(|name| name.starts_with(&prefix));
        let paths = copies.map(|name| RunFiles::journals().join(name));
        Ok(paths
            .filter(|path| matches!(root.present(path), Ok(Present::File(_))))
            .collect())
    }

    /// The last checkpoint of the latest run that has one.
    pub fn latest_checkpoint(&self, root: &Root) -> Option<String> {
        self.runs.iter().rev().find_map(|run| {
            let bytes = root.read_log(&RunFiles::of(run).journal).ok()?;
            let notes = read_records(&bytes).filter_map(|record| match record.ok()?.event {
                Event::Checkpoint { note } => Some(note),
                _ => None,
            });
            notes.last()
        })
    }
}

/// Which run it is by its own genesis. Who signed that, nobody has judged: it decides about an order alone.
fn counter(root: &Root, run: &str) -> Option<u64> {
    let bytes = root.read_log(&RunFiles::of(run).journal).ok()?;
    let first = read_records(&bytes).next()?.ok()?;
    match first.event {
        Event::Genesis(genesis) if genesis.check_run(run).is_ok() => {
            Some(genesis.circumstances.run.counter)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_stand_in_the_order_of_their_counters_and_what_has_none_in_that_of_the_names() {
        let order = |runs: &[(&str, Option<u64>)]| {
            let runs = runs.iter();
            let runs = runs.map(|(run, counter)| ((*run).to_owned(), *counter));
            History::in_order(&runs.collect::<Vec<_>>())
        };
        let history = order(&[("a", Some(1)), ("b", Some(3)), ("c", None), ("d", Some(2))]);
        assert_eq!(history.runs, ["a", "d", "c", "b"]);
        assert_eq!(history.next_counter(), 5);
        assert_eq!(order(&[("a", None), ("b", None)]).runs, ["a", "b"]);
        // As runs of before have it whose predecessors were taken away: then the names decide.
        let history = order(&[("a", Some(7)), ("b", Some(2)), ("c", Some(2))]);
        assert_eq!(history.runs, ["b", "c", "a"]);
        assert_eq!(history.next_counter(), 8);
        assert_eq!(order(&[("a", Some(u64::MAX))]).next_counter(), u64::MAX);
        assert_eq!(order(&[]).next_counter(), 1);
    }
}
