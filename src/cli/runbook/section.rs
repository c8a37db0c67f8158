//! A part of a page, by the anchor that GitHub gives its heading.

/// The section whose heading has that anchor, up to the next heading of its level or above.
pub(super) fn of<'a>(page: &'a str, anchor: &str) -> Option<&'a str> {
    let mut begin: Option<(usize, usize)> = None;
    let mut place = 0;
    for line in page.split_inclusive('\n') {
        if let Some(level) = level(line) {
            match begin {
                Some((start, above)) if level <= above => return page.get(start..place),
                None if self::anchor(title(line)) == anchor => begin = Some((place, level)),
                _ => {}
            }
        }
        place += line.len();
    }
    begin.and_then(|(start, _)| page.get(start..))
}

/// The headings of a page, without their marks.
pub(super) fn headings(page: &str) -> impl Iterator<Item = &str> {
    page.lines().filter(|line| level(line).is_some()).map(title)
}

/// What GitHub makes of a heading: lower case, blanks as dashes, and of the rest letters, digits and dashes alone.
pub(super) fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter_map(|letter| match letter {
            ' ' => Some('-'),
            '-' | '_' => Some(letter),
            _ => letter.is_alphanumeric().then_some(letter),
        })
        .collect()
}

/// How many `#` a heading begins with; nothing of code in a page begins at the left margin.
fn level(line: &str) -> Option<usize> {
    let marks = line.chars().take_while(|letter| *letter == '#').count();
    (marks > 0 && line.get(marks..)?.starts_with(' ')).then_some(marks)
}

fn title(line: &str) -> &str {
    line.trim_start_matches('#').trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str =
        "# All\n\n## First: a `thing`\n\none\n\n### Within\n\ntwo\n\n## Second\n\nthree\n";

    #[test]
    fn a_section_ends_where_the_next_one_begins() {
        let first = of(PAGE, "first-a-thing").unwrap();
        assert!(first.starts_with("## First") && first.ends_with("two\n\n"));
        assert_eq!(of(PAGE, "within"), Some("### Within\n\ntwo\n\n"));
        assert_eq!(of(PAGE, "second"), Some("## Second\n\nthree\n"));
        assert_eq!(of(PAGE, "all"), Some(PAGE));
        assert_eq!(of(PAGE, "third"), None);
    }
}
