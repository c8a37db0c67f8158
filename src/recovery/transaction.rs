//! The effects of a run, each under an intent in the journal: what a first attempt and every further one have in common.

use std::path::{Path, PathBuf};

use super::error::Failure;
use super::identity::{expected, identity, is_key};
use super::obstacle::skipped;
use super::{Live, Observer, Progress, RecoveryError, RunFiles, Stuck, facts};
use crate::evidence::with_causes;
use crate::journal::{
    Change, Closed, Event, FileState, Intent, Log, Outcome, Progress as Made, RunOutcome, Storage,
    TouchIntent,
};
use crate::node::{
    AppendOnlyFile, FileError, NotInstalled, Permit, Root, Secrecy, Staged, SteadyClock,
};
use crate::plan::LeftAlone;
use crate::proof::Proof;

/// A run under way, with its journal open.
pub(super) struct Transaction<'a> {
    pub(super) root: &'a Root,
    pub(super) run: String,
    pub(super) files: RunFiles,
    pub(super) clock: SteadyClock,
    pub(super) log: Log,
    pub(super) observer: &'a mut dyn Observer,
    /// What is left to a person, whatever becomes of the files.
    pub(super) left: Vec<LeftAlone>,
    /// The change whose exchange failed before its target could become another: what stands there is not this run's.
    pub(super) unexchanged: Option<usize>,
    /// What stops and starts the control plane; none where the run is about files alone.
    pub(super) live: Option<Live>,
    /// What came of the proof.
    pub(super) proof: Option<Proof>,
    /// What could not be done, and hinders nothing else.
    pub(super) warnings: Vec<String>,
}

/// How a run ended whose files are all settled.
#[derive(Debug)]
pub struct Ended {
    /// The run.
    pub run: String,
    /// Journal, checkpoint and backup.
    pub files: RunFiles,
    /// How it ended.
    pub outcome: RunOutcome,
    /// The note over the whole journal and the fingerprint of its last key: for the ticket.
    pub closed: Closed,
    /// What is left to a person.
    pub left: Vec<LeftAlone>,
    /// What could not be done, though every file is settled: manifests that were not touched, the copy of the checkpoint.
    pub warnings: Vec<String>,
    /// What was not done that could have been expected, as the plan said.
    pub notes: Vec<String>,
    /// Whether the control plane is proven to be back; none where nothing was restarted.
    pub proof: Option<Proof>,
}

