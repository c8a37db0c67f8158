//! The right margin of a terminal: a line that would run over it is broken between words, and goes on below where its text began.
//!
//! A terminal breaks in mid-word, and there a tired person misreads. What is to be copied is never broken: a command, a path, a
//! digest. Where such a word is longer than the line the terminal itself wraps it, and gives it back whole when it is marked.

use std::io::{self, Write};

use terminal_size::terminal_size_of;

use crate::shell::without_quoted;

/// Of a line that is broken at the margin: no further in than this does the rest go on.
const DEEPEST: usize = 26;
/// A narrower terminal breaks lines itself: between a hanging indent and the margin there would be no room.
const NARROWEST: usize = 20;
/// How far a line goes on to the right of its own beginning.
const HANGING: usize = 2;
/// What a command begins with, behind the colon of whoever advises it.
const PROGRAMS: [&str; 14] = [
    "age-keygen",
    "cat",
    "chattr",
    "chmod",
    "chown",
    "install",
    "journalctl",
    "kubeadm",
    "kubectl",
    "mv",
    "openssl",
    "rekindle",
    "rm",
    "systemctl",
];

/// Breaks the lines that are written to `inner`.
#[derive(Debug)]
pub(super) struct Margin<W: Write> {
    inner: W,
    columns: Option<usize>,
    /// The line that has no end yet.
    line: Vec<u8>,
}

impl<W: Write> Margin<W> {
    /// `None` breaks nothing: nobody knows how wide it is, or a program reads it.
    pub(super) fn new(inner: W, columns: Option<usize>) -> Self {
        Self {
            inner,
            columns: columns.filter(|columns| *columns >= NARROWEST),
            line: Vec::new(),
        }
    }

    fn write_line(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        let broken = match (self.columns, std::str::from_utf8(&line)) {
            (Some(columns), Ok(text)) if width(text) > columns => broken(text, columns),
            _ => return self.inner.write_all(&line),
        };
        self.inner.write_all(broken.as_bytes())
    }
}

impl<W: Write> Write for Margin<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.columns.is_none() {
            return self.inner.write(bytes);
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.write_line()?;
            }
        }
        Ok(bytes.len())
    }

    /// A question has no end of its line.
    fn flush(&mut self) -> io::Result<()> {
        self.write_line()?;
        self.inner.flush()
    }
}

/// How wide standard error is, where it is a terminal.
pub(super) fn error_columns() -> Option<usize> {
    terminal_size_of(io::stderr()).map(|(width, _)| usize::from(width.0))
}

/// The line with breaks in place of blanks.
fn broken(line: &str, columns: usize) -> String {
    let text = line.trim_end_matches('\n');
    let indent = indent(text, columns);
    let mut result = String::new();
    let mut column = 0;
    let plain = without_quoted(text);
    let mut rest = text;
    while !rest.is_empty() {
        let (blanks, unit) = next(rest, &plain[text.len() - rest.len()..]);
        let (gap, length) = (width(blanks), width(unit));
        let is_first = column <= indent && result.trim().is_empty();
        if is_first || column + gap + length <= columns {
            result.push_str(blanks);
            column += gap;
        } else {
            result.push('\n');
            // Further to the left, what is to be copied may be whole.
            column = if indent + length > columns {
                HANGING
            } else {
                indent
            };
            result.push_str(&" ".repeat(column));
        }
        result.push_str(unit);
        column += length;
        rest = &rest[blanks.len() + unit.len()..];
    }
    result.push_str(&line[text.len()..]);
    result
}

/// The blanks that come next, and what then may not be broken: a word, one in quotes too, or a whole command. `plain` is the same
/// text without what is in quotes.
fn next<'a>(text: &'a str, plain: &str) -> (&'a str, &'a str) {
    let blanks = text.len() - text.trim_start_matches(' ').len();
    let (blanks, rest) = text.split_at(blanks);
    let plain = &plain[blanks.len()..];
    let word = plain.find(' ').unwrap_or(rest.len());
    let name = visible(&rest[..word]);
    let is_command = PROGRAMS.contains(&&*name) && rest.len() > word;
    let end = if is_command {
        end_of_command(plain)
    } else {
        word
    };
    (blanks, &rest[..end])
}

