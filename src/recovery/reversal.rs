//! A run that came to its end, undone: a run of its own, whose new files are the old ones from the backup.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::homes::{admit_of, home_of};
use super::identity::{expected, is_key};
use super::later::LaterRuns;
use super::obstacle::{Decision, Looked, Obstacle, decide, skipped};
use super::situation::{Situation, check_old};
use super::{Undertaking, facts};
use crate::evidence::with_causes;
use crate::issuance::{Content, FileChange, KUBELET_PEM};
use crate::journal::{Chain, Change, FileState, Progress};
use crate::node::{Root, Secrecy};
use crate::plan::{LeftAlone, Refusal};
use crate::shell::quote;

/// What undoes the run of that journal. Files that the run had added stay: to a kubelet's nothing leads any more, and others made
/// a credential whole that was not.
pub fn reversal(
    root: &Root,
    chain: &Chain,
    skip_foreign: bool,
) -> Result<Undertaking, Vec<Refusal>> {
    admit_of(root, chain);
    let run = &chain.genesis().circumstances.run.id;
    let verb = format!("rollback {}", quote(run));
    let mut later = LaterRuns::of(run);
    let all = chain.changes().unwrap_or_default();
    let mut looked = Vec::new();
    let kept = kept(all);
    for (number, (change, made)) in all.iter().enumerate() {
        if *made != Progress::Done || change.before.is_none() || kept.contains(&change.name) {
            continue;
        }
        let task = match Situation::of(root, change) {
            Situation::Before => continue,
            Situation::Foreign(found) => Err(match later.of_target(root, change, &found) {
                Some(by) => Obstacle::later_run(root, run, &by, found, &verb),
                None => Obstacle::foreign(root, change, &found, &verb),
            }),
            Situation::Unreadable(error) => Err(Obstacle::unreadable(root, change, &error, &verb)),
            Situation::After => check_old(root, change)
                .and_then(|()| reversed(root, chain, change))
                .map_err(|evidence| Obstacle::backup_lost(root, change, evidence, &verb)),
        };
        looked.push(Looked {
            number,
            change,
            task,
        });
    }
    let mut changes = Vec::new();
    let mut left: Vec<LeftAlone> = kept.into_iter().map(|name| as_it_is(name)).collect();
    // What was changed last is brought back first.
    let decided = decide(looked, &BTreeSet::new(), skip_foreign)?;
    for (number, decision) in decided.into_iter().rev() {
        match decision {
            Decision::Do(change) => changes.push(change),
            Decision::Skip(_) => left.extend(all.get(number).map(|(change, _)| skipped(change))),
        }
    }
    Ok(Undertaking {
        inventory_digest: None,
        steps: changes
            .iter()
            .map(|change| format!("bring back {}: {}", change.name, change.target.display()))
            .collect(),
        left,
        changes,
        touches: Vec::new(),
        moves: Vec::new(),
    })
}

/// The credentials of which the run made a file in a place where none was: what was there before was of no use, and half of it
/// beside the other half of the new one would be of none either. A kubelet's dated file is nothing that another one belongs to.
fn kept(changes: &[(Change, Progress)]) -> BTreeSet<&String> {
    let added = changes.iter().filter(|(change, made)| {
        *made == Progress::Done && change.before.is_none() && change.location != KUBELET_PEM
    });
    added.map(|(change, _)| &change.name).collect()
}

fn as_it_is(name: &str) -> LeftAlone {
    LeftAlone {
        name: name.to_owned(),
        reason: "a part of it was missing before the run, so that there is none to go back to"
            .to_owned(),
        needs: "a look, whether what the run made of it is to stay".to_owned(),
    }
}

/// The change that brings the old one back; why there is none, otherwise.
fn reversed(root: &Root, chain: &Chain, change: &Change) -> Result<FileChange, String> {
    let target = PathBuf::from(&change.target);
    let (model, after) = match (&change.before, &change.backup) {
        (Some(FileState::Symlink(destination)), _) => {
            (target.clone(), Content::Link(PathBuf::from(destination)))
        }
        (Some(FileState::File(_)), Some(backup)) => {
            let copy = PathBuf::from(&backup.path);
            let old = root
                .read(&copy, Secrecy::Public)
                .map_err(|error| with_causes(&error))?;
            (copy, Content::File(old.bytes))
        }
        _ => return Err("the journal names no copy of it".to_owned()),
    };
    Ok(FileChange {
        name: change.name.clone(),
        location: change.location.clone(),
        target,
        model: Some(model),
        access: facts::access(change),
        home: home_of(chain, Path::new(&change.target)),
        before: expected(root, change, Some(&change.after)).map_err(|error| with_causes(&error))?,
        is_key: is_key(change),
        after,
        certificate: None,
    })
}
