//! The verdicts on the journals of a report, and how the verb ends.

use super::super::super::exit::Exit;
use super::super::super::failure::Failure;
use super::super::super::render::printable;
use super::super::operand::Journal;
use super::super::verify::summary_of;
use crate::journal::{self, Checkpoint, Event, Trust, Verdict, read_records};
use crate::report::NodeReport;

const NOT_ANCHORED: &str = "NOT ANCHORED";

/// Journals that were judged.
#[derive(Default)]
pub(super) struct Judged {
    pub(super) nodes: Vec<NodeReport>,
    runs: Vec<String>,
    /// The worst exit, with what it is about.
    worst: Option<(Exit, String)>,
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
        let genesis = summary_of(&verdict).map(|summary| &summary.genesis);
        if let (Some(run), Some(genesis)) = (&journal.run, genesis)
            && let Err(defect) = genesis.check_run(run)
        {
            verdict = Verdict::Tampered { line: 1, defect };
        }
        self.runs.extend(claimed);
        if let Some((exit, word)) = shortcoming(&verdict) {
            let worst = self.worst.as_ref();
            if worst.is_none_or(|(worst, _)| (*worst as u8) < exit as u8) {
                self.worst = Some((exit, format!("the journal {source} is {word}")));
            }
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
        missing.dedup();
        missing
    }

    /// How the verb ends.
    pub(super) fn end(self, missing: &[String]) -> Result<Exit, Failure> {
        let (exit, message) = match (self.worst, missing.first()) {
            (Some((exit, message)), None)
            | (Some((exit @ Exit::JournalInvalid, message)), Some(_)) => (exit, message),
            (_, Some(run)) => (
                Exit::JournalInvalid,
                format!("a checkpoint of the run {run} was kept, and its journal is not here"),
            ),
            (None, None) => return Ok(Exit::Done),
        };
        let hint = if message.ends_with(NOT_ANCHORED) {
            "the report says why; name the CA certificate that the cluster had then: --ca FILE"
        } else {
            "the report says so too; judge it alone: rekindle journal verify FILE"
        };
        Err(Failure::new(exit, printable(&message))
            .hint(hint)
            .runbook("exit-codes"))
    }
}

/// Anything but COMPLETE.
fn shortcoming(verdict: &Verdict) -> Option<(Exit, &'static str)> {
    match verdict {
        Verdict::Complete { .. } => None,
        Verdict::Incomplete {
            resumable: true, ..
        } => Some((Exit::HalfWay, "INCOMPLETE: the run did not come to its end")),
        Verdict::Incomplete { .. } => Some((Exit::ActionNeeded, "INCOMPLETE")),
        Verdict::Tampered { .. } => Some((Exit::JournalInvalid, "TAMPERED")),
        Verdict::NotAnchored { .. } => Some((Exit::JournalInvalid, NOT_ANCHORED)),
    }
}

/// Which run a journal says that it is of: it chooses the checkpoints that it is held against, and nothing else.
fn claimed_run(bytes: &[u8]) -> Option<String> {
    match read_records(bytes).next()?.ok()?.event {
        Event::Genesis(genesis) => Some(genesis.circumstances.run.id),
        _ => None,
    }
}