impl Transaction<'_> {
    /// Puts a staged file in place. The one way in which a file of the node becomes another one.
    pub(super) fn replace(
        &mut self,
        number: usize,
        change: &Change,
        staged: Staged,
    ) -> Result<(), Failure> {
        let stamped = self.to_be_replaced(change);
        let intent = self.log.intend(number, self.clock.now())?;
        let access = match change.after {
            FileState::File(_) => Some(facts::access(change)),
            FileState::Symlink(_) => None,
        };
        let before = expected(self.root, change, change.before.as_ref());
        let installed = match before {
            Ok(before) => staged.install(&before, access, &intent),
            Err(source) => Err(NotInstalled {
                exchanged: false,
                source,
            }),
        };
        if installed.as_ref().is_err_and(|error| !error.exchanged) {
            self.unexchanged = Some(number);
        }
        let installed = installed.map_err(|error| error.source);
        self.record(intent, &installed, "replace")?;
        installed?;
        self.note_written(change);
        self.observer.progress(Progress::Replaced {
            name: change.name.clone(),
            path: PathBuf::from(&change.target),
        });
        if let Some(stamped) = stamped {
            self.wait_until_replaced(&stamped);
        }
        Ok(())
    }

    /// Brings back what was there before a change, from the backup.
    pub(super) fn bring_back(&mut self, number: usize, change: &Change) -> Result<(), Failure> {
        let intent = self.log.intend_undo(number, self.clock.now())?;
        let restored = self.restore(change, &intent);
        self.record(intent, &restored, "bring back")?;
        restored?;
        self.tell_rolled_back(change);
        Ok(())
    }

    /// Notes that a file is as it was before, without anything having been done.
    pub(super) fn note_rolled_back(
        &mut self,
        number: usize,
        change: &Change,
    ) -> Result<(), Failure> {
        self.append(Event::RolledBack { change: number })?;
        self.tell_rolled_back(change);
        Ok(())
    }

    fn tell_rolled_back(&mut self, change: &Change) {
        self.observer.progress(Progress::RolledBack {
            path: PathBuf::from(&change.target),
        });
    }

    fn restore(&self, change: &Change, intent: &Intent) -> Result<(), FileError> {
        let root = self.root;
        let target = Path::new(&change.target);
        let made = expected(root, change, Some(&change.after))?;
        let staged = match (&change.before, &change.backup) {
            (None, _) => return root.remove(intent, &made),
            (Some(FileState::Symlink(destination)), _) => {
                root.stage_link(target, Path::new(destination), &self.run)?
            }
            (Some(FileState::File(_)), Some(backup)) => {
                let copy = Path::new(&backup.path);
                let old = root.read(copy, Secrecy::Public)?;
                if identity(&old.bytes, is_key(change)) != backup.identity {
                    return Err(FileError::ChangedMeanwhile {
                        path: root.outside(copy),
                    });
                }
                root.stage_file(target, &old.bytes, copy, facts::access(change), &self.run)?
            }
            (Some(FileState::File(_)), None) => {
                return Err(FileError::NotFound {
                    path: root.outside(target),
                });
            }
        };
        // As it was staged, just now.
        staged
            .install(&made, None, intent)
            .map_err(|error| error.source)
    }

    fn record(
        &mut self,
        intent: Intent,
        effect: &Result<(), FileError>,
        verb: &str,
    ) -> Result<(), Failure> {
        let outcome = match effect {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::Failed {
                step: format!("{verb} {}", intent.target().display()),
                error: with_causes(error),
            },
        };
        Ok(self.log.outcome(intent, outcome, self.clock.now())?)
    }

    /// A manifest that cannot be touched undoes no recovery: nothing restarts because of it anyway.
    pub(super) fn touch(&mut self) {
        let untouched: Vec<PathBuf> = self.log.chain().untouched().map(PathBuf::from).collect();
        for path in untouched {
            match self.touch_one(&path) {
                Ok(()) => self.observer.progress(Progress::Touched { path }),
                Err(failure) => {
                    let step = format!("touch {}", path.display());
                    self.record_failure(&step, &failure);
                    let error = with_causes(&failure);
                    self.warnings.push(match failure {
                        // It names the file.
                        Failure::File(_) => error,
                        _ => format!("{step}: {error}"),
                    });
                }
            }
        }
    }

    fn touch_one(&mut self, path: &Path) -> Result<(), Failure> {
        let before = self.root.modified(path)?;
        let intent = self
            .log
            .intend_touch(facts::text(path), before, self.clock.now())?;
        let after = self.root.touch(&intent)?;
        self.log.touched(intent, after, self.clock.now())?;
        Ok(())
    }

    /// Notes that the run goes back, before anything is removed that a way forward would need.
    pub(super) fn turn(&mut self) -> Result<(), Failure> {
        if self.log.chain().is_undoing() {
            return Ok(());
        }
        self.append(Event::TurnedBack)
    }

    /// Notes of all these changes that they stay as they were found: before anything else is done, since what belongs
    /// together is left alone together.
    pub(super) fn leave_alone(&mut self, found: Vec<(usize, String)>) -> Result<(), Failure> {
        found
            .into_iter()
            .try_for_each(|(change, found)| self.append(Event::Skipped { change, found }))
    }

    /// Removes what was staged and is not needed any more; what could not be is a warning.
    pub(super) fn remove_staged(&mut self) {
        let folders = &self.log.chain().genesis().circumstances.folders;
        let left = folders
            .iter()
            .flat_map(|folder| self.root.remove_staged(Path::new(folder), &self.run));
        let left: Vec<String> = left.map(|error| with_causes(&error)).collect();
        self.warnings.extend(left);
    }

    /// Brings the journal to its end, and a copy of its last checkpoint beside it.
    pub(super) fn close(mut self, outcome: RunOutcome) -> Result<Ended, RecoveryError> {
        // Nobody is to take it for a copy.
        let part = self.files.unfinished_etcd_copy();
        if let Err(error) = self.root.remove_folder_if_there(&part) {
            self.warnings.push(with_causes(&error));
        }
        if outcome != RunOutcome::Completed {
            self.remove_folders();
        }
        let changes = self.log.chain().changes().unwrap_or_default();
        let strange = changes
            .iter()
            .filter(|(_, made)| *made == Made::Skipped)
            .map(|(change, _)| skipped(change));
        self.left.extend(strange);
        let closed = match self.log.close(outcome, self.clock.now()) {
            Ok(closed) => closed,
            Err(error) => return Err(self.stopped("the journal could not be closed", error.into())),
        };
        let note = closed.checkpoint.to_string();
        if let Err(error) = self
            .root
            .write_private(&self.files.checkpoint, note.as_bytes())
        {
            self.warnings.push(with_causes(&error));
        }
        Ok(Ended {
            run: self.run,
            files: self.files,
            outcome,
            closed,
            left: self.left,
            warnings: self.warnings,
            notes: self.live.map_or_else(Vec::new, Live::notes),
            proof: self.proof,
        })
    }

    /// The outcome that was aimed at; half-way, where something stays as somebody else made it.
    pub(super) fn outcome(&self, aim: RunOutcome) -> RunOutcome {
        match self.log.chain().counts().skipped {
            0 => aim,
            _ => RunOutcome::HalfWay,
        }
    }

    /// The committed change of that number.
    pub(super) fn change(&self, number: usize) -> Option<Change> {
        let changes = self.log.chain().changes()?;
        changes.get(number).map(|(change, _)| change.clone())
    }

    pub(super) fn record_failure(&mut self, step: &str, failure: &Failure) {
        // A journal that cannot be written is a failure of its own, and the first one is told.
        let _ = self.append(Event::Failed {
            step: step.to_owned(),
            error: with_causes(failure),
        });
    }

    pub(super) fn append(&mut self, event: Event) -> Result<(), Failure> {
        Ok(self.log.append(event, self.clock.now())?)
    }

    /// The signal that asks the run to stop, as a failure.
    pub(super) fn go_on(&mut self) -> Result<(), Failure> {
        match self.observer.interrupted() {
            Some(signal) => Err(Failure::Interrupted { signal }),
            None => Ok(()),
        }
    }

    /// The run stays as it is, to be resumed or rolled back.
    pub(super) fn stopped(&self, what: impl Into<String>, failure: Failure) -> RecoveryError {
        let chain = self.log.chain();
        RecoveryError::Stopped {
            what: what.into(),
            run: self.run.clone(),
            reverses: chain.genesis().reverses().map(str::to_owned),
            made: chain.counts().changed,
            all: chain.changes().unwrap_or_default().len(),
            open_directions: chain.open_directions(),
            source: Box::new(failure),
        }
    }

    pub(super) fn stuck(&self, what: String, stuck: Vec<Stuck>, failure: Failure) -> RecoveryError {
        RecoveryError::Stuck {
            what,
            stuck,
            backup: self.root.outside(&self.files.backup),
            source: Box::new(failure),
        }
    }
}

impl Permit for Intent {
    fn target(&self) -> &Path {
        Self::target(self)
    }
}

impl Permit for TouchIntent {
    fn target(&self) -> &Path {
        Self::target(self)
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
