//! A table of Markdown on a terminal: columns that share the width, their cells filled.

use std::io::{self, Write};

use super::super::paragraph;
use super::super::render::BOLD;

/// Spaces between columns.
const GAP: usize = 2;

/// Writes the lines of a table, the heading and the line below it first.
pub(super) fn write(
    lines: &[&str],
    link: &dyn Fn(&str) -> String,
    columns: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let rows: Vec<Vec<String>> = lines
        .iter()
        .filter(|line| !line.starts_with("|--"))
        .map(|line| cells_of(line).iter().map(|cell| link(cell)).collect())
        .collect();
    let Some(widths) = widths(&rows, columns) else {
        return write_blocks(&rows, columns, out);
    };
    let is_narrow = rows.iter().any(|row| {
        row.iter()
            .zip(&widths)
            .any(|(cell, width)| length(cell) > *width)
    });
    for (number, row) in rows.iter().enumerate() {
        // Where a row takes several lines, nobody sees where the next one begins.
        if number > 0 && is_narrow {
            writeln!(out)?;
        }
        let cells: Vec<Vec<String>> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| paragraph::lines(cell, Some(*width)))
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for place in 0..height {
            let mut shown = String::new();
            for (cell, width) in cells.iter().zip(&widths) {
                let text = cell.get(place).map_or("", String::as_str);
                shown.push_str(text);
                let blanks = (width + GAP).saturating_sub(length(text));
                shown.extend(std::iter::repeat_n(' ', blanks));
            }
            let shown = shown.trim_end();
            if number == 0 {
                writeln!(out, "{BOLD}{shown}{BOLD:#}")?;
            } else {
                writeln!(out, "{shown}")?;
            }
        }
    }
    Ok(())
}

/// Each row by itself, its cells below each other behind their headings: where not even the longest words fit beside each other.
fn write_blocks(rows: &[Vec<String>], columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let Some((headings, rows)) = rows.split_first() else {
        return Ok(());
    };
    let labels = headings.iter().map(|heading| length(heading) + 1).max();
    let behind = labels.unwrap_or(0) + GAP;
    for (number, row) in rows.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        for (heading, cell) in headings.iter().zip(row) {
            if cell.is_empty() {
                continue;
            }
            let mut label = format!("{heading}:");
            for line in paragraph::lines(cell, Some(columns.saturating_sub(behind))) {
                let blanks = behind.saturating_sub(length(&label));
                writeln!(out, "{BOLD}{label}{BOLD:#}{:blanks$}{line}", "")?;
                label.clear();
            }
        }
    }
    Ok(())
}

/// The cells of a row; `\|` is no border.
fn cells_of(line: &str) -> Vec<String> {
    let line = line.trim().trim_start_matches('|');
    let line = line.strip_suffix('|').unwrap_or(line);
    let hidden = line.replace("\\|", "\u{0}");
    hidden
        .split('|')
        .map(|cell| cell.trim().replace('\u{0}', "|"))
        .collect()
}

/// As wide as the widest cell; where that is too much, the widest columns give first. None is narrower than its longest word; `None`
/// where that is too much as well.
fn widths(rows: &[Vec<String>], columns: usize) -> Option<Vec<usize>> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let room = columns.saturating_sub(GAP * count.saturating_sub(1));
    let mut all: Vec<(usize, usize)> = (0..count)
        .map(|column| {
            let cells = || rows.iter().filter_map(|row| row.get(column));
            let words = cells().flat_map(|cell| cell.split(' ')).map(length);
            let widest = cells().map(|cell| length(cell)).max();
            (widest.unwrap_or(0), words.max().unwrap_or(0))
        })
        .collect();
    while all.iter().map(|(width, _)| width).sum::<usize>() > room {
        let can_give = all.iter_mut().filter(|(width, word)| width > word);
        can_give.max_by_key(|(width, _)| *width)?.0 -= 1;
    }
    Some(all.into_iter().map(|(width, _)| width).collect())
}

fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(table: &str, columns: usize) -> String {
        let mut out = Vec::new();
        let lines: Vec<&str> = table.lines().collect();
        write(&lines, &str::to_owned, columns, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn columns_share_the_width() {
        let table =
            "| code | meaning |\n|---|---|\n| 0 | done, or nothing to do |\n| 1 | `a \\| b` |\n";
        assert_eq!(
            laid_out(table, 80),
            "code  meaning\n0     done, or nothing to do\n1     `a | b`\n"
        );
        assert_eq!(
            laid_out(table, 20),
            "code  meaning\n\n0     done, or\n      nothing to do\n\n1     `a | b`\n"
        );
        assert_eq!(
            laid_out(table, 12),
            "code:     0\nmeaning:  done,\n          or\n          nothing\n          to\n          do\n\ncode:     1\nmeaning:  `a\n          |\n          b`\n"
        );
    }
}
