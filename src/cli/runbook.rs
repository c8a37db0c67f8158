//! `rekindle runbook`: the runbooks, from the program itself. They are at hand where nothing else is.

use std::io::Write;

use include_dir::{Dir, include_dir};

use super::arguments::Runbook;
use super::exit::Exit;
use super::failure::Failure;

static RUNBOOKS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/runbooks");

/// The page that says which there are.
const INDEX: &str = "README";

/// Prints a page as it is: Markdown that reads well without being set.
pub fn runbook(arguments: &Runbook, out: &mut dyn Write) -> Result<Exit, Failure> {
    let named = arguments.name.as_deref().unwrap_or(INDEX);
    let text = page(named).ok_or_else(|| unknown(named))?;
    out.write_all(text)?;
    Ok(Exit::Done)
}

/// A page by its name, by the code of a refusal, or by the path that a message gives.
fn page(named: &str) -> Option<&'static [u8]> {
    let name = named.strip_prefix("runbooks/").unwrap_or(named);
    let name = name.strip_suffix(".md").unwrap_or(name);
    let file = [format!("{name}.md"), format!("refused/{name}.md")]
        .into_iter()
        .find_map(|path| RUNBOOKS.get_file(path))?;
    Some(file.contents())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::RefusalCode;

    #[test]
    fn a_page_is_found_by_name_code_and_path() {
        let begins = |named: &str, heading: &[u8]| {
            let text = page(named).unwrap_or_else(|| panic!("{named}"));
            assert!(text.starts_with(heading), "{named}");
        };
        begins(INDEX, b"# Runbooks");
        for named in ["full-expiry", "full-expiry.md", "runbooks/full-expiry.md"] {
            begins(named, b"# ");
        }
        let code = RefusalCode::NoNode;
        begins(&code.runbook(), b"# ");
        begins("no-node", b"# ");
        for named in ["", "..", "../Cargo", "/etc/passwd", "refused", "nothing"] {
            assert!(page(named).is_none(), "{named}");
        }
    }

    #[test]
    fn no_page_is_empty_or_other_than_text() {
        let refused = RUNBOOKS.get_dir("refused").unwrap();
        let files: Vec<_> = RUNBOOKS.files().chain(refused.files()).collect();
        assert!(files.len() > 60, "{}", files.len());
        for file in files {
            let text = file.contents_utf8().unwrap();
            assert!(
                text.starts_with("# ") && text.ends_with('\n'),
                "{:?}",
                file.path()
            );
        }
    }
}
