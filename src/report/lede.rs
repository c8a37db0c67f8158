//! A run in two sentences.

use super::model::{NodeReport, Run};
use super::trust::Belief;
use super::words::{coarse, count, span};

/// What was wrong, how the run ended, and how long it took.
pub(super) fn lede(node: &NodeReport, run: &Run) -> String {
    let renewed = node.renewed().count();
    let all = count(renewed, "certificate");
    let subject = match (&run.reverses, node.dead()) {
        (Some(other), _) => format!("This run takes back the run {other}."),
        (None, _) if renewed == 0 => "This run was about no certificate on this node.".to_owned(),
        (None, (0, _)) => format!("The run was about {all}, none of which had expired."),
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
    let ended = match node.ended() {
        "completed" => "came to its end",
        "rolled back" => "was rolled back",
        "settled, some files left alone" => "was settled with some files left alone",
        "ended before it changed anything" => "ended before it changed any file",
        _ => "did not come to its end",
    };
    let counted = if node.timeline.has_pause() {
        ", interruptions not counted"
    } else {
        ""
    };
    format!("{told}{subject} The run {ended} and took {took}{counted}.")
}
