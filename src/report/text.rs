//! Text of a journal, made harmless: bounded, and with every letter shown that would otherwise act and not be seen.

use std::fmt::Write as _;

use crate::elision::elide;

/// How many letters of one text are shown.
const LONGEST: usize = 400;
/// The same where a command may stand in it: two paths of the largest length that Linux takes (`PATH_MAX`).
const LONGEST_WITH_COMMAND: usize = 2 * 4096;

/// The text as a page may show it: what may be a key is cut short, invisible letters are named (`⟨U+202E⟩`), and too long a
/// text ends with `…`. Not escaped: that is for whoever writes it.
pub(super) fn shown(text: &str) -> String {
    bounded(text, LONGEST)
}

/// The same for words with a command in them, which must not be cut: half of one does something else.
pub(super) fn shown_whole(text: &str) -> String {
    bounded(text, LONGEST_WITH_COMMAND)
}

fn bounded(text: &str, longest: usize) -> String {
    let elided = elide(text);
    let mut letters = elided.chars();
    let mut out = String::new();
    for letter in letters.by_ref().take(longest) {
        if acts_unseen(letter) {
            // A `String` takes everything.
            let _ = write!(out, "⟨U+{:04X}⟩", u32::from(letter));
        } else {
            out.push(letter);
        }
    }
    if letters.next().is_some() {
        out.push('…');
    }
    out
}

/// Control characters, and the format characters that turn the direction of text (Unicode Standard Annex 9) or have no width.
fn acts_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}'
                | '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_unseen_is_shown_and_nothing_is_endless() {
        assert_eq!(shown("a\u{202e}b\nc"), "a⟨U+202E⟩b⟨U+000A⟩c");
        assert_eq!(shown("Zürich 節点"), "Zürich 節点");
        let long = shown(&"ab ".repeat(100_000));
        assert_eq!(long.chars().count(), LONGEST + 1);
    }
}
