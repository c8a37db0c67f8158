//! `rekindle report`: journals as one page, for the post-mortem and the auditor.

use std::io::{Read, Write};
use std::path::Path;

use super::super::arguments::{Report, ReportForm};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::render::{count, printable};
use super::expect::expected;
use super::export::not_created;
use super::operand::Journal;
use super::verify::authorities;
use crate::journal::{self, Checkpoint, Trust, Verdict};
use crate::node::{LARGEST_OPERAND, Root, create_operand_with, now};
use crate::report::{NodeReport, html, markdown};

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
        authorities(root, arguments.ca.as_deref())?
    } else {
        Vec::new()
    };
    let mut judged = Judged::default();
    for named in operands(arguments) {
        for (source, journal) in journals(root, named)? {
            if judged.nodes.len() == MOST_JOURNALS {
                let message = format!("there are more than {MOST_JOURNALS} journals");
                return Err(Failure::new(Exit::Usage, message).hint("make several reports"));
            }
            let trust = Trust {
                authorities: &authorities,
                keys: &arguments.key,
                expected: &[],
            };
            judged.take(
                &source,
                &journal,
                &kept,
                trust,
                arguments.journals.len() > 1,
            );
        }
    }
    let text = match arguments.output {
        ReportForm::Html => html(&judged.nodes, now()),
        ReportForm::Markdown => markdown(&judged.nodes, now()),
    };
    match &arguments.out {
        None => write!(out, "{text}")?,
        Some(path) => {
            create_operand_with(path, text.as_bytes()).map_err(|error| not_created(&error))?;
            let path = printable(&path.display().to_string());
            writeln!(
                out,
                "Wrote the report of {} to {path}",
                count(judged.nodes.len(), "run")
            )?;
        }
    }
    judged.end(&kept)
}

fn operands(arguments: &Report) -> Vec<Option<&str>> {
    if arguments.journals.is_empty() {
        return vec![None];
    }
    arguments
        .journals
        .iter()
        .map(|one| Some(one.as_str()))
        .collect()
}

/// The journal of an operand; of an archive, as `journal export` writes it, each that is in it. The certificate beside it there is
/// not believed: whoever made the archive chose it.
fn journals(root: &Root, named: Option<&str>) -> Result<Vec<(String, Journal)>, Failure> {
    let journal = Journal::read_any(root, named)?;
    let source = journal
        .run
        .clone()
        .or(named.map(str::to_owned))
        .unwrap_or_default();
    // The magic of a tar archive's first header (POSIX.1-1988, and GNU's).
    if journal.bytes.get(257..262) != Some(b"ustar") {
        return Ok(vec![(source, journal)]);
    }
    let broken = |error: std::io::Error| {
        Failure::new(Exit::Usage, format!("{source}: {error}"))
            .hint("name a journal, or an archive that `rekindle journal export` wrote")
    };
    let mut found = Vec::new();
    for entry in tar::Archive::new(journal.bytes.as_slice())
        .entries()
        .map_err(broken)?
    {
        let mut entry = entry.map_err(broken)?;
        let path = entry.path().map_err(broken)?.into_owned();
        if path
            .extension()
            .is_none_or(|extension| extension != "jsonl")
            || !entry.header().entry_type().is_file()
        {
            continue;
        }
        let mut bytes = Vec::new();
        entry
            .by_ref()
            .take(LARGEST_OPERAND as u64)
            .read_to_end(&mut bytes)
            .map_err(broken)?;
        let run = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        found.push((
            Path::new(&source).join(path).display().to_string(),
            Journal { run, bytes },
        ));
    }
    if found.is_empty() {
        return Err(broken(std::io::Error::other("there is no journal in it")));
    }
    Ok(found)
}

#[derive(Default)]
struct Judged {
    nodes: Vec<NodeReport>,
    runs: Vec<String>,
    /// The worst exit, with what it is about.
    worst: Option<(Exit, String)>,
}

impl Judged {
    fn take(
        &mut self,
        source: &str,
        journal: &Journal,
        kept: &[Checkpoint],
        trust: Trust<'_>,
        several: bool,
    ) {
        // Of several, each has a checkpoint of its own in the ticket; of one alone, a foreign checkpoint is a finding.
        let own: Vec<Checkpoint> = kept
            .iter()
            .filter(|checkpoint| {
                !several
                    || journal
                        .run
                        .as_deref()
                        .is_none_or(|run| checkpoint.run() == run)
            })
            .cloned()
            .collect();
        let mut verdict = journal::verify(
            &journal.bytes,
            &Trust {
                expected: &own,
                ..trust
            },
        );
        if let (Some(run), Some(genesis)) = (
            &journal.run,
            super::verify::summary_of(&verdict).map(|summary| &summary.genesis),
        ) && let Err(defect) = genesis.check_run(run)
        {
            verdict = Verdict::Tampered { line: 1, defect };
        }
        let compared = !own.is_empty();
        if let Some(summary) = super::verify::summary_of(&verdict) {
            self.runs.push(summary.genesis.circumstances.run.id.clone());
        }
        let ended = match &verdict {
            Verdict::Complete { .. } => None,
            Verdict::Incomplete {
                resumable: true, ..
            } => Some((Exit::HalfWay, "INCOMPLETE: the run did not come to its end")),
            Verdict::Incomplete { .. } => Some((Exit::ActionNeeded, "INCOMPLETE")),
            Verdict::Tampered { .. } => Some((Exit::JournalInvalid, "TAMPERED")),
            Verdict::NotAnchored { .. } => Some((Exit::JournalInvalid, "NOT ANCHORED")),
        };
        if let Some((exit, word)) = ended {
            let is_worse = self
                .worst
                .as_ref()
                .is_none_or(|(worst, _)| (*worst as u8) < exit as u8);
            if is_worse {
                self.worst = Some((exit, format!("the journal {source} is {word}")));
            }
        }
        self.nodes
            .push(NodeReport::of(source, &journal.bytes, &verdict, compared));
    }

    fn end(self, kept: &[Checkpoint]) -> Result<Exit, Failure> {
        let missing = kept
            .iter()
            .find(|checkpoint| self.runs.iter().all(|run| checkpoint.run() != run));
        let (exit, message) = match (self.worst, missing) {
            (Some((exit, message)), _) => (exit, message),
            (None, Some(checkpoint)) => (
                Exit::JournalInvalid,
                format!(
                    "there is a checkpoint of the run {}, and no such journal",
                    checkpoint.run()
                ),
            ),
            (None, None) => return Ok(Exit::Done),
        };
        Err(Failure::new(exit, printable(&message))
            .hint("the report says so too; judge it alone: rekindle journal verify FILE")
            .runbook("runbooks/exit-codes.md"))
    }
}
