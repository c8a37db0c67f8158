//! What is on a terminal at the end, with its colours as words, and what holds for each of them.

use std::num::NonZero;

use vt100::{Color, Parser, Screen};

use crate::support::node::project;

/// How many lines that scrolled away are looked at.
const HISTORY: usize = 2_000;

/// One line as it was written, of one row or of several where the terminal itself wrapped it.
#[derive(Debug, Clone)]
pub struct Line {
    /// Without colours.
    pub text: String,
    /// With them: `<red bold>expired</>`.
    coloured: String,
    /// How many rows it takes.
    pub rows: usize,
    is_visible: bool,
}

/// The lines of a terminal, those that scrolled away too.
#[derive(Debug, Clone)]
pub struct Picture {
    pub lines: Vec<Line>,
    columns: usize,
}

impl Picture {
    /// What a terminal of that size, rows and columns, makes of those bytes.
    pub fn of(bytes: &[u8], (rows, columns): (u16, u16)) -> Self {
        let count = |number| NonZero::new(number).unwrap();
        let mut parser = Parser::new(count(rows), count(columns), HISTORY);
        parser.process(bytes);
        // Row after row from the top of what scrolled away: each is the first row for once.
        parser.screen_mut().set_scrollback(HISTORY);
        let history = parser.screen().scrollback();
        let mut all = Vec::new();
        for back in (1..=history).rev() {
            parser.screen_mut().set_scrollback(back);
            all.push(row(parser.screen(), 0, columns, false));
        }
        parser.screen_mut().set_scrollback(0);
        for number in 0..rows {
            all.push(row(parser.screen(), number, columns, true));
        }
        let mut lines: Vec<Line> = Vec::new();
        let mut goes_on = false;
        for (line, is_wrapped) in all {
            match lines.last_mut() {
                Some(last) if goes_on => last.join(&line),
                _ => lines.push(line),
            }
            goes_on = is_wrapped;
        }
        while lines.last().is_some_and(|line| line.text.is_empty()) {
            lines.pop();
        }
        Self {
            lines,
            columns: columns.into(),
        }
    }

    /// All of it without colours, each line as it was written.
    pub fn text(&self) -> String {
        joined(self.lines.iter())
    }

    /// The same with what differs from run to run made the same.
    pub fn masked(&self) -> String {
        masked(&self.text())
    }

    /// What is to be seen, without colours.
    pub fn visible(&self) -> String {
        joined(self.lines.iter().filter(|line| line.is_visible))
    }

    /// Whether some of it has a colour.
    pub fn has_colours(&self) -> bool {
        self.lines.iter().any(|line| line.coloured != line.text)
    }

    /// Holds what is to be seen against the golden file of that name, and judges it.
    #[track_caller]
    pub fn expect(&self, name: &str) {
        self.judge();
        let above = self.lines.iter().filter(|line| !line.is_visible).count();
        let mut golden = match above {
            0 => String::new(),
            number => format!("({number} lines above)\n"),
        };
        for line in self.lines.iter().filter(|line| line.is_visible) {
            golden.push_str(&masked(&line.coloured));
            golden.push('\n');
        }
        let path = project()
            .join("tests/screens")
            .join(format!("{name}.screen"));
        snapbox::Assert::new().action_env("SNAPSHOTS").eq(
            snapbox::Data::from(golden).raw(),
            snapbox::Data::read_from(&path, Some(snapbox::data::DataFormat::Text)).raw(),
        );
    }

    /// What holds for every screen: nothing runs over the margin but what is to be copied whole, nothing but letters is there, and
    /// the last line says something.
    #[track_caller]
    pub fn judge(&self) {
        for line in &self.lines {
            let longest = line.text.trim_start();
            let is_whole = !longest.contains(' ') || longest.starts_with("rekindle ");
            assert!(
                line.rows == 1 || is_whole,
                "the terminal wraps this, at {} columns:\n{}\n{}",
                self.columns,
                line.text,
                self.text()
            );
            assert!(
                !line.text.chars().any(char::is_control),
                "{:?} in\n{}",
                line.text,
                self.text()
            );
        }
        let last = self.lines.last().expect("an empty screen");
        assert!(last.is_visible, "{}", self.text());
    }
}

fn joined<'a>(lines: impl Iterator<Item = &'a Line>) -> String {
    let texts = lines.flat_map(|line| [line.text.as_str(), "\n"]);
    texts.collect()
}

impl Line {
    fn join(&mut self, other: &Self) {
        self.text.push_str(&other.text);
        self.coloured.push_str(&other.coloured);
        self.rows += other.rows;
        self.is_visible |= other.is_visible;
    }
}

/// A row, and whether it goes on in the next.
fn row(screen: &Screen, number: u16, columns: u16, is_visible: bool) -> (Line, bool) {
    let mut text = String::new();
    let mut coloured = String::new();
    let mut open = String::new();
    for column in 0..columns {
        let Some(cell) = screen.cell(number, column) else {
            break;
        };
        let style = style(
            cell.fgcolor(),
            cell.bgcolor(),
            cell.bold(),
            cell.underline(),
        );
        if style != open {
            if !open.is_empty() {
                coloured.push_str("</>");
            }
            if !style.is_empty() {
                coloured.extend(["<", &style, ">"]);
            }
            open = style;
        }
        let letter = if cell.has_contents() {
            cell.contents()
        } else {
            " "
        };
        text.push_str(letter);
        coloured.push_str(letter);
    }
    if !open.is_empty() {
        coloured.push_str("</>");
    }
    let line = Line {
        text: text.trim_end().to_owned(),
        coloured: coloured.trim_end().to_owned(),
        rows: 1,
        is_visible,
    };
    (line, screen.row_wrapped(number))
}

