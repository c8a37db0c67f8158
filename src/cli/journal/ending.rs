//! How a run ended, in the operator's words.

use crate::journal::{Chain, RunOutcome};
use crate::recovery::replaced;

/// The outcome alone.
pub(in super::super) fn outcome_in_words(outcome: RunOutcome) -> &'static str {
    match outcome {
        RunOutcome::HalfWay => "settled, some files left alone",
        RunOutcome::Completed | RunOutcome::RolledBack => outcome.as_str(),
    }
}

/// The outcome, with how many files were left alone. A run with some is settled all the same: exit 5 is for one that is not.
pub(super) fn ended(outcome: RunOutcome, left_alone: usize) -> String {
    match outcome {
        RunOutcome::HalfWay => format!("settled, {left_alone} left alone"),
        RunOutcome::Completed | RunOutcome::RolledBack => outcome.as_str().to_owned(),
    }
}

/// What is missing at the end of a journal whose run did not end, or could not say so.
pub(super) fn missing_end(chain: &Chain) -> Option<String> {
    let text = match (chain.outcome(), chain.changes()) {
        _ if chain.is_sealed() => return None,
        (Some(_), _) => "the run ended; its last checkpoint is missing".to_owned(),
        (None, None) => "the run was interrupted before it changed anything".to_owned(),
        (None, Some(changes)) => format!(
            "the run did not come to its end, with {} of {} files {}",
            chain.counts().changed,
            changes.len(),
            replaced(chain.genesis().reverses().is_some(), chain.is_undoing())
        ),
    };
    Some(text)
}