/// Where the prose goes on behind a command.
fn end_of_command(text: &str) -> usize {
    let ends = ["; ", ", ", ". ", ": ", " (", " there "];
    let ends = ends.iter().filter_map(|end| text.find(end));
    ends.min().map_or(text.len(), |at| {
        at + usize::from(!text[at..].starts_with(' '))
    })
}

/// Where the text of a line begins: behind a label and its blanks, and otherwise a little to the right of the line's own beginning.
fn indent(line: &str, columns: usize) -> usize {
    let seen = visible(line);
    let own = seen.len() - seen.trim_start_matches(' ').len();
    let deepest = DEEPEST.min(columns / 2);
    let label = seen.get(own..).and_then(|text| {
        let mut behind = None;
        for (at, _) in text.match_indices("  ") {
            let text_begins = at + text[at..].len() - text[at..].trim_start_matches(' ').len();
            let before = text[..text_begins].chars().count();
            if own + before <= deepest && text_begins < text.len() {
                behind = Some(before);
            }
        }
        behind
    });
    own.min(deepest) + label.unwrap_or(HANGING)
}

/// How many columns that takes: colours take none.
fn width(text: &str) -> usize {
    visible(text).trim_end_matches('\n').chars().count()
}

fn visible(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(columns: usize, text: &str) -> String {
        let mut out = Vec::new();
        let mut margin = Margin::new(&mut out, Some(columns));
        // In pieces, as `write!` has them.
        for piece in text.as_bytes().chunks(3) {
            margin.write_all(piece).unwrap();
        }
        margin.flush().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let text = "error: it is 24 columns\n\n  \u{1b}[1mtwo\u{1b}[0m  words\n";
        assert_eq!(written(24, text), text);
    }

    #[test]
    fn a_line_goes_on_below_its_text() {
        assert_eq!(
            written(30, "error: one two three four five six seven\n"),
            "error: one two three four five\n  six seven\n"
        );
        assert_eq!(
            written(30, "  tokens:  one two three four five six\n"),
            "  tokens:  one two three four\n           five six\n"
        );
    }

    #[test]
    fn colours_take_no_room() {
        assert_eq!(
            written(20, "\u{1b}[1merror:\u{1b}[0m one two three four\n"),
            "\u{1b}[1merror:\u{1b}[0m one two three\n  four\n"
        );
    }

    #[test]
    fn what_is_to_be_copied_is_whole() {
        assert_eq!(
            written(
                40,
                "2 of 4 need something. Next: rekindle --root /a/b plan\n"
            ),
            "2 of 4 need something. Next:\n  rekindle --root /a/b plan\n"
        );
        assert_eq!(
            written(
                40,
                "hint: to finish it: rekindle resume; or to go back: rekindle rollback\n"
            ),
            "hint: to finish it: rekindle resume; or\n  to go back: rekindle rollback\n"
        );
        let command = "rekindle --root '/n/cp (old, 3); there is' rollback";
        let other = "mv -n '/a, b'\\''s' /root/";
        assert_eq!(
            written(
                40,
                &format!("to go back: {command}; or: {other}, then look\n")
            ),
            format!("to go back:\n  {command};\n  or: {other}, then\n  look\n")
        );
        assert_eq!(
            written(
                20,
                "again with --kubelet-stop 'systemctl stop kubelet' here\n"
            ),
            "again with\n  --kubelet-stop\n  'systemctl stop kubelet'\n  here\n"
        );
        let path = "/a/very/long/path/of/more/than/a/line";
        assert_eq!(
            written(30, &format!("Journal   {path}\n")),
            format!("Journal\n  {path}\n")
        );
    }

    #[test]
    fn a_question_is_shown_before_its_line_ends() {
        assert_eq!(
            written(40, "Go on? [y]es / [n]o: "),
            "Go on? [y]es / [n]o: "
        );
    }

    #[test]
    fn a_program_gets_every_byte_as_it_is() {
        let mut out = Vec::new();
        let line = format!("{}\n", "word ".repeat(40));
        Margin::new(&mut out, None)
            .write_all(line.as_bytes())
            .unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), line);
    }
}
