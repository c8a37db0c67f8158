//! The ways out of a run that did not come to its end, in words: the same wherever one is named.

use super::render::printable;
use crate::journal::{Chain, Direction};
use crate::node::Root;

/// Where a run can be taken from where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ways<'a> {
    /// The directions that are open.
    pub(super) open: &'a [Direction],
    /// The run that it takes back, where it is such a rollback: its way forward leads to the old files, its way back to the new.
    pub(super) reverses: Option<&'a str>,
}

impl<'a> Ways<'a> {
    /// Those that the journal leaves.
    pub(super) fn of(chain: &'a Chain) -> Self {
        Self {
            open: chain.open_directions(),
            reverses: chain.genesis().reverses(),
        }
    }

    /// Each way, what it does and the command, for a hint: `finish it: rekindle resume; or go back: rekindle rollback`.
    pub(super) fn hint(&self, root: &Root) -> String {
        let ways = self.open.iter().map(|direction| {
            let command = command(root, *direction);
            format!("{}: {command}", self.aim(*direction))
        });
        ways.collect::<Vec<_>>().join("; or ")
    }

    /// The same, one on a line: `To finish it: rekindle resume`.
    pub(super) fn lines(&self, root: &Root) -> String {
        let width = self.open.iter().map(|way| self.aim(*way).len()).max();
        let width = width.unwrap_or(0) + 1;
        let line = |direction: &Direction| {
            let aim = format!("{}:", self.aim(*direction));
            format!("  To {aim:<width$} {}\n", command(root, *direction))
        };
        self.open.iter().map(line).collect()
    }

    fn aim(&self, direction: Direction) -> String {
        let is_choice = self.open.contains(&Direction::Forward);
        match (direction, self.reverses) {
            (Direction::Forward, None) => "finish it".to_owned(),
            (Direction::Back, None) if is_choice => "go back".to_owned(),
            (Direction::Back, None) => "finish going back".to_owned(),
            (Direction::Forward, Some(run)) => {
                format!("finish going back to before {}", printable(run))
            }
            (Direction::Back, Some(_)) if is_choice => "keep the new files".to_owned(),
            (Direction::Back, Some(_)) => "finish putting the new files back".to_owned(),
        }
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
