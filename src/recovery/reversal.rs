//! A run that came to its end, undone: a run of its own, whose new files are the old ones from the backup.

use std::path::PathBuf;

use super::situation::{Situation, check_backup, foreign};
use super::{Undertaking, facts};
use crate::evidence::with_causes;
use crate::issuance::{Content, FileChange};
use crate::journal::{Chain, Change, FileState, Progress};
use crate::node::{Metadata, Root, Secrecy};
use crate::plan::{Refusal, RefusalCode};

/// What undoes the run of that journal. Files that the run had added stay, for nothing leads to them any more.
pub fn reversal(
    root: &Root,
    chain: &Chain,
    skip_foreign: bool,
) -> Result<Undertaking, Vec<Refusal>> {
    let made = chain.changes().unwrap_or_default().iter();
    let made = made.filter(|(change, made)| *made == Progress::Done && change.before.is_some());
    let run = &chain.genesis().circumstances.run.id;
    let mut changes = Vec::new();
    let mut refusals = Vec::new();
    for (change, _) in made {
        match Situation::of(root, change) {
            Situation::Before => {}
            Situation::Foreign(_) if skip_foreign => {}
            Situation::Foreign(found) => {
                refusals.push(foreign(root, change, &found, &format!("rollback {run}")));
            }
            Situation::After => match reversed(root, change) {
                Ok(change) => changes.push(change),
                Err(refusal) => refusals.push(refusal),
            },
        }
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    // What was changed last is brought back first.
    changes.reverse();
    Ok(Undertaking {
        inventory_digest: None,
        steps: changes
            .iter()
            .map(|change| format!("bring back {}: {}", change.name, change.target.display()))
            .collect(),
        left: Vec::new(),
        changes,
        touches: Vec::new(),
    })
}

fn reversed(root: &Root, change: &Change) -> Result<FileChange, Refusal> {
    check_backup(root, change)?;
    let target = PathBuf::from(&change.target);
    let (model, after) = match (&change.before, &change.backup) {
        (Some(FileState::Symlink(destination)), _) => {
            (target.clone(), Content::Link(PathBuf::from(destination)))
        }
        (Some(FileState::Sha256(_)), Some(backup)) => {
            let copy = PathBuf::from(&backup.path);
            let old = root
                .read(&copy, Secrecy::Public)
                .map_err(|error| lost(change, with_causes(&error)))?;
            (copy, Content::File(old.bytes))
        }
        _ => return Err(lost(change, "the journal names no copy of it".to_owned())),
    };
    Ok(FileChange {
        name: change.name.clone(),
        location: change.location.clone(),
        target,
        model,
        metadata: Metadata {
            mode: u32::from_str_radix(&change.mode, 8).unwrap_or(0o600),
            uid: change.uid,
            gid: change.gid,
            modified: time::OffsetDateTime::UNIX_EPOCH,
        },
        before: facts::present(Some(&change.after)),
        after,
        certificate: None,
    })
}

fn lost(change: &Change, evidence: String) -> Refusal {
    Refusal {
        code: RefusalCode::BackupLost,
        subject: change.name.clone(),
        evidence,
        remedy: "keep the certificates that are there".to_owned(),
    }
}
