//! Why a change can be taken neither forward nor back, and what is done about it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::preflight::without_repetitions;
use super::situation::{DIGEST, check_old, words};
use crate::evidence::with_causes;
use crate::issuance::COPY_LOCATION;
use crate::journal::{Change, FileState, Progress};
use crate::node::{FileError, Root};
use crate::plan::{LeftAlone, Refusal, RefusalCode};
use crate::shell::quote;

/// What stands in the way of one change.
pub(super) struct Obstacle {
    /// What was found, for the journal: where the operator says that it stays so.
    found: String,
    /// What the operator is told otherwise.
    refusal: Refusal,
}

/// A change that was looked at: what is to be done, or why nothing can be.
pub(super) struct Looked<'a, T> {
    pub(super) number: usize,
    pub(super) change: &'a Change,
    pub(super) task: Result<T, Obstacle>,
}

/// What becomes of a change.
pub(super) enum Decision<T> {
    /// It is done.
    Do(T),
    /// It stays as it was found, which these words tell.
    Skip(String),
}

/// The names of the changes that an earlier attempt left as somebody else had made them.
pub(super) fn left_alone(changes: &[(Change, Progress)]) -> BTreeSet<&str> {
    let skipped = changes
        .iter()
        .filter(|(_, made)| *made == Progress::Skipped);
    skipped.map(|(change, _)| change.name.as_str()).collect()
}

/// Refuses all if there is an obstacle; where `skip_foreign` says so, leaves alone what has one, and does the rest. What
/// belongs together, a file and the link to it, is done together or not at all: `left_alone` are the names of which an earlier
/// attempt left a part, so that the rest of them stays too.
pub(super) fn decide<T>(
    looked: Vec<Looked<'_, T>>,
    left_alone: &BTreeSet<&str>,
    skip_foreign: bool,
) -> Result<Vec<(usize, Decision<T>)>, Vec<Refusal>> {
    let obstacles = looked.iter().filter_map(|one| {
        let obstacle = one.task.as_ref().err()?;
        Some((one.change.name.clone(), obstacle.found.clone()))
    });
    let strange: BTreeMap<String, String> = obstacles.collect();
    if !strange.is_empty() && !skip_foreign {
        let obstacles = looked.into_iter().filter_map(|one| one.task.err());
        let refusals = obstacles.map(|obstacle| obstacle.refusal);
        return Err(without_repetitions(refusals));
    }
    let decide = |one: Looked<'_, T>| {
        let decision = match (one.task, strange.get(&one.change.name)) {
            (Ok(_), None) if left_alone.contains(one.change.name.as_str()) => {
                Decision::Skip("what it goes with was left as it was found".to_owned())
            }
            (Ok(task), None) => Decision::Do(task),
            (Ok(_), Some(found)) => Decision::Skip(found.clone()),
            (Err(obstacle), _) => Decision::Skip(obstacle.found),
        };
        (one.number, decision)
    };
    Ok(looked.into_iter().map(decide).collect())
}

/// What is said of a change that stays as it was found.
pub(super) fn skipped(change: &Change) -> LeftAlone {
    LeftAlone {
        name: change.name.clone(),
        reason: format!("{} stays as it was found", change.target),
        needs: "a look, whether it is to stay so (rekindle runbook foreign-change)".to_owned(),
    }
}

impl Obstacle {
    /// Somebody else changed the target: which of the contents is right is not for a tool to guess.
    pub(super) fn foreign(root: &Root, change: &Change, found: &str, verb: &str) -> Self {
        let path = root.outside(Path::new(&change.target));
        let before = short(&words(change.before.as_ref()));
        let after = short(&words(Some(&change.after)));
        let refusal = Refusal {
            code: RefusalCode::ForeignChange,
            subject: change.name.clone(),
            evidence: format!(
                "{} was changed by somebody else: found {}; it was {before}, and the run makes it {after}",
                path.display(),
                short(found)
            ),
            remedy: format!(
                "to keep what is there and do the rest: {}; {}",
                skipping(root, verb),
                how_to_have_the_old(root, change)
            ),
        };
        Self {
            found: found.to_owned(),
            refusal,
        }
    }

