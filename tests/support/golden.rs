//! What the program says, kept in golden files with placeholders for what differs from run to run, and what the runbooks
//! quote of it.
//!
//! After a change of wording: `SNAPSHOTS=overwrite cargo test`, and read the difference.

use std::path::Path;

use super::node::project;

/// Holds what was said against the golden file, a path in the repository.
#[track_caller]
pub fn compare(golden: &str, said: &str, root: &Path) {
    snapbox::Assert::new().action_env("SNAPSHOTS").eq(
        snapbox::Data::from(timeless(said, root)).raw(),
        snapbox::Data::read_from(
            &project().join(golden),
            Some(snapbox::data::DataFormat::Text),
        )
        .raw(),
    );
}

/// What differs from run to run: the temporary folder, dates, runs, digests, process numbers, sizes of disks.
pub fn timeless(text: &str, root: &Path) -> String {
    let mut words: Vec<String> = Vec::new();
    let text = text.replace(root.to_str().unwrap(), "[ROOT]");
    let text = without_shape(&text, "00000000T000000.000Z-xxxxxx", "[RUN]");
    let text = without_shape(&text, "0000-00-00-00-00-00.pem", "[DATE].pem");
    let text = without_shape(&text, &"x".repeat(64), "[SHA256]");
    let text = without_shape(&text, "xxxxxxxxxxxx…", "[SHA256]");
    let text = without_dates(text);
    for word in text.split(' ') {
        let shape: String = word
            .chars()
            .map(|letter| if letter.is_ascii_digit() { '0' } else { letter })
            .collect();
        let word = match shape.trim_end_matches([',', ';', '\n']) {
            "0000-00-00" => "[DATE]",
            "00:00:00" if words.last().is_some_and(|last| last == "[DATE]") => continue,
            _ => word,
        };
        words.push(word.to_owned());
    }
    words.join(" ").replace("[DATE] UTC", "[DATE]")
}

/// `Nov 23, 2026 20:56 UTC`, as tables have it.
fn without_dates(text: String) -> String {
    let months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec";
    let days = |month| ["0", "00"].map(|day| format!("{month} {day}, 0000 00:00 UTC"));
    let shapes = months.split(' ').flat_map(days);
    shapes.fold(text, |text, shape| without_shape(&text, &shape, "[DATE]"))
}

/// Puts `placeholder` for each part of an ASCII text that looks like `shape`: `0` for any digit, `x` for any lower-case
/// hexadecimal digit.
fn without_shape(text: &str, shape: &str, placeholder: &str) -> String {
    let fits = |text: &str| {
        let head = text.get(..shape.len());
        head.is_some_and(|head| {
            head.chars()
                .zip(shape.chars())
                .all(|(letter, shape)| match shape {
                    '0' => letter.is_ascii_digit(),
                    'x' => letter.is_ascii_digit() || ('a'..='f').contains(&letter),
                    other => letter == other,
                })
        })
    };
    let mut result = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if fits(rest) {
            result.push_str(placeholder);
            rest = &rest[shape.len()..];
        } else {
            result.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    result
}

/// Whether `shown` is that line of a golden file, with any value for each placeholder, and of the machine's own node, where
/// commands need no `--root`; `…` at its end leaves the rest out.
pub fn is_line(golden: &str, shown: &str) -> bool {
    const PLACEHOLDERS: [&str; 8] = [
        "[ROOT]", "[DATE]", "[PID]", "[NUMBER]", "[CHOICE]", "[RUN]", "[SHA256]", "[SIGNAL]",
    ];
    let of_machine = golden.replace("rekindle --root [ROOT] ", "rekindle ");
    [golden, &of_machine].iter().any(|golden| {
        let golden = PLACEHOLDERS
            .iter()
            .fold((*golden).to_owned(), |line, one| line.replace(one, "\0"));
        let literals: Vec<&str> = golden.split('\0').collect();
        match shown.strip_suffix('…') {
            Some(beginning) => begins(&literals, beginning),
            None => fits(&literals, shown),
        }
    })
}

/// Whether `shown` is those literals with anything between two of them.
fn fits(literals: &[&str], shown: &str) -> bool {
    let mut literals = literals.iter();
    let mut rest = literals.next().and_then(|first| shown.strip_prefix(first));
    let mut is_open = false;
    for literal in literals {
        is_open = literal.is_empty();
        rest = rest.and_then(|rest| Some(rest.split_once(literal)?.1));
    }
    rest.is_some_and(|rest| is_open || rest.is_empty())
}

/// Whether `shown` is the beginning of such a line; a value that is cut short has no blank.
fn begins(literals: &[&str], shown: &str) -> bool {
    let Some((first, others)) = literals.split_first() else {
        return false;
    };
    let Some(mut rest) = shown.strip_prefix(first) else {
        return first.starts_with(shown);
    };
    for literal in others {
        match rest.split_once(literal) {
            Some((_, behind)) if !literal.is_empty() => rest = behind,
            _ => {
                let mut cuts = rest.char_indices().map(|(at, _)| rest.split_at(at));
                return !rest.contains(' ')
                    || cuts.any(|(value, end)| !value.contains(' ') && literal.starts_with(end));
            }
        }
    }
    rest.is_empty()
}
