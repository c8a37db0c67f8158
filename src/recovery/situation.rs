//! What an interrupted run left at each of its targets: looked at before anything is done about it.

use std::path::Path;

use super::facts;
use crate::evidence::with_causes;
use crate::journal::Change;
use crate::node::{Present, Root, Secrecy};
use crate::plan::{Refusal, RefusalCode};

/// What stands at the target of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Situation {
    /// What was there before the run.
    Before,
    /// What the run put there.
    After,
    /// Something else, in words.
    Foreign(String),
}

impl Situation {
    pub(super) fn of(root: &Root, change: &Change) -> Self {
        match root.present(Path::new(&change.target)) {
            Ok(found) if found == facts::present(Some(&change.after)) => Self::After,
            Ok(found) if found == facts::present(change.before.as_ref()) => Self::Before,
            Ok(found) => Self::Foreign(words(&found)),
            Err(error) => Self::Foreign(with_causes(&error)),
        }
    }
}

/// A target that somebody else changed: which of the contents is right is not for a tool to guess.
pub(super) fn foreign(root: &Root, change: &Change, found: &str, verb: &str) -> Refusal {
    let path = root.outside(Path::new(&change.target));
    let before = words(&facts::present(change.before.as_ref()));
    let after = words(&facts::present(Some(&change.after)));
    let old = change.backup.as_ref().map_or_else(String::new, |backup| {
        let copy = root.outside(Path::new(&backup.path));
        format!(
            "; to have the old one back: cp -a {} {}",
            copy.display(),
            path.display()
        )
    });
    Refusal {
        code: RefusalCode::ForeignChange,
        subject: change.name.clone(),
        evidence: format!(
            "{} was changed by somebody else: found {found}; before the run {before}, and the run's is {after}",
            path.display()
        ),
        remedy: format!(
            "to keep what is there and do the rest: {}{old}",
            root.command(&format!("{verb} --skip-foreign"))
        ),
    }
}

/// The new file of a change is gone or damaged, so that there is no way forward.
pub(super) fn staged_file_lost(root: &Root, change: &Change) -> Refusal {
    Refusal {
        code: RefusalCode::StagedFileLost,
        subject: change.name.clone(),
        evidence: format!(
            "the new file for {} is not there any more, or not as it was staged",
            root.outside(Path::new(&change.target)).display()
        ),
        remedy: format!("go back, then begin anew: {}", root.command("rollback")),
    }
}

/// Something was undone already, so that there is no way forward.
pub(super) fn rollback_begun(root: &Root, run: &str) -> Refusal {
    Refusal {
        code: RefusalCode::RollbackBegun,
        subject: run.to_owned(),
        evidence: "the run has begun to be undone: what it had staged is not complete any more"
            .to_owned(),
        remedy: format!(
            "finish that, then recover anew: {}",
            root.command("rollback")
        ),
    }
}

/// Whether the copy of the old file is there as it was made; why not, otherwise.
pub(super) fn check_backup(root: &Root, change: &Change) -> Result<(), Refusal> {
    let Some(backup) = &change.backup else {
        return Ok(());
    };
    let copy = root.read(Path::new(&backup.path), Secrecy::Public);
    let evidence = match copy {
        Ok(copy) if copy.digest == backup.sha256 => return Ok(()),
        Ok(copy) => format!(
            "{} is not the copy that was made: its SHA-256 is {}, and the journal says {}",
            root.outside(&copy.path).display(),
            copy.digest,
            backup.sha256
        ),
        Err(error) => with_causes(&error),
    };
    Err(Refusal {
        code: RefusalCode::BackupLost,
        subject: change.name.clone(),
        evidence,
        remedy: format!("the run can still be finished: {}", root.command("resume")),
    })
}

fn words(present: &Present) -> String {
    match present {
        Present::Nothing => "nothing".to_owned(),
        Present::File(digest) => format!("sha256:{digest}"),
        Present::Link(destination) => format!("a link to {}", destination.display()),
    }
}
