//! What became of the node, in plain words: a journal may be good, and the node as dead as before.

use super::model::NodeReport;
use super::remark::RemarkKind;
use super::trust::Belief;
use super::words::count;
use crate::journal::RunOutcome;

/// How an outcome looks at first sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// What was asked for is done, and proven where it is about what runs.
    Good,
    /// Something is open.
    Open,
    /// Neither: nothing was changed, or nothing is to be believed.
    Plain,
}

/// What became of the node.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    pub(super) sign: Sign,
    pub(super) word: &'static str,
    pub(super) meaning: String,
}

impl Outcome {
    /// That of a run, by its journal.
    pub(super) fn of(node: &NodeReport) -> Self {
        let (sign, word, meaning) = match (&node.run, node.belief()) {
            (None, _) | (_, Belief::Bad) => (
                Sign::Plain,
                "UNKNOWN",
                "What became of the node, no journal that can be believed tells.".to_owned(),
            ),
            (Some(run), _) => match (run.outcome, run.committed) {
                (Some(RunOutcome::Completed), _) if let Some(other) = &node.taken_back_by => (
                    Sign::Open,
                    "TAKEN BACK LATER",
                    format!(
                        "The run came to its end, and the run {other} brought back what it had replaced: what is told here lies there no more."
                    ),
                ),
                (Some(RunOutcome::Completed), _) => completed(node),
                (Some(RunOutcome::RolledBack), true) => (
                    Sign::Open,
                    "TAKEN BACK",
                    "What the run had replaced is as it was before: what had expired has expired still."
                        .to_owned(),
                ),
                (Some(RunOutcome::HalfWay), _) => (
                    Sign::Open,
                    "SETTLED IN PART",
                    "Some files were left as somebody else had made them.".to_owned(),
                ),
                (None, true) => (
                    Sign::Open,
                    "NOT AT ITS END",
                    "The run was interrupted with files perhaps replaced; `rekindle resume` on the node finishes it, or `rekindle rollback` takes it back."
                        .to_owned(),
                ),
                (_, false) => (
                    Sign::Plain,
                    "NOTHING CHANGED",
                    "By its journal the run ended before it changed any file.".to_owned(),
                ),
            },
        };
        Self {
            sign,
            word,
            meaning: meaning + &left(node),
        }
    }
}

fn completed(node: &NodeReport) -> (Sign, &'static str, String) {
    let open = node.proofs.iter().filter(|proof| !proof.proven).count();
    let all = count(node.proofs.len(), "condition");
    let is_reversal = node.run.as_ref().is_some_and(|run| run.reverses.is_some());
    match (node.proofs.len(), open) {
        (0, _) if node.has_only_handed_out() => (
            Sign::Good,
            "DONE",
            "What the run was to make is made; it changed no file of the node.".to_owned(),
        ),
        (0, _) if is_reversal => (
            Sign::Open,
            "TAKEN BACK",
            "The files of an earlier run are as they were before it; what runs was not proven."
                .to_owned(),
        ),
        (0, _) => (
            Sign::Open,
            "REPLACED, NOT PROVEN",
            "Every file is replaced; the journal has no proof that anything runs on the new ones."
                .to_owned(),
        ),
        (_, 0) if is_reversal => (
            Sign::Good,
            "TAKEN BACK, PROVEN",
            format!(
                "The files of an earlier run are as they were before it, and what runs is proven to run on them ({all})."
            ),
        ),
        (_, open) if is_reversal => (
            Sign::Open,
            "TAKEN BACK, NOT PROVEN",
            format!(
                "The files of an earlier run are as they were before it; of what runs, {open} of {all} could not be proven."
            ),
        ),
        (_, 0) => (
            Sign::Good,
            "PROVEN",
            format!(
                "Every file is replaced, and what runs is proven to run on the new ones ({all})."
            ),
        ),
        (_, open) => (
            Sign::Open,
            "NOT PROVEN",
            format!("Every file is replaced; of what runs, {open} of {all} could not be proven."),
        ),
    }
}

/// What is left to a person.
fn left(node: &NodeReport) -> String {
    match node.remarks_of(RemarkKind::LeftAlone).count() {
        0 => String::new(),
        1 => " One thing was left to a person.".to_owned(),
        number => format!(" {number} things were left to a person."),
    }
}
