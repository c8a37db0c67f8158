//! The transaction of a recovery.

use std::collections::BTreeSet;
use std::path::Path;

use super::error::Failure;
use super::rollback::{Undo, roll_back};
use super::{History, Observer, Progress, Reason, RecoveryError, RunFiles, RunId, facts};
use crate::digest::Sha256Digest;
use crate::evidence::with_causes;
use crate::inventory::Location;
use crate::issuance::{Content, FileChange, Issuance};
use crate::journal::{Closed, Event, JournalError, Log, Outcome, RunOutcome, Storage};
use crate::node::{AppendOnlyFile, BackupCopy, Present, Root, Staged, SteadyClock};
use crate::plan::{RecoveryPlan, Step};

/// What a finished recovery leaves behind.
#[derive(Debug)]
pub struct Recovered {
    /// The run.
    pub run: RunId,
    /// Journal, checkpoint and backup.
    pub files: RunFiles,
    /// The note over the whole journal and the fingerprint of its key: for the ticket.
    pub closed: Result<Closed, JournalError>,
    /// The changes that were made.
    pub changes: Vec<FileChange>,
    /// What could not be done, though every certificate is renewed: manifests that were not touched, the copy of
    /// the checkpoint.
    pub warnings: Vec<String>,
}

/// Puts what was signed in place, under the journal of a new run.
pub fn recover(
    root: &Root,
    plan: &RecoveryPlan,
    issuance: Issuance,
    reason: &Reason,
    observer: &mut dyn Observer,
) -> Result<Recovered, RecoveryError> {
    let untouched = |failure| RecoveryError::Untouched {
        source: Box::new(failure),
    };
    let clock = SteadyClock::start();
    let Issuance { changes, cluster } = issuance;
    let run = RunId::new(clock.now()).map_err(|error| untouched(error.into()))?;
    let files = RunFiles::of(run.as_str());
    let begin = || -> Result<Log, Failure> {
        let history = History::read(root)?;
        let circumstances = facts::circumstances(root, &run, plan, reason, &history);
        let storage = Box::new(root.create_log(&files.journal)?);
        Ok(Log::begin(
            storage,
            circumstances,
            cluster.as_ref(),
            clock.now(),
        )?)
    };
    let log = begin().map_err(untouched)?;
    // The last that needs the CA's key.
    drop(cluster);
    observer.progress(&Progress::Begun {
        run: run.as_str(),
        changes: changes.len(),
    });
    let transaction = Transaction {
        root,
        plan,
        run: &run,
        files: &files,
        clock,
        log,
        observer,
    };
    let (closed, warnings) = transaction.carry_out(&changes)?;
    Ok(Recovered {
        run,
        files,
        closed,
        changes,
        warnings,
    })
}

/// How the journal was closed, and what else is to be told.
type Ended = (Result<Closed, JournalError>, Vec<String>);

struct Transaction<'a> {
    root: &'a Root,
    plan: &'a RecoveryPlan,
    run: &'a RunId,
    files: &'a RunFiles,
    clock: SteadyClock,
    log: Log,
    observer: &'a mut dyn Observer,
}

/// A change that is ready: the new file lies beside its target, the old one in the backup.
struct Prepared {
    staged: Staged,
    backup: Option<BackupCopy>,
}

