//! The ways out of a run that did not come to its end, in words: the same wherever one is named.

use crate::journal::Direction;
use crate::node::Root;

/// Each way that is open, what it does and the command, for a hint: `finish it: rekindle resume; or go back: rekindle rollback`.
pub(super) fn ways_out(root: &Root, open: &[Direction]) -> String {
    let ways: Vec<String> = open
        .iter()
        .map(|direction| format!("{}: {}", aim(*direction, open), command(root, *direction)))
        .collect();
    ways.join("; or ")
}

/// The same, one on a line: `To finish it: rekindle resume`.
pub(super) fn lines_of_ways(root: &Root, open: &[Direction]) -> String {
    let width = open.iter().map(|direction| aim(*direction, open).len());
    let width = width.max().unwrap_or(0) + 1;
    let line = |direction: &Direction| {
        let aim = format!("{}:", aim(*direction, open));
        format!("  To {aim:<width$} {}\n", command(root, *direction))
    };
    open.iter().map(line).collect()
}

fn aim(direction: Direction, open: &[Direction]) -> &'static str {
    match direction {
        Direction::Forward => "finish it",
        Direction::Back if open.contains(&Direction::Forward) => "go back",
        Direction::Back => "finish going back",
    }
}

fn command(root: &Root, direction: Direction) -> String {
    root.command(verb(direction))
}

/// The verb that leads there.
pub(super) fn verb(direction: Direction) -> &'static str {
    match direction {
        Direction::Forward => "resume",
        Direction::Back => "rollback",
    }
}