    /// A later run of this program replaced the target: first that one is to be taken back.
    pub(super) fn later_run(
        root: &Root,
        run: &str,
        later: &str,
        found: String,
        verb: &str,
    ) -> Self {
        let first = root.command(&format!("rollback {}", quote(later)));
        let refusal = Refusal {
            code: RefusalCode::LaterRun,
            subject: format!("run {run}"),
            evidence: format!("the later run {later} replaced its files once more"),
            remedy: format!(
                "roll that one back first: {first}; to keep what it made and do the rest: {}",
                skipping(root, verb)
            ),
        };
        Self { found, refusal }
    }

    /// Nobody knows what is there.
    pub(super) fn unreadable(root: &Root, change: &Change, error: &FileError, verb: &str) -> Self {
        let mut refusal = Refusal::of_file(&change.name, error);
        let skipping = format!(
            "; to leave it as it is and do the rest: {}",
            skipping(root, verb)
        );
        refusal.remedy.push_str(&skipping);
        Self {
            found: with_causes(error),
            refusal,
        }
    }

    /// Somebody else changed what the run had replaced already: its new file is used up, so that only the old one can be had.
    pub(super) fn foreign_again(root: &Root, change: &Change, found: &str) -> Self {
        let mut obstacle = Self::foreign(root, change, found, "resume");
        let back = format!(", then go back: {}", root.command("rollback"));
        obstacle.refusal.remedy.push_str(&back);
        obstacle
    }

    /// The new file of a change is gone or damaged.
    pub(super) fn staged_file_lost(root: &Root, change: &Change) -> Self {
        let path = root.outside(Path::new(&change.target));
        let refusal = Refusal {
            code: RefusalCode::StagedFileLost,
            subject: change.name.clone(),
            evidence: format!(
                "the new file for {} is not there any more, or not as it was staged",
                path.display()
            ),
            remedy: format!(
                "go back, then recover anew: {}; to keep the old one and do the rest: {}",
                root.command("rollback"),
                skipping(root, "resume")
            ),
        };
        Self {
            found: "the old one, and no new one for it".to_owned(),
            refusal,
        }
    }

    /// The copy of the old file is gone or damaged.
    pub(super) fn backup_lost(root: &Root, change: &Change, evidence: String, verb: &str) -> Self {
        let refusal = Refusal {
            code: RefusalCode::BackupLost,
            subject: change.name.clone(),
            evidence,
            remedy: format!(
                "to keep the new one and take back the rest: {}",
                skipping(root, verb)
            ),
        };
        Self {
            found: "the new one, and no copy of the old one".to_owned(),
            refusal,
        }
    }

    /// The same, with the other way before its own.
    pub(super) fn or_else(mut self, way: &str) -> Self {
        self.refusal.remedy = format!("{way}; {}", self.refusal.remedy);
        self
    }
}

/// As much of a digest as it takes to tell two apart.
pub(super) fn short(words: &str) -> String {
    match words.strip_prefix(DIGEST) {
        Some(digest) => format!("{DIGEST}{}…", digest.get(..12).unwrap_or(digest)),
        None => words.to_owned(),
    }
}

fn skipping(root: &Root, verb: &str) -> String {
    root.command(&format!("{verb} --skip-foreign"))
}

/// What an operator types to have the old file back, without this program; for a copy that is not there any more, where to look.
pub(super) fn how_to_have_the_old(root: &Root, change: &Change) -> String {
    let path = quote(root.outside(Path::new(&change.target)));
    match (&change.before, &change.backup) {
        (Some(FileState::Symlink(destination)), _) => {
            format!(
                "to have the old link back: ln -sfT {} {path}",
                quote(destination)
            )
        }
        // Its user may put a link there at any moment: no command of root's that goes by its path.
        (Some(FileState::File(_)), Some(backup)) if change.location == COPY_LOCATION => {
            let copy = root.outside(Path::new(&backup.path));
            format!("the old one is {}", copy.display())
        }
        (Some(FileState::File(_)), Some(backup)) => {
            let copy = root.outside(Path::new(&backup.path));
            if check_old(root, change).is_err() {
                return format!(
                    "the copy of the old one, {}, is not there any more, or not as it was made (rekindle runbook backup-lost)",
                    quote(copy)
                );
            }
            format!(
                "to have the old one back: cp -a --remove-destination -T {} {path}",
                quote(copy)
            )
        }
        // There was nothing.
        _ => format!("to be rid of it: rm {path}"),
    }
}
