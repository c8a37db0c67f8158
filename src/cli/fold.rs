//! Whether a report fits on the screen: where it does not, what is sound is folded, so that what matters does not scroll away.

use std::io::{self, Write};

use terminal_size::terminal_size_of;

use super::margin::Margin;

/// How much of a report is written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A line for each thing.
    Whole,
    /// What is alike, together.
    Folded,
}

impl Form {
    /// Whole, where what `write` writes is to be seen at once, or nobody sees it on a terminal.
    pub(super) fn that_fits(
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<Self> {
        let Some((width, height)) = terminal_size_of(io::stdout()) else {
            return Ok(Self::Whole);
        };
        let mut lines = Vec::new();
        let mut margin = Margin::new(&mut lines, Some(width.0.into()));
        write(&mut margin)?;
        margin.flush()?;
        drop(margin);
        let number = lines.split_inclusive(|byte| *byte == b'\n').count();
        // The last line is the shell's, or the question.
        Ok(if number < usize::from(height.0) {
            Self::Whole
        } else {
            Self::Folded
        })
    }

    pub(super) fn is_folded(self) -> bool {
        self == Self::Folded
    }
}
