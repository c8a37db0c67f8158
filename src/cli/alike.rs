//! Refusals that say the same of many files: told once, with the names of all.

use crate::plan::{Refusal, RefusalCode};

/// From how many on they are told together.
const MANY: usize = 3;
/// So many of them are told in full.
const SHOWN: usize = 2;

/// Refusals that have one way out.
pub(super) struct Alike {
    /// What was found: the first in full, then how many more there are and what they are about.
    pub(super) texts: Vec<String>,
    pub(super) remedy: String,
    pub(super) code: RefusalCode,
}

/// The refusals in their order, those that say the same told with the first of them.
pub(super) fn told_together(refusals: &[Refusal]) -> Vec<Alike> {
    let mut groups: Vec<(Likeness, Vec<&Refusal>)> = Vec::new();
    for refusal in refusals {
        let likeness = Likeness::of(refusal);
        match groups.iter_mut().find(|(other, _)| *other == likeness) {
            Some((_, members)) => members.push(refusal),
            None => groups.push((likeness, vec![refusal])),
        }
    }
    groups
        .into_iter()
        .flat_map(|(likeness, members)| {
            if members.len() < MANY {
                members.into_iter().map(alone).collect()
            } else {
                vec![together(&likeness, &members)]
            }
        })
        .collect()
}

/// What is the same of refusals of one kind.
#[derive(PartialEq, Eq)]
struct Likeness {
    code: RefusalCode,
    /// What was found, without the path.
    evidence: String,
    /// The way out with a place for the names; nothing where being root is the way out for all of them.
    remedy: Option<String>,
}

/// Stands for the names that `--only` takes.
const NAMES: char = '\u{0}';

impl Likeness {
    fn of(refusal: &Refusal) -> Self {
        let found = refusal.evidence.split_once(": ");
        let evidence = found.map_or("", |(_, found)| found).to_owned();
        let is_for_root =
            refusal.code == RefusalCode::CannotRead && evidence == "permission denied";
        let only = format!("--only {} ", refusal.subject);
        let remedy = refusal.remedy.replace(&only, &format!("--only {NAMES} "));
        Self {
            code: refusal.code,
            evidence,
            remedy: (!is_for_root).then_some(remedy),
        }
    }
}

fn alone(refusal: &Refusal) -> Alike {
    Alike {
        texts: vec![text(refusal)],
        remedy: refusal.remedy.clone(),
        code: refusal.code,
    }
}

fn together(likeness: &Likeness, members: &[&Refusal]) -> Alike {
    let names: Vec<&str> = members.iter().map(|it| it.subject.as_str()).collect();
    let mut texts: Vec<String> = members.iter().take(SHOWN).map(|it| text(it)).collect();
    let others = &names[SHOWN..];
    let (remedy, more) = match &likeness.remedy {
        Some(remedy) => (
            remedy.replace(NAMES, &names.join(",")),
            format!("the same of {} more: {}", others.len(), others.join(", ")),
        ),
        None => (
            members[0].remedy.clone(),
            format!("the same of {} more files", others.len()),
        ),
    };
    texts.push(more);
    Alike {
        texts,
        remedy,
        code: likeness.code,
    }
}

fn text(refusal: &Refusal) -> String {
    format!("{}: {}", refusal.subject, refusal.evidence)
}
