//! Takes an interrupted run forward: what is still as before is replaced, what is replaced already is adopted.

use std::path::{Path, PathBuf};

use super::identity::{expected, identity};
use super::obstacle::{Decision, Looked, Obstacle, decide, left_alone};
use super::situation::Situation;
use super::transaction::{Ended, Transaction};
use super::{Halt, Interrupted, Observer, Progress, TakeUpRequest};
use crate::journal::{
    Change, Direction, Event, FileIdentity, FileState, Progress as Made, RunOutcome,
};
use crate::node::{FileError, Present, Root, Secrecy, Staged};
use crate::plan::{Refusal, RefusalCode};

/// What is to be done about one change.
enum Task {
    /// An earlier attempt made it, and could not say so.
    Adopt,
    /// It is still to be made.
    Make(Staged),
}

/// What is to be done about all changes.
#[derive(Default)]
struct Plan {
    /// Those that somebody else made another way, and that stay so: what was found.
    left_alone: Vec<(usize, String)>,
    tasks: Vec<(usize, Task)>,
}

/// Takes a committed run to its end: every file is the new one.
pub fn resume(
    root: &Root,
    interrupted: Interrupted,
    request: TakeUpRequest<'_>,
    observer: &mut dyn Observer,
) -> Result<Ended, Halt> {
    let Plan { left_alone, tasks } =
        plan(root, &interrupted, request.skip_foreign).map_err(Halt::Refused)?;
    let mut transaction =
        Transaction::take_up(root, interrupted, Direction::Forward, request, observer)?;
    if let Some(outcome) = transaction.log.chain().outcome() {
        return Ok(transaction.close(outcome)?);
    }
    transaction.observer.progress(Progress::Begun {
        run: transaction.run.clone(),
        steps: tasks.len(),
    });
    let begun = transaction
        .leave_alone(left_alone)
        .and_then(|()| transaction.return_manifests());
    if let Err(failure) = begun {
        return Err(transaction
            .stopped("the run could not be finished", failure)
            .into());
    }
    if let Err((what, failure)) = transaction.halt() {
        return Err(transaction.stopped(what, failure).into());
    }
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
    transaction.remove_staged();
    let outcome = transaction.outcome(RunOutcome::Completed);
    Ok(transaction.bring_up(outcome)?)
}

/// Why [`resume`] would be refused as things are.
pub fn obstacles_to_resume(
    root: &Root,
    interrupted: &Interrupted,
    skip_foreign: bool,
) -> Vec<Refusal> {
    plan(root, interrupted, skip_foreign)
        .err()
        .unwrap_or_default()
}

/// Looks at every target before anything is done.
fn plan(root: &Root, interrupted: &Interrupted, skip_foreign: bool) -> Result<Plan, Vec<Refusal>> {
    let Interrupted { run, chain, .. } = interrupted;
    if chain.outcome().is_some() {
        // Only its last checkpoint is missing.
        return Ok(Plan::default());
    }
    if chain.is_undoing() {
        return Err(vec![rollback_begun(root, run, chain.genesis().reverses())]);
    }
    let changes = chain.changes().unwrap_or_default();
    let mut plan = Plan::default();
    let mut looked = Vec::new();
    for (number, (change, made)) in changes.iter().enumerate() {
        let was_made = match made {
            Made::Waiting | Made::Intended => false,
            Made::Done => true,
            Made::UndoIntended | Made::RolledBack | Made::Skipped => continue,
        };
        let task = match Situation::of(root, change) {
            Situation::After if was_made => continue,
            Situation::After => {
                plan.tasks.push((number, Task::Adopt));
                continue;
            }
            Situation::Before if was_made => {
                Err(Obstacle::foreign_again(root, change, "the old one again"))
            }
            Situation::Foreign(found) if was_made => {
                Err(Obstacle::foreign_again(root, change, &found))
            }
            Situation::Foreign(found) => Err(Obstacle::foreign(root, change, &found, "resume")),
            Situation::Unreadable(error) => {
                Err(Obstacle::unreadable(root, change, &error, "resume"))
            }
            Situation::Before => staged(root, change, run),
        };
        looked.push(Looked {
            number,
            change,
            task,
        });
    }
    let decided = decide(looked, &left_alone(changes), skip_foreign)?;
    for (number, decision) in decided {
        match decision {
            Decision::Do(staged) => plan.tasks.push((number, Task::Make(staged))),
            Decision::Skip(found) => plan.left_alone.push((number, found)),
        }
    }
    Ok(plan)
}

fn staged(root: &Root, change: &Change, run: &str) -> Result<Staged, Obstacle> {
    let target = Path::new(&change.target);
    let staged =
        staged_content(root, change, run).and_then(|after| root.staged(target, &after, run));
    match staged {
        Ok(Some(staged)) => Ok(staged),
        Ok(None) | Err(_) => Err(Obstacle::staged_file_lost(root, change)),
    }
}

/// What must have been staged for `change`; of a key, what was staged, if it is that key.
fn staged_content(root: &Root, change: &Change, run: &str) -> Result<Present, FileError> {
    let FileState::File(after @ FileIdentity::PublicKey(_)) = change.after else {
        return expected(root, change, Some(&change.after));
    };
    let target = Path::new(&change.target);
    let mut name = std::ffi::OsString::from(Root::temporary_prefix(run));
    name.push(target.file_name().unwrap_or_default());
    let file = root.read(&target.with_file_name(name), Secrecy::Secret)?;
    if identity(&file.bytes, true) == after {
        Ok(Present::File(file.digest))
    } else {
        Err(FileError::ChangedMeanwhile {
            path: root.outside(&file.path),
        })
    }
}

/// The run has turned back already, so that there is no way forward.
fn rollback_begun(root: &Root, run: &str, reverses: Option<&str>) -> Refusal {
    let aim = match reverses {
        Some(_) => "finish putting the new files back, then roll back anew",
        None => "finish going back, then recover anew",
    };
    Refusal {
        code: RefusalCode::RollbackBegun,
        subject: format!("run {run}"),
        evidence: "it has begun to go back: what it had staged is not complete any more".to_owned(),
        remedy: format!("{aim}: {}", root.command("rollback")),
    }
}

impl Transaction<'_> {
    fn take_forward(&mut self, number: usize, task: Task) -> Result<(), super::Failure> {
        let Some(change) = self.change(number) else {
            return Ok(());
        };
        match task {
            Task::Make(staged) => self.replace(number, &change, staged),
            Task::Adopt => {
                // Its name may not have reached the disk before the attempt broke off.
                self.root.flush_name(Path::new(&change.target))?;
                self.append(Event::Adopted { change: number })?;
                self.note_written(&change);
                self.observer.progress(Progress::Replaced {
                    name: change.name.clone(),
                    path: PathBuf::from(&change.target),
                });
                Ok(())
            }
        }
    }
}
