//! Columns of text, as wide as their widest cell.

use std::io::{self, Write};

use anstyle::Style;

use super::render::printable;

/// Spaces between columns, as kubeadm's tables have them.
const GAP: usize = 3;
/// Spaces between columns where there is little room.
const NARROW_GAP: usize = 2;

/// A cell: its text, a shorter form for narrow terminals, and colour where colour says something.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    text: String,
    short: Option<String>,
    style: Style,
}

/// Rows under a heading.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Vec<Cell>>,
}

impl Cell {
    pub(super) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self {
            text: printable(&text.into()),
            short: None,
            style,
        }
    }

    /// The same cell with a form for narrow terminals.
    pub(super) fn or(mut self, short: impl Into<String>) -> Self {
        self.short = Some(short.into());
        self
    }

    /// Its text in full.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    fn form(&self, narrow: bool) -> &str {
        match &self.short {
            Some(short) if narrow => short,
            _ => &self.text,
        }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::styled(text, Style::new())
    }
}

impl Table {
    pub(super) fn with_heading(heading: Vec<Cell>) -> Self {
        Self {
            rows: vec![heading],
        }
    }

    pub(super) fn push(&mut self, row: Vec<Cell>) {
        self.rows.push(row);
    }

    /// The rows, below their heading.
    pub(super) fn body(&self) -> &[Vec<Cell>] {
        self.rows.get(1..).unwrap_or_default()
    }

    /// Writes the table with `indent` spaces before each row, in its short form where it would not fit into
    /// `columns`. No row has blanks at its end.
    pub(super) fn write(
        &self,
        out: &mut dyn Write,
        indent: usize,
        columns: Option<usize>,
    ) -> io::Result<()> {
        let full = indent
            + self
                .widths(false)
                .iter()
                .map(|width| width + GAP)
                .sum::<usize>();
        let narrow = columns.is_some_and(|columns| full > columns + GAP);
        let widths = self.widths(narrow);
        let gap = if narrow { NARROW_GAP } else { GAP };
        for row in &self.rows {
            write!(out, "{:indent$}", "")?;
            let mut pending = 0;
            for (cell, width) in row.iter().zip(&widths) {
                let text = cell.form(narrow);
                let style = cell.style;
                if !text.is_empty() {
                    write!(out, "{:pending$}{style}{text}{style:#}", "")?;
                    pending = 0;
                }
                if *width > 0 {
                    pending += width + gap - text.chars().count();
                }
            }
            writeln!(out)?;
        }
        Ok(())
    }

    fn widths(&self, narrow: bool) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        (0..columns)
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                let lengths = cells.map(|cell| cell.form(narrow).chars().count());
                lengths.max().unwrap_or(0)
            })
            .collect()
    }
}

/// How many columns standard output has, where it is a terminal.
pub(super) fn terminal_columns() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::with_heading(vec![
            "NAME".into(),
            Cell::from("AUTHORITY").or("CA"),
            "STATE".into(),
        ]);
        table.push(vec!["apiserver".into(), "ca".into(), "expired".into()]);
        table.push(vec!["ca".into(), "".into(), "".into()]);
        table
    }

    fn written(columns: Option<usize>) -> String {
        let mut out = Vec::new();
        table().write(&mut out, 2, columns).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_line_up_and_rows_end_without_blanks() {
        assert_eq!(
            written(None),
            "  NAME        AUTHORITY   STATE\n  apiserver   ca          expired\n  ca\n"
        );
        assert_eq!(written(Some(33)), written(None));
    }

    #[test]
    fn what_does_not_fit_is_written_shorter() {
        assert_eq!(
            written(Some(32)),
            "  NAME       CA  STATE\n  apiserver  ca  expired\n  ca\n"
        );
    }
}
