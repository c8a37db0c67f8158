//! Words for a POSIX shell: a command in a hint must still be the same command when somebody pastes it.

use std::path::Path;

/// The word as a shell reads it back: as it is where that is plain, in single quotes otherwise (POSIX.1-2024, Shell &
/// Utilities, 2.2).
pub fn quote(word: impl AsRef<Path>) -> String {
    let word = word.as_ref().to_string_lossy();
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.into_owned();
    }
    // Within single quotes nothing is special but their end.
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The text with `_` in place of every byte that a shell would take as it is, within quotes or behind a backslash: what is found in
/// it stands outside of them, at the same place. A quote is one where a word or a value begins; within a word it is an apostrophe.
pub fn without_quoted(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    // Where the quotes are open, what ends them, and how long the text was before.
    let mut open: Option<(char, usize)> = None;
    let (mut before, mut is_escaped) = (' ', false);
    for letter in text.chars() {
        let is_quoted = is_escaped || open.is_some();
        if let Some((quote, _)) = open {
            if letter == quote {
                open = None;
            }
        } else if !is_escaped && matches!(letter, '\'' | '"') && !before.is_alphanumeric() {
            open = Some((letter, plain.len()));
        }
        is_escaped = !is_quoted && letter == '\\';
        before = letter;
        if is_quoted {
            plain.extend(std::iter::repeat_n('_', letter.len_utf8()));
        } else {
            plain.push(letter);
        }
    }
    // What is never closed is no quote of a shell's.
    if let Some((_, begin)) = open {
        plain.truncate(begin);
        plain.push_str(&text[begin..]);
    }
    plain
}

/// What no shell takes for anything but itself, wherever in an operand it stands.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/._-+,:@%=".contains(&byte)
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "the test asks a shell what it reads"
)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_plain_path_stays_as_it_is() {
        for path in [
            "/",
            "/etc/kubernetes/pki/etcd/ca.crt",
            "/var/lib/rekindle/backups/20261124T031245.118Z-1f5a9e",
            "./a_b+c,d:e@f%g=h",
        ] {
            assert_eq!(quote(path), path);
        }
    }

    #[test]
    fn what_is_quoted_is_passed_over() {
        for (text, plain) in [
            ("mv 'a, b' c, then", "mv '_____ c, then"),
            ("rm --in='a; b'; then", "rm --in='_____; then"),
            ("say \"a, b\", then", "say \"_____, then"),
            ("the node's file, the user's", "the node's file, the user's"),
            ("'never, closed", "'never, closed"),
            ("a\\, b, c", "a\\_ b, c"),
            ("'für, x', y", "'________, y"),
        ] {
            assert_eq!(without_quoted(text), plain);
        }
        // As `quote` writes an apostrophe.
        let word = quote("no'de, old");
        let plain = without_quoted(&format!("{word}, then"));
        assert_eq!(plain.find(", "), Some(word.len()));
    }

    #[test]
    fn a_shell_reads_each_word_back() {
        for word in [
            "",
            "sp ace/no'de",
            "''",
            "a\nb",
            "~root",
            "$HOME `id` $(id)",
            "a;b|c&d>e<f",
            "*?[a]{b,c}",
            "\\\"#!",
            "Zertifikate-für-später",
        ] {
            let script = format!("printf '[%s]' {}", quote(word));
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            let read = String::from_utf8(output.stdout).unwrap();
            assert_eq!(read, format!("[{word}]"), "{script}");
        }
    }
}
