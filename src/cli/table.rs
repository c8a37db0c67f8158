//! Columns of text, as wide as their widest cell.

use std::io::{self, Write};

use anstyle::Style;

/// Spaces between columns, as kubeadm's tables have them.
const GAP: usize = 3;

/// A cell, with colour where colour says something.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    text: String,
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
            text: text.into(),
            style,
        }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::styled(text, Style::new())
    }
}

impl Table {
    pub(super) fn with_heading(heading: &[&str]) -> Self {
        Self {
            rows: vec![heading.iter().map(|name| Cell::from(*name)).collect()],
        }
    }

    pub(super) fn push(&mut self, row: Vec<Cell>) {
        self.rows.push(row);
    }

    /// Writes the table with `indent` spaces before each row; no row has blanks at its end.
    pub(super) fn write(&self, out: &mut dyn Write, indent: usize) -> io::Result<()> {
        let widths = self.widths();
        for row in &self.rows {
            write!(out, "{:indent$}", "")?;
            let mut pending = 0;
            for (cell, width) in row.iter().zip(&widths) {
                let Cell { text, style } = cell;
                write!(out, "{:pending$}{style}{text}{style:#}", "")?;
                pending = width + GAP - text.chars().count();
            }
            writeln!(out)?;
        }
        Ok(())
    }

    fn widths(&self) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        (0..columns)
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                cells
                    .map(|cell| cell.text.chars().count())
                    .max()
                    .unwrap_or(0)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_rows_end_without_blanks() {
        let mut table = Table::with_heading(&["NAME", "STATE"]);
        table.push(vec!["apiserver".into(), "expired".into()]);
        table.push(vec!["ca".into(), "".into()]);
        let mut out = Vec::new();
        table.write(&mut out, 2).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().next(), Some("  NAME        STATE"), "{text}");
        assert_eq!(text.lines().nth(1), Some("  apiserver   expired"));
    }
}
