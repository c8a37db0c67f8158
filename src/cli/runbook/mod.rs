//! `rekindle runbook`: the runbooks, from the program itself. They are at hand where nothing else is.

use std::io::{IsTerminal, Write};

use include_dir::{Dir, include_dir};

use super::arguments::Runbook;
use super::exit::Exit;
use super::failure::Failure;
use super::render::BOLD;
use crate::shell::quote;

mod cells;
mod layout;
mod links;
mod section;

static RUNBOOKS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/runbooks");

/// The page that says which there are.
const INDEX: &str = "README";

/// Where nobody can tell how wide the reader's lines are.
const COLUMNS: usize = 80;

/// Prints a page, or a section of it, to be read as it is: prose in lines that fit, commands as they are to be typed, and each link as
/// the command that follows it.
pub fn runbook(arguments: &Runbook, out: &mut dyn Write) -> Result<Exit, Failure> {
    let named = arguments.name.as_deref().unwrap_or(INDEX);
    let (page_name, anchor) = match named.split_once('#') {
        Some((page, anchor)) => (page, Some(anchor)),
        None => (named, None),
    };
    let page = page(page_name).ok_or_else(|| unknown(page_name))?;
    let text = match anchor {
        Some(anchor) => section::of(page, anchor).ok_or_else(|| no_section(page, named))?,
        None => page,
    };
    let is_index = arguments.name.is_none() || page_name == INDEX;
    let link = |line: &str| links::followed(line, page, is_index);
    layout::write(text, &link, columns(), out)?;
    if std::io::stdout().is_terminal() && text.lines().count() > rows() {
        let named = quote(named);
        writeln!(
            out,
            "\n{BOLD}From its beginning:{BOLD:#} rekindle runbook {named} | less"
        )?;
        if anchor.is_none() && !is_index {
            let anchors: Vec<String> = section::headings(page).map(section::anchor).collect();
            writeln!(
                out,
                "{BOLD}A part of it:{BOLD:#} rekindle runbook {named}#PART, of {}",
                anchors.join(", ")
            )?;
        }
    }
    Ok(Exit::Done)
}

/// How many lines the reader sees at once.
fn rows() -> usize {
    terminal_size::terminal_size().map_or(usize::MAX, |(_, height)| usize::from(height.0))
}

/// How wide the reader's lines are: of a pager too, which stands between standard output and the terminal.
fn columns() -> usize {
    terminal_size::terminal_size().map_or(COLUMNS, |(width, _)| usize::from(width.0))
}

/// A page by its name, by the code of a refusal, or by its path in the repository.
fn page(named: &str) -> Option<&'static str> {
    let name = named.strip_prefix("runbooks/").unwrap_or(named);
    let name = name.strip_suffix(".md").unwrap_or(name);
    let file = [format!("{name}.md"), format!("refused/{name}.md")]
        .into_iter()
        .find_map(|path| RUNBOOKS.get_file(path))?;
    file.contents_utf8()
}

fn unknown(named: &str) -> Failure {
    let mut pages: Vec<&str> = RUNBOOKS
        .files()
        .filter_map(|file| file.path().file_stem()?.to_str())
        .filter(|name| *name != INDEX)
        .collect();
    pages.sort_unstable();
    Failure::usage(format!("there is no runbook {named}")).hint(format!(
        "rekindle runbook tells which there are; {}, or the code of a refusal",
        pages.join(", ")
    ))
}

fn no_section(page: &str, named: &str) -> Failure {
    let anchors: Vec<String> = section::headings(page).map(section::anchor).collect();
    Failure::usage(format!("there is no section {named}"))
        .hint(format!("those of this page: {}", anchors.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::RefusalCode;

    /// Every page with its path.
    pub(super) fn pages() -> impl Iterator<Item = (String, &'static str)> {
        let refused = RUNBOOKS.get_dir("refused").unwrap();
        RUNBOOKS.files().chain(refused.files()).map(|file| {
            let path = file.path().to_str().unwrap().to_owned();
            (path, file.contents_utf8().unwrap())
        })
    }

    fn printed(named: &str, columns: usize) -> String {
        let text = page(named).unwrap();
        let mut out = Vec::new();
        let link = |line: &str| links::followed(line, text, named == INDEX);
        layout::write(text, &link, columns, &mut out).unwrap();
        anstream::adapter::strip_str(std::str::from_utf8(&out).unwrap()).to_string()
    }

    #[test]
    fn a_page_is_found_by_name_code_and_path() {
        let begins = |named: &str, heading: &str| {
            let text = page(named).unwrap_or_else(|| panic!("{named}"));
            assert!(text.starts_with(heading), "{named}");
        };
        begins(INDEX, "# Runbooks");
        for named in ["full-expiry", "full-expiry.md", "runbooks/full-expiry.md"] {
            begins(named, "# ");
        }
        for code in RefusalCode::ALL {
            begins(code.as_str(), &format!("# {code}: "));
            begins(&code.runbook(), &format!("# {code}: "));
        }
        for named in ["", "..", "../Cargo", "/etc/passwd", "refused", "nothing"] {
            assert!(page(named).is_none(), "{named}");
        }
    }

    #[test]
    fn no_page_is_empty_or_other_than_text() {
        let pages: Vec<_> = pages().collect();
        assert!(pages.len() > 60, "{}", pages.len());
        for (path, text) in pages {
            assert!(text.starts_with("# ") && text.ends_with('\n'), "{path}");
        }
    }

    #[test]
    fn every_page_can_be_followed_and_fits_80_columns() {
        for (path, text) in pages() {
            let shown = printed(path.trim_end_matches(".md"), 80);
            assert!(
                !shown.contains("]("),
                "{path}: a link that nobody can follow\n{shown}"
            );
            for line in shown.lines() {
                // Commands and what the program says are not broken into lines.
                let is_code = text.contains(&format!("\n{line}\n"));
                assert!(is_code || line.chars().count() <= 80, "{path}: {line}");
            }
            for command in shown.split("rekindle runbook ").skip(1) {
                let named = command
                    .split([' ', '`', ',', ';', ')', '\n'])
                    .next()
                    .unwrap();
                let named = named.trim_end_matches(['.', ':']);
                if named.is_empty() || named.starts_with(char::is_uppercase) {
                    continue; // a placeholder
                }
                let (name, anchor) = named
                    .split_once('#')
                    .map_or((named, None), |(name, anchor)| (name, Some(anchor)));
                let there = page(name).unwrap_or_else(|| panic!("{path}: no page {named}"));
                if let Some(anchor) = anchor {
                    assert!(section::of(there, anchor).is_some(), "{path}: {named}");
                }
            }
        }
    }

    #[test]
    fn no_word_of_a_page_is_lost() {
        let words = |text: &str| -> Vec<String> {
            let mut words: Vec<String> = text
                .split(|letter: char| !letter.is_alphanumeric())
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect();
            words.sort();
            words
        };
        for (path, text) in pages() {
            let mut shown = words(&printed(path.trim_end_matches(".md"), 60));
            shown.dedup();
            for word in words(text) {
                let is_there = shown.binary_search(&word).is_ok();
                // What a link leads to is said in another way.
                assert!(
                    is_there || word == "md" || word == "refused",
                    "{path}: {word}"
                );
            }
        }
    }
}
