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
use crate::journal::{RunOutcome, Trust};
use crate::node::{Root, create_operand_with, now};
use crate::recovery::{History, RunJournal};
use crate::report::{NodeReport, html, markdown};
use crate::shell::quote;
use judged::Judged;
use sources::{journals, operands};

/// So many journals are taken at once.
const MOST_JOURNALS: usize = 10_000;

/// The latest run of the node that was to change files of it: what an outage is told by, whatever was handed out since.
fn latest_of_files(root: &Root) -> Option<String> {
    let runs = History::read(root).ok()?.runs;
    let changes_files = |run: &&String| match RunJournal::read(root, run).into_chain() {
        Ok(Some(chain)) => chain.changes().is_some_and(|changes| !changes.is_empty()),
        _ => false,
    };
    runs.iter().rev().find(changes_files).cloned()
}

/// The runs of the node that were taken back, each with the run that did it.
fn taken_back(root: &Root) -> Vec<(String, String)> {
    let runs = History::read(root).map_or_else(|_| Vec::new(), |history| history.runs);
    let pair = |run: String| {
        let chain = RunJournal::read(root, &run).into_chain().ok()??;
        let is_whole = chain.outcome() == Some(RunOutcome::Completed);
        let other = chain.genesis().reverses().filter(|_| is_whole)?;
        Some((other.to_owned(), run))
    };
    runs.into_iter().filter_map(pair).collect()
}

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
    // A file may be of another node, whose runs are not known here.
    let is_of_node = arguments.journals.iter().all(|it| !it.contains('/'));
    let taken_back = if is_of_node {
        taken_back(root)
    } else {
        Vec::new()
    };
    judged.relate(&taken_back);
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
            let told = match judged.nodes.as_slice() {
                [one] => printable(&one.subject()),
                several => count(several.len(), "run"),
            };
            writeln!(out, "Wrote {path}")?;
            writeln!(out, "  about {told}")?;
            if arguments.journals.is_empty()
                && judged.nodes.iter().all(NodeReport::has_only_handed_out)
                && let Some(run) = latest_of_files(root)
            {
                let command = root.command(&format!("report {} --out FILE", quote(&run)));
                writeln!(
                    out,
                    "note: this run changed no file of the node; the latest that did: {command}"
                )?;
            }
        }
    }
    judged.end(&missing)
}