impl Transaction<'_> {
    fn carry_out(mut self, changes: &[FileChange]) -> Result<Ended, RecoveryError> {
        let prepared = match self.prepare(changes) {
            Ok(prepared) => prepared,
            // What was staged is removed by now: dropped with the error.
            Err((step, failure)) => {
                self.record_failure(&step, &failure);
                return Err(self.give_up(step, failure, &[]));
            }
        };
        let backups: Vec<Option<BackupCopy>> =
            prepared.iter().map(|ready| ready.backup.clone()).collect();
        for (number, (change, ready)) in changes.iter().zip(prepared).enumerate() {
            if let Err(failure) = self.replace(number, change, ready.staged) {
                let step = format!("replacing {}", change.target.display());
                let begun: Vec<Undo<'_>> = changes
                    .iter()
                    .zip(&backups)
                    .enumerate()
                    .take(number + 1)
                    .map(|(begun, (change, backup))| Undo {
                        number: begun,
                        change,
                        backup: backup.as_ref(),
                        installed: begun < number,
                    })
                    .collect();
                return Err(self.give_up(step, failure, &begun));
            }
        }
        let warnings = self.touch();
        Ok(self.close(warnings))
    }

    fn prepare(&mut self, changes: &[FileChange]) -> Result<Vec<Prepared>, (String, Failure)> {
        let mut prepared = Vec::with_capacity(changes.len());
        for (number, change) in changes.iter().enumerate() {
            let ready = self.stage(number, change).map_err(|failure| {
                let step = format!("preparing {}", change.target.display());
                (step, failure)
            })?;
            prepared.push(ready);
            let name = change.name;
            self.observer.progress(&Progress::Prepared { name });
        }
        self.flush_backup(&prepared)
            .map_err(|failure| ("backing up".to_owned(), failure))?;
        self.commit(changes, &prepared)
            .map_err(|failure| ("committing".to_owned(), failure))?;
        Ok(prepared)
    }

    fn stage(&mut self, number: usize, change: &FileChange) -> Result<Prepared, Failure> {
        let backup = match change.before {
            Present::Nothing => None,
            Present::File(_) | Present::Link(_) => {
                Some(self.root.back_up(&change.target, &self.files.backup)?)
            }
        };
        if let Some((copy, digest)) = backup.as_ref().and_then(|copy| Some((copy, copy.digest?))) {
            self.append(Event::BackedUp {
                change: number,
                path: facts::text(&copy.path),
                sha256: digest,
            })?;
        }
        let run = self.run.as_str();
        let staged = match &change.after {
            Content::Link(destination) => self.root.stage_link(&change.target, destination, run)?,
            Content::File(bytes) => {
                let staged = self
                    .root
                    .stage_file(&change.target, bytes, &change.model, run)?;
                self.append(Event::Staged {
                    change: number,
                    temporary: facts::text(&staged.temporary()),
                    sha256: Sha256Digest::of(bytes),
                })?;
                staged
            }
        };
        Ok(Prepared { staged, backup })
    }

    /// Once for each folder of the backup, not once for each file.
    fn flush_backup(&self, prepared: &[Prepared]) -> Result<(), Failure> {
        let copies = prepared.iter().filter_map(|ready| ready.backup.as_ref());
        let folders: BTreeSet<&Path> = copies.filter_map(|copy| copy.path.parent()).collect();
        for folder in folders {
            self.root.flush_folder(folder)?;
        }
        Ok(())
    }

    fn commit(&mut self, changes: &[FileChange], prepared: &[Prepared]) -> Result<(), Failure> {
        for left in &self.plan.left {
            self.append(Event::Left {
                name: left.name.to_owned(),
                reason: left.reason.clone(),
                needs: left.needs.clone(),
            })?;
        }
        let records = changes
            .iter()
            .zip(prepared)
            .map(|(change, ready)| {
                facts::change(change, self.location(change.name), ready.backup.as_ref())
            })
            .collect();
        self.log.commit(records, self.clock.now())?;
        Ok(())
    }

    fn location(&self, name: &str) -> &'static str {
        let step = self.plan.re_signed().find(|step| step.name == name);
        match step.map(|step| &step.location) {
            Some(Location::KubeconfigUser { .. }) => "kubeconfig-user",
            Some(Location::KubeletPem { .. }) => "kubelet-pem",
            Some(Location::PkiFile { .. }) | None => "pki-file",
        }
    }

    fn replace(
        &mut self,
        number: usize,
        change: &FileChange,
        staged: Staged,
    ) -> Result<(), Failure> {
        let intent = self.log.intend(number, self.clock.now())?;
        let installed = staged.install(&change.before);
        let outcome = match &installed {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::Failed {
                step: format!("replace {}", change.target.display()),
                error: with_causes(error),
            },
        };
        self.log.outcome(intent, outcome, self.clock.now())?;
        installed?;
        self.observer.progress(&Progress::Replaced {
            name: change.name,
            path: &change.target,
        });
        Ok(())
    }

    /// A manifest that cannot be touched undoes no recovery: nothing restarts because of it anyway.
    fn touch(&mut self) -> Vec<String> {
        let mut untouched = Vec::new();
        for step in &self.plan.steps {
            let Step::Touch { path, .. } = step else {
                continue;
            };
            match self.touch_one(path) {
                Ok(()) => self.observer.progress(&Progress::Touched { path }),
                Err(failure) => {
                    self.record_failure(&step.to_string(), &failure);
                    untouched.push(format!("{step}: {}", with_causes(&failure)));
                }
            }
        }
        untouched
    }

    fn touch_one(&mut self, path: &Path) -> Result<(), Failure> {
        let before = self.root.modified(path)?;
        let intent = self
            .log
            .intend_touch(facts::text(path), before, self.clock.now())?;
        let after = self.root.touch(path)?;
        self.log.touched(intent, after, self.clock.now())?;
        Ok(())
    }

    /// Everything is renewed by now: a journal that cannot be brought to its end is a warning.
    fn close(self, mut warnings: Vec<String>) -> Ended {
        let closed = self.log.close(RunOutcome::Completed, self.clock.now());
        if let Ok(closed) = &closed {
            let note = closed.checkpoint.to_string();
            let copy = &self.files.checkpoint;
            if let Err(error) = self.root.write_private(copy, note.as_bytes()) {
                warnings.push(with_causes(&error));
            }
        }
        (closed, warnings)
    }

    /// Undoes what was begun and closes the journal as well as that is still possible.
    fn give_up(mut self, step: String, failure: Failure, begun: &[Undo<'_>]) -> RecoveryError {
        let source = Box::new(failure);
        let stuck = roll_back(
            self.root,
            &mut self.log,
            self.run.as_str(),
            &self.clock,
            begun,
            self.observer,
        );
        if stuck.is_empty() {
            let _ = self.log.close(RunOutcome::RolledBack, self.clock.now());
            return RecoveryError::RolledBack { step, source };
        }
        let _ = self.log.close(RunOutcome::HalfWay, self.clock.now());
        RecoveryError::HalfWay {
            step,
            stuck,
            backup: self.root.outside(&self.files.backup),
            source,
        }
    }

    fn record_failure(&mut self, step: &str, failure: &Failure) {
        // A journal that cannot be written is a failure of its own, and the first one is told.
        let _ = self.append(Event::Failed {
            step: step.to_owned(),
            error: with_causes(failure),
        });
    }

    fn append(&mut self, event: Event) -> Result<(), Failure> {
        Ok(self.log.append(event, self.clock.now())?)
    }
}

impl Storage for AppendOnlyFile {
    fn append(&mut self, line: &[u8]) -> std::io::Result<()> {
        Self::append(self, line)
    }

    fn append_durably(&mut self, line: &[u8]) -> std::io::Result<()> {
        Self::append_durably(self, line)
    }
}
