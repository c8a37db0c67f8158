//! A run in two sentences.

use super::model::{NodeReport, Run};
use super::remark::RemarkKind;
use super::trust::Belief;
use super::words::{coarse, count, span};

/// So many things that a run made are told in its first sentence.
const FEW: usize = 3;

/// What a run did that was about no certificate of its node.
fn made(node: &NodeReport) -> String {
    let done: Vec<&str> = node.remarks_of(RemarkKind::Done).collect();
    let more = match done.len().saturating_sub(FEW) {
        0 => String::new(),
        more => format!("; and {more} more, see below"),
    };
    match done.as_slice() {
        [] => "This run was about no certificate of this node.".to_owned(),
        some => {
            let told: Vec<&str> = some.iter().copied().take(FEW).collect();
            format!(
                "This run changed no certificate of this node. It did: {}{more}.",
                told.join("; ")
            )
        }
    }
}

/// What was wrong, how the run ended, and how long it took.
pub(super) fn lede(node: &NodeReport, run: &Run) -> String {
    let renewed = node.renewed().count();
    let files: usize = node.renewed().map(|life| life.targets.len()).sum();
    let mut all = count(renewed, "certificate");
    if files > renewed {
        all = format!("{all} in {}", count(files, "file"));
    }
    let subject = match (&run.reverses, node.dead()) {
        (Some(other), _) => format!("This run takes back the run {other}."),
        (None, _) if renewed == 0 => made(node),
        (None, (0, _)) => format!("The run was about {all}; nothing had expired."),
        (None, (dead, longest)) => {
            let longest = longest.map_or_else(String::new, |span| {
                format!(", the first of them {} before", coarse(span))
            });
            format!("{dead} of {all} had expired{longest}.")
        }
    };
    let took = span(node.timeline.at_work());
    let told = match node.belief() {
        Belief::Bad => "As this journal tells it, which is not to be believed without more: ",
        Belief::Good | Belief::Unfinished => "",
    };
    let ended = node.ending().predicate();
    let counted = if node.timeline.has_pause() {
        ", interruptions not counted"
    } else {
        ""
    };
    format!("{told}{subject} The run {ended} and took {took}{counted}.")
}
