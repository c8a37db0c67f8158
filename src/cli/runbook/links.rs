//! What a link of a page becomes where nobody can click: the command that prints what it leads to.

use super::section;

/// `text` with each `[words](page.md#part)` as words and command. On the index, which has said the command, a name alone. `page` is
/// where a link without a page leads to. Code is left as it is.
pub(super) fn followed(text: &str, page: &str, is_index: bool) -> String {
    let mut said = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find(['`', '[']) {
        let (before, here) = rest.split_at(place);
        said.push_str(before);
        let link = if here.starts_with('[') {
            parse(here)
        } else {
            None
        };
        let length = match link {
            Some(ref link) => {
                said.push_str(&link.in_words(page, is_index));
                link.length
            }
            None if here.starts_with('`') => {
                let length = here[1..].find('`').map_or(here.len(), |end| end + 2);
                said.push_str(&here[..length]);
                length
            }
            None => {
                said.push('[');
                1
            }
        };
        rest = &here[length..];
    }
    said + rest
}

struct Link<'a> {
    words: &'a str,
    target: &'a str,
    /// In bytes, with all of its brackets.
    length: usize,
}

/// The link with which `text` begins.
fn parse(text: &str) -> Option<Link<'_>> {
    let (words, rest) = text.strip_prefix('[')?.split_once("](")?;
    if words.contains(['[', ']']) {
        return None;
    }
    let (target, _) = rest.split_once(')')?;
    Some(Link {
        words,
        target,
        length: words.len() + target.len() + 4,
    })
}

impl Link<'_> {
    fn in_words(&self, page: &str, is_index: bool) -> String {
        let words = self.words;
        let (path, anchor) = match self.target.split_once('#') {
            Some((path, anchor)) => (path, Some(anchor)),
            None => (self.target, None),
        };
        if path.is_empty() {
            let heading = section::headings(page)
                .find(|heading| Some(section::anchor(heading).as_str()) == anchor);
            return match heading {
                Some(heading) if begins_with(heading, words) => format!("\"{heading}\""),
                Some(heading) => format!("{words} (\"{heading}\")"),
                None => words.to_owned(),
            };
        }
        let file = path.rsplit('/').next().unwrap_or(path);
        let Some(name) = file.strip_suffix(".md") else {
            // A folder of pages, say.
            return words.to_owned();
        };
        let is_name = words.trim_end_matches(".md") == name;
        if is_index && is_name {
            return name.to_owned();
        }
        let part = anchor
            .map(|anchor| format!("#{anchor}"))
            .unwrap_or_default();
        let command = if name == super::INDEX {
            format!("`rekindle runbook {name}{part}`").replace(" README`", "`")
        } else {
            format!("`rekindle runbook {name}{part}`")
        };
        if is_name {
            command
        } else {
            format!("{words} ({command})")
        }
    }
}

/// Whether a heading says all that the words of a link say, as `2. No answer` does of `2`.
fn begins_with(heading: &str, words: &str) -> bool {
    let (heading, words) = (heading.to_lowercase(), words.to_lowercase());
    heading.starts_with(&words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_a_command() {
        let page = "# A page\n\n## What else: is stale\n";
        for (link, said) in [
            (
                "see [left-alone.md](left-alone.md).",
                "see `rekindle runbook left-alone`.",
            ),
            (
                "[ca-expired](../refused/ca-expired.md)",
                "`rekindle runbook ca-expired`",
            ),
            (
                "[by hand](full-expiry.md#by-hand), 2",
                "by hand (`rekindle runbook full-expiry#by-hand`), 2",
            ),
            (
                "[see below](#what-else-is-stale)",
                "see below (\"What else: is stale\")",
            ),
            ("[the list](README.md)", "the list (`rekindle runbook`)"),
            (
                "[its page](README.md#refusals)",
                "its page (`rekindle runbook README#refusals`)",
            ),
            (
                "`[-]etcd failed` and [x] and `a[b](c.md)`",
                "`[-]etcd failed` and [x] and `a[b](c.md)`",
            ),
            (
                "[What Else](#what-else-is-stale)",
                "\"What else: is stale\"",
            ),
            ("an open [bracket", "an open [bracket"),
            ("an open `tick", "an open `tick"),
        ] {
            assert_eq!(followed(link, page, false), said);
        }
        assert_eq!(
            followed("[a](refused/a.md) · [b](b.md)", page, true),
            "a · b"
        );
    }
}
