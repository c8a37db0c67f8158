//! The verdict on a journal in plain words.

use super::text::shown;
use crate::evidence::with_causes;
use crate::journal::Verdict;

/// What a verdict without a checkpoint from elsewhere cannot say.
pub(super) const NOT_COMPARED: &str = "No checkpoint that was kept elsewhere was held against it: whoever held the CA’s key could have written all of it anew.";

/// How a verdict is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Belief {
    /// COMPLETE.
    Good,
    /// INCOMPLETE.
    Unfinished,
    /// TAMPERED, or NOT ANCHORED: nothing of it is to be believed without more.
    Bad,
}

/// A verdict.
#[derive(Debug, Clone)]
pub(super) struct Words {
    pub(super) belief: Belief,
    pub(super) word: &'static str,
    pub(super) meaning: String,
}

/// The words for it.
pub(super) fn words(verdict: &Verdict) -> Words {
    let (belief, meaning) = match verdict {
        Verdict::Complete { .. } => (
            Belief::Good,
            "Every line of the journal is as it was written, a key that is trusted vouches for it, and the run reached its end."
                .to_owned(),
        ),
        Verdict::Incomplete {
            resumable,
            torn_tail,
            summary,
        } => {
            let torn = if *torn_tail {
                " Its last line was cut short."
            } else {
                ""
            };
            let state = match summary {
                _ if *resumable => {
                    "Files may have been changed without the run having ended: it is to be resumed or rolled back on its node."
                }
                Some(summary) if summary.outcome.is_some() => {
                    "The run itself ended; the checkpoint behind its last record is missing."
                }
                Some(summary) if summary.committed.is_none() => {
                    "By its lines, the run ended before it changed any file; lines at the end may be missing."
                }
                _ => "It does not say what was changed.",
            };
            (
                Belief::Unfinished,
                format!(
                    "Every whole line is as it was written, but the journal does not reach the end of its run.{torn} {state}"
                ),
            )
        }
        Verdict::Tampered { line, defect } => (
            Belief::Bad,
            format!(
                "Line {line} of the journal is not as it was written ({}). Nothing from that line on is shown here, and who wrote the lines before it was not judged: keep the file as it is; it is evidence.",
                shown(&with_causes(defect))
            ),
        ),
        Verdict::NotAnchored { reason, .. } => (
                Belief::Bad,
                format!(
                    "The lines fit each other, but this is not a journal to believe: {}. Anybody may have written what is shown below.",
                    shown(&with_causes(reason))
                ),
            ),
    };
    Words {
        belief,
        word: verdict.word(),
        meaning,
    }
}
