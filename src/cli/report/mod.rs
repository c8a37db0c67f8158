//! `rekindle report`: journals as one page, for the post-mortem and the auditor.

mod judged;
mod sources;

use std::io::Write;
use std::path::Path;

use super::arguments::{Report, ReportForm};
use super::exit::Exit;
use super::failure::Failure;
use super::journal::{authorities, expected, not_created};
use super::render::{count, printable};
use crate::journal::Trust;
use crate::node::{Root, create_operand_with, now};
use crate::report::{html, markdown};
use judged::Judged;
use sources::{journals, operands};

/// So many journals are taken at once.
const MOST_JOURNALS: usize = 10_000;

/// Writes the report; a journal that is not COMPLETE is a failure all the same.
pub fn report(root: &Root, arguments: &Report, out: &mut dyn Write) -> Result<Exit, Failure> {
    if arguments.out.is_none() && arguments.output == ReportForm::Html {
        return Err(Failure::new(Exit::Usage, "a page of HTML needs a file")
            .hint("name it: --out FILE; or have text for the ticket: -o markdown"));
    }
    let kept = match &arguments.expect {
        Some(path) => expected(path)?,
        None => Vec::new(),
    };
    let authorities = if arguments.key.is_empty() || arguments.ca.is_some() {
        let found = authorities(root, arguments.ca.as_deref());
        // Collected journals are read where there is no node: without an authority none of them is anchored, and the page says so.
        if arguments.ca.is_none() && !arguments.journals.is_empty() {
            found.unwrap_or_default()
        } else {
            found?
        }
    } else {
        Vec::new()
    };
    let trust = Trust {
        authorities: &authorities,
        keys: &arguments.key,
        expected: &[],
    };
    let mut judged = Judged::default();
    let named = operands(&arguments.journals)?;
    for one in &named {
        let found = journals(root, one.as_deref())?;
        let alone = named.len() == 1 && found.len() == 1;
        for (source, journal) in found {
            if judged.nodes.len() == MOST_JOURNALS {
                let message = format!("there are more than {MOST_JOURNALS} journals");
                return Err(Failure::new(Exit::Usage, message).hint("make several reports"));
            }
            judged.take(&source, &journal, &kept, trust, alone);
        }
    }
    let missing = judged.missing(&kept);
    let text = match arguments.output {
        ReportForm::Html => html(&judged.nodes, &missing, now()),
        ReportForm::Markdown => markdown(&judged.nodes, &missing, now()),
    };
    let file = arguments.out.as_deref();
    match file.filter(|path| *path != Path::new("-")) {
        None => write!(out, "{text}")?,
        Some(path) => {
            create_operand_with(path, text.as_bytes()).map_err(|error| not_created(&error))?;
            let path = printable(&path.display().to_string());
            let runs = count(judged.nodes.len(), "run");
            writeln!(out, "Wrote the report of {runs} to {path}")?;
        }
    }
    judged.end(&missing)
}