fn style(foreground: Color, background: Color, bold: bool, underline: bool) -> String {
    let name = |color| match color {
        Color::Default => String::new(),
        Color::Idx(1) => "red".to_owned(),
        Color::Idx(2) => "green".to_owned(),
        Color::Idx(3) => "yellow".to_owned(),
        other => format!("{other:?}"),
    };
    let mut words = vec![name(foreground)];
    if background != Color::Default {
        words.push(format!("on {}", name(background)));
    }
    for (is_so, word) in [(bold, "bold"), (underline, "underline")] {
        if is_so {
            words.push(word.to_owned());
        }
    }
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

/// What differs from run to run, as long as it was: dates, runs, digests, signatures; and process numbers and seconds, which stand
/// in no column.
pub fn masked(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let length = variable(rest, result.chars().last());
        if length == 0 {
            result.push(letter);
            rest = &rest[letter.len_utf8()..];
            continue;
        }
        let (found, behind) = rest.split_at(length);
        result.push_str(&same(found));
        rest = behind;
    }
    let mut words: Vec<String> = result.split(' ').map(str::to_owned).collect();
    for at in 1..words.len() {
        let is_number = words[at].trim_end_matches(',').parse::<u32>().is_ok();
        if words[at - 1].ends_with("process") && is_number {
            "[PID]".clone_into(&mut words[at]);
        }
    }
    words.join(" ")
}

/// As long, and the same whatever it was.
fn same(found: &str) -> String {
    if found.len() > 30 && !found.contains('-') {
        return "B".repeat(found.len());
    }
    let (head, random) = found.split_at(found.find("Z-").map_or(found.len(), |at| at + 2));
    let head = head
        .chars()
        .map(|letter| if letter.is_ascii_digit() { '0' } else { letter });
    let head: String = head.collect();
    // A month has no number in it.
    let head = match head.split_once(" 00, 0000") {
        Some((_, behind)) => format!("Mmm 00, 0000{behind}"),
        None => head,
    };
    head + &"x".repeat(random.len())
}

/// How much at the beginning of the text differs from run to run.
fn variable(text: &str, before: Option<char>) -> usize {
    if before.is_some_and(|letter| letter.is_alphanumeric() || letter == '.') {
        return 0;
    }
    let base64 = |letter: char| letter.is_ascii_alphanumeric() || "+/=".contains(letter);
    let word = text.find(|letter| !base64(letter)).unwrap_or(text.len());
    let is_digest =
        [32, 64].contains(&word) && text[..word].bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_base64 = word >= 44 && text[..word].ends_with('=');
    if is_digest || is_base64 {
        return word;
    }
    let shapes = [
        "00000000T000000.000Z-xxxxxx",
        "0000-00-00T00:00:00Z",
        "0000-00-00T00:00:00",
        "0000-00-00-00-00-00",
        "0000-00-00",
        "0.0 s",
        "00:00",
        "0y",
    ];
    // Behind a colon stands a port, or a digest.
    let shapes = if before == Some(':') {
        &[][..]
    } else {
        &shapes
    };
    let ends = |length: usize| !text[length..].starts_with(|it: char| it.is_ascii_alphanumeric());
    let is_it = |shape: &&&str| fits(text, shape) && ends(shape.len());
    if let Some(shape) = shapes.iter().find(is_it) {
        return shape.len();
    }
    let months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec";
    if months
        .split(' ')
        .any(|month| fits(text, &format!("{month} 00, 0000")))
    {
        return "Nov 00, 0000".len();
    }
    0
}

fn fits(text: &str, shape: &str) -> bool {
    let head = text.get(..shape.len());
    head.is_some_and(|head| {
        head.chars()
            .zip(shape.chars())
            .all(|(letter, shape)| match shape {
                '0' => letter.is_ascii_digit(),
                'x' => letter.is_ascii_hexdigit(),
                other => letter == other,
            })
    })
}

#[test]
fn what_differs_is_as_long_as_it_was() {
    for text in [
        "Nov 23, 2026 20:56 UTC, 9y left",
        "/var/lib/rekindle/backups/20261129T061309.422Z-a508e8/etc",
        "  gg6jUSWH2nmSHce3j1zq4ngvlzL2WrZjBw8koYwXNAs=",
    ] {
        let masked = masked(text);
        assert_ne!(masked, text);
        assert_eq!(masked.len(), text.len(), "{masked}");
    }
    let text = "kube-apiserver.yaml and ca.crt stay";
    assert_eq!(masked(text), text);
}

#[test]
fn the_judge_sees_a_line_that_the_terminal_wraps() {
    let long = format!("{}\r\n", "word ".repeat(20));
    let judged = std::panic::catch_unwind(|| Picture::of(long.as_bytes(), (24, 80)).judge());
    assert!(judged.is_err());
    Picture::of(format!("{}\r\n", "x".repeat(100)).as_bytes(), (24, 80)).judge();
}
