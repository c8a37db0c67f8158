//! Takes an interrupted run forward: what is still as before is replaced, what is replaced already is adopted.

use std::path::Path;

use super::situation::{Situation, foreign, rollback_begun, staged_file_lost};
use super::transaction::{Ended, Transaction};
use super::{Halt, Interrupted, Observer, Progress, TakeUpRequest, facts};
use crate::journal::{Chain, Change, Direction, Event, Progress as Made, RunOutcome};
use crate::node::{Root, Staged};
use crate::plan::Refusal;

/// What is to be done about one change.
enum Task {
    /// An earlier attempt made it, and could not say so.
    Adopt,
    /// It is still to be made.
    Make(Staged),
    /// Somebody else changed the file, and it stays so.
    Skip { found: String },
}

/// Takes a committed run to its end: every file is the new one.
pub fn resume(
    root: &Root,
    interrupted: Interrupted,
    request: TakeUpRequest<'_>,
    observer: &mut dyn Observer,
) -> Result<Ended, Halt> {
    let Interrupted { run, chain } = &interrupted;
    let tasks = if chain.outcome().is_some() {
        // Only its last checkpoint is missing.
        Vec::new()
    } else if chain.is_undoing() {
        return Err(Halt::Refused(vec![rollback_begun(root, run)]));
    } else {
        plan(root, chain, run, request.skip_foreign)?
    };
    let mut transaction =
        Transaction::take_up(root, interrupted, Direction::Forward, request, observer)?;
    if let Some(outcome) = transaction.log.chain().outcome() {
        return Ok(transaction.close(outcome, Vec::new())?);
    }
    transaction.observer.progress(&Progress::Begun {
        run: &transaction.run,
        steps: tasks.len(),
    });
    for (number, task) in tasks {
        if let Err(failure) = transaction.go_on() {
            return Err(transaction
                .stopped("stopped between two files", failure)
                .into());
        }
        if let Err(failure) = transaction.take_forward(number, task) {
            return Err(transaction
                .stopped("the run could not be finished", failure)
                .into());
        }
    }
    let mut warnings = transaction.touch();
    warnings.extend(transaction.remove_staged());
    let outcome = transaction.outcome(RunOutcome::Completed);
    Ok(transaction.close(outcome, warnings)?)
}

/// Looks at every target before anything is done.
fn plan(
    root: &Root,
    chain: &Chain,
    run: &str,
    skip_foreign: bool,
) -> Result<Vec<(usize, Task)>, Halt> {
    let changes = chain.changes().unwrap_or_default();
    let unmade = changes
        .iter()
        .enumerate()
        .filter(|(_, (_, made))| matches!(made, Made::Waiting | Made::Intended));
    let found: Vec<(usize, &Change, Situation)> = unmade
        .map(|(number, (change, _))| (number, change, Situation::of(root, change)))
        .collect();
    let mut tasks = Vec::new();
    let mut refusals = Vec::new();
    for (number, change, situation) in &found {
        // What belongs together, a file and the link to it, is made together or not at all.
        let strange = found
            .iter()
            .find_map(|(_, other, situation)| match situation {
                Situation::Foreign(words) if other.name == change.name => Some(words),
                _ => None,
            });
        let task = match (situation, strange) {
            (Situation::After, _) => Ok(Task::Adopt),
            (_, Some(words)) if skip_foreign => Ok(Task::Skip {
                found: words.clone(),
            }),
            (Situation::Foreign(words), _) => Err(foreign(root, change, words, "resume")),
            (Situation::Before, _) => staged(root, change, run).map(Task::Make),
        };
        match task {
            Ok(task) => tasks.push((*number, task)),
            Err(refusal) => refusals.push(refusal),
        }
    }
    if refusals.is_empty() {
        Ok(tasks)
    } else {
        Err(Halt::Refused(refusals))
    }
}

fn staged(root: &Root, change: &Change, run: &str) -> Result<Staged, Refusal> {
    let target = Path::new(&change.target);
    let after = facts::present(Some(&change.after));
    match root.staged(target, &after, run) {
        Ok(Some(staged)) => Ok(staged),
        Ok(None) | Err(_) => Err(staged_file_lost(root, change)),
    }
}

impl Transaction<'_> {
    fn take_forward(&mut self, number: usize, task: Task) -> Result<(), super::Failure> {
        let Some(change) = self.change(number) else {
            return Ok(());
        };
        match task {
            Task::Make(staged) => self.replace(number, &change, staged),
            Task::Skip { found } => self.append(Event::Skipped {
                change: number,
                found,
            }),
            Task::Adopt => {
                self.append(Event::Adopted { change: number })?;
                self.observer.progress(&Progress::Replaced {
                    name: &change.name,
                    path: Path::new(&change.target),
                });
                Ok(())
            }
        }
    }
}
