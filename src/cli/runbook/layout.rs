//! A page in lines that fit: paragraphs and items of lists are filled, tables are laid out, and code is left alone, so that a
//! command can be copied.

use std::io::{self, Write};

use super::super::paragraph;
use super::super::render::BOLD;
use super::cells;

/// Nobody reads longer lines well.
const WIDEST: usize = 100;

/// A blank that no line ends at.
const HELD: &str = "\u{a0}";

/// Longer commands in the middle of prose would leave too much of a line empty.
const LONGEST_HELD: usize = 48;

/// Writes the Markdown of a page in lines of at most `columns`; `link` says what becomes of the links in a paragraph.
pub(super) fn write(
    page: &str,
    link: &dyn Fn(&str) -> String,
    columns: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let columns = columns.min(WIDEST);
    let mut lines = page.lines().peekable();
    let mut may_be_code = true;
    while let Some(line) = lines.next() {
        if line.is_empty() {
            writeln!(out)?;
            may_be_code = true;
        } else if may_be_code && line.starts_with("    ") {
            writeln!(out, "{line}")?;
        } else if line.starts_with('#') {
            for line in paragraph::lines(&link(line), Some(columns)) {
                writeln!(out, "{BOLD}{line}{BOLD:#}")?;
            }
        } else if line.starts_with('|') {
            let mut rows = vec![line];
            while let Some(row) = lines.next_if(|line| line.starts_with('|')) {
                rows.push(row);
            }
            cells::write(&rows, link, columns, out)?;
        } else {
            let indent = line.len() - line.trim_start().len();
            let (mark, text) = line.trim_start().split_at(marker(line.trim_start()));
            let mut text = text.to_owned();
            while let Some(more) = lines.next_if(|line| continues(line)) {
                text.push(' ');
                text.push_str(more.trim());
            }
            let hanging = indent + mark.len();
            let mut before = format!("{:indent$}{mark}", "");
            let text = hold_together(&link(&text));
            for line in paragraph::lines(&text, Some(columns.saturating_sub(hanging))) {
                writeln!(out, "{before}{}", line.replace(HELD, " "))?;
                before = " ".repeat(hanging);
            }
            may_be_code = false;
        }
    }
    Ok(())
}

/// `text` with the blanks of its short commands as such that nothing is broken at: they are to be copied.
fn hold_together(text: &str) -> String {
    let mut is_code = false;
    let pieces = text.split('`').map(|piece| {
        let held = if is_code && piece.chars().count() <= LONGEST_HELD {
            piece.replace(' ', HELD)
        } else {
            piece.to_owned()
        };
        is_code = !is_code;
        held
    });
    pieces.collect::<Vec<_>>().join("`")
}

/// Whether a line goes on with the paragraph before it.
fn continues(line: &str) -> bool {
    let text = line.trim_start();
    !text.is_empty() && !text.starts_with(['|', '#']) && marker(text) == 0
}

/// How long the mark of an item of a list is, `- ` or `1. `; 0 where there is none.
fn marker(text: &str) -> usize {
    if text.starts_with("- ") {
        return 2;
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let is_number = digits > 0
        && text
            .get(digits..)
            .is_some_and(|rest| rest.starts_with(". "));
    if is_number { digits + 2 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(page: &str, columns: usize) -> String {
        let mut out = Vec::new();
        write(page, &str::to_owned, columns, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn prose_is_filled_and_code_is_not() {
        let page = "# A page\n\nSome words\nof prose.\n\n    a command that is longer than the line\n    another\n\n\
                    1. An item with more than one line\n   of text.\n\n       its command is here\n\n- Another.\n- One more.\n";
        assert_eq!(
            laid_out(page, 20),
            "# A page\n\nSome words of prose.\n\n    a command that is longer than the line\n    another\n\n\
             1. An item with more\n   than one line of\n   text.\n\n       its command is here\n\n- Another.\n- One more.\n"
        );
    }
}
