//! The one row that a node has in the table of a fleet.

use super::model::NodeReport;
use super::words::{coarse, moment};

/// What the columns are called.
pub(super) const COLUMNS: [&str; 7] = [
    "Node",
    "Run",
    "Begun",
    "Was dead",
    "Run ended",
    "Proof",
    "Journal",
];

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
        node.ended().to_owned(),
        node.proven(),
        node.verdict.word.to_owned(),
    ]
}
