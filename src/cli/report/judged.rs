//! The verdicts on the journals of a report, and how the verb ends.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::journal::{Journal, way_out};
use crate::cli::render::printable;
use crate::journal::{self, Checkpoint, Event, Trust, Verdict, read_records};
use crate::report::NodeReport;

/// Why a journal is not simply to be believed.
struct Shortcoming {
    exit: Exit,
    message: String,
    hint: &'static str,
}

/// Journals that were judged.
#[derive(Default)]
pub(super) struct Judged {
    pub(super) nodes: Vec<NodeReport>,
    runs: Vec<String>,
    worst: Option<Shortcoming>,
}

impl Judged {
    /// Judges another one. Of several, each has a checkpoint of its own in the ticket; of one `alone`, a foreign checkpoint is a
    /// finding. That of a run whose journal is in none of the files is one in any case: [`missing`](Self::missing).
    pub(super) fn take(
        &mut self,
        source: &str,
        journal: &Journal,
        kept: &[Checkpoint],
        trust: Trust<'_>,
        alone: bool,
    ) {
        let (named, claimed) = (journal.run.clone(), claimed_run(&journal.bytes));
        let is_own = |checkpoint: &&Checkpoint| {
            let run = Some(checkpoint.run());
            alone || named.as_deref() == run || claimed.as_deref() == run
        };
        let own: Vec<Checkpoint> = kept.iter().filter(is_own).cloned().collect();
        let trust = Trust {
            expected: &own,
            ..trust
        };
        let mut verdict = journal::verify(&journal.bytes, &trust);
        if let Some(run) = &journal.run {
            verdict = verdict.of_file(run);
        }
        self.runs.extend(claimed);
        let found = shortcoming(source, &verdict);
        let worst = self.worst.as_ref().map_or(0, |worst| worst.exit as u8);
        if let Some(found) = found.filter(|found| found.exit as u8 > worst) {
            self.worst = Some(found);
        }
        let compared = !own.is_empty();
        let node = NodeReport::of(source, &journal.bytes, &verdict, compared);
        self.nodes.push(node);
    }

    /// The runs of which a checkpoint was kept, and whose journal was not named.
    pub(super) fn missing(&self, kept: &[Checkpoint]) -> Vec<String> {
        let runs = kept.iter().map(Checkpoint::run);
        let mut missing: Vec<String> = runs
            .filter(|run| !self.runs.iter().any(|known| known == run))
            .map(str::to_owned)
            .collect();
        missing.sort();
        missing.dedup();
        missing
    }

    /// Tells each run that another one took back, of these or of the node, that it was.
    pub(super) fn relate(&mut self, of_node: &[(String, String)]) {
        let told = self.nodes.iter().filter_map(|node| {
            let (other, run) = (node.takes_back()?, node.run()?);
            Some((other.to_owned(), run.to_owned()))
        });
        let all: Vec<(String, String)> = told.chain(of_node.iter().cloned()).collect();
        for node in &mut self.nodes {
            let by = all.iter().find(|(run, _)| node.run() == Some(run.as_str()));
            if let Some((_, by)) = by {
                node.was_taken_back_by(by);
            }
        }
    }

    /// How the verb ends.
    pub(super) fn end(self, missing: &[String]) -> Result<Exit, Failure> {
        let worst = match (self.worst, missing.first()) {
            (Some(worst), None) => worst,
            (Some(worst), Some(_)) if worst.exit == Exit::JournalInvalid => worst,
            (_, Some(run)) => Shortcoming {
                exit: Exit::JournalInvalid,
                message: format!(
                    "a checkpoint of the run {run} was kept, and its journal is not here"
                ),
                hint: "fetch it from its node: rekindle journal export RUN --out FILE; where it is gone there, keep what is left: it is evidence",
            },
            (None, None) => return Ok(Exit::Done),
        };
        Err(Failure::new(worst.exit, printable(&worst.message))
            .hint(worst.hint)
            .runbook("exit-codes"))
    }
}

/// Of anything but COMPLETE.
fn shortcoming(source: &str, verdict: &Verdict) -> Option<Shortcoming> {
    let (exit, more, hint) = match verdict {
        Verdict::Complete { .. } => return None,
        Verdict::Incomplete {
            resumable: true, ..
        } => (
            Exit::HalfWay,
            ": the run did not come to its end",
            "the report says so too; on its node: rekindle resume, or rekindle rollback",
        ),
        Verdict::Incomplete { .. } => (
            Exit::ActionNeeded,
            "",
            "the report says why; compare with the checkpoint in the ticket: --expect FILE",
        ),
        Verdict::Tampered { .. } => (
            Exit::JournalInvalid,
            "",
            "the report says where; keep the file as it is: it is evidence",
        ),
        Verdict::NotAnchored { reason, .. } => (Exit::JournalInvalid, "", way_out(reason)),
    };
    Some(Shortcoming {
        exit,
        message: format!("the journal {source} is {}{more}", verdict.word()),
        hint,
    })
}

/// Which run a journal says that it is of: it chooses the checkpoints that it is held against, and nothing else.
fn claimed_run(bytes: &[u8]) -> Option<String> {
    match read_records(bytes).next()?.ok()?.event {
        Event::Genesis(genesis) => Some(genesis.circumstances.run.id),
        _ => None,
    }
}
