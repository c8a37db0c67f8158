//! Text that is broken between words, and hangs behind where it began.

use std::io::{self, Write};

use anstyle::Style;

use super::table::terminal_columns;
use crate::shell::without_quoted;

/// The lines of `text`, each with at most `width` characters where its words are short enough; one line where nobody knows how wide
/// the terminal is.
pub(super) fn lines(text: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width else {
        return vec![text.to_owned()];
    };
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Writes `text` in one colour, broken between words where the terminal is too narrow, each line `indent` columns in.
pub(super) fn write_lines(
    text: &str,
    style: Style,
    indent: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let width = terminal_columns().map(|columns| columns.saturating_sub(indent));
    for line in lines(text, width) {
        writeln!(out, "{:indent$}{style}{line}{style:#}", "")?;
    }
    Ok(())
}

/// The same for advice that ends with a command behind its last colon: where it does not fit into one line, the command gets one of
/// its own, and is never broken, for it is to be copied.
pub(super) fn advice(text: &str, width: Option<usize>) -> Vec<String> {
    let whole = lines(text, width);
    match without_quoted(text).rfind(": ") {
        Some(colon) if whole.len() > 1 => {
            let mut lines = lines(&text[..=colon], width);
            lines.push(text[colon + 2..].to_owned());
            lines
        }
        _ => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_long_words_are_whole() {
        assert_eq!(lines("one two three", Some(7)), ["one two", "three"]);
        assert_eq!(lines("/a/long/path is", Some(4)), ["/a/long/path", "is"]);
        assert_eq!(lines("one two three", None), ["one two three"]);
    }

    #[test]
    fn a_command_is_never_broken() {
        let text = "start it: systemctl start kubelet";
        assert_eq!(advice(text, Some(40)), [text]);
        let broken = ["start it:", "systemctl start kubelet"];
        assert_eq!(advice(text, Some(20)), broken);
        let quoted = "look: rekindle --root '/a: b' verify";
        let broken = ["look:", "rekindle --root '/a: b' verify"];
        assert_eq!(advice(quoted, Some(20)), broken);
        assert_eq!(advice("it is slow", Some(8)), ["it is", "slow"]);
    }
}
