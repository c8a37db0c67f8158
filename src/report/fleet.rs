//! The one row that a node has in the table of a fleet.

use super::model::NodeReport;
use super::outcome::Outcome;
use super::text::shown;
use super::words::{coarse, moment};

/// What the columns are called.
pub(super) const COLUMNS: [&str; 7] = [
    "Node", "Run", "Begun", "Was dead", "Outcome", "Proof", "Journal",
];

/// That journals are missing of which a checkpoint was kept, the first of them by name.
pub(super) fn missing_words(missing: &[String]) -> String {
    let named: Vec<String> = missing.iter().take(20).map(|run| shown(run)).collect();
    let more = match missing.len() - named.len() {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    format!(
        "A checkpoint was kept of runs whose journals are not here: {}{more}.",
        named.join(", ")
    )
}

/// The row, as plain text.
pub(super) fn row(node: &NodeReport) -> [String; 7] {
    let dead = match node.dead() {
        _ if node.run.is_none() => "unknown".to_owned(),
        (0, _) => "nothing".to_owned(),
        (number, longest) => {
            let longest =
                longest.map_or_else(String::new, |span| format!(", up to {}", coarse(span)));
            format!("{number} of {}{longest}", node.renewed().count())
        }
    };
    let run = node.run.as_ref();
    [
        node.title().to_owned(),
        run.map_or_else(|| "unknown".to_owned(), |run| run.id.clone()),
        run.map_or_else(|| "unknown".to_owned(), |run| moment(run.begun)),
        dead,
        Outcome::of(node).word.to_lowercase(),
        node.proven(),
        node.verdict.word.to_owned(),
    ]
}
