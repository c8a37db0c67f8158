//! A run from its begin to its end: everything is prepared, committed to, and made, in this order.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::error::Failure;
use super::homes::admit_all;
use super::identity::identity;
use super::strange::not_as_before;
use super::transaction::{Ended, Transaction};
use super::{
    History, Live, Observer, Progress, Reason, RecoveryError, RunFiles, RunId, Undertaking, facts,
};
use crate::evidence::with_causes;
use crate::issuance::{Content, FileChange};
use crate::journal::{Backup, Change, Event, FileIdentity, Log, RunOutcome};
use crate::node::{BackupCopy, Present, Root, Secrecy, Staged, SteadyClock};
use crate::pki::Authority;

/// Does all that `undertaking` says, under the journal of a new run. `cluster` vouches for the journal; its key is wiped
/// before the first file is written.
pub fn carry_out(
    root: &Root,
    undertaking: &Undertaking,
    cluster: Option<Authority>,
    live: Option<Live>,
    reason: &Reason,
    observer: &mut dyn Observer,
) -> Result<Ended, RecoveryError> {
    begin(root, undertaking, cluster, live, reason, observer)?.carry_out(undertaking)
}

/// Opens the journal of a new run.
pub(super) fn begin<'a>(
    root: &'a Root,
    undertaking: &Undertaking,
    cluster: Option<Authority>,
    live: Option<Live>,
    reason: &Reason,
    observer: &'a mut dyn Observer,
) -> Result<Transaction<'a>, RecoveryError> {
    let untouched = |failure| RecoveryError::Untouched {
        source: Box::new(failure),
    };
    let clock = SteadyClock::start();
    let run = RunId::new(clock.now()).map_err(|error| untouched(error.into()))?;
    let files = RunFiles::of(run.as_str());
    admit_all(root, run.as_str(), undertaking);
    let begin = || -> Result<Log, Failure> {
        History::tidy(root)?;
        let history = History::read(root)?;
        let circumstances = facts::circumstances(root, &run, undertaking, reason, &history);
        let storage = Box::new(root.create_log(&files.journal)?);
        let now = clock.now();
        Ok(Log::begin(storage, circumstances, cluster.as_ref(), now)?)
    };
    let log = begin().map_err(untouched)?;
    // The last that needs the CA's key.
    drop(cluster);
    observer.progress(Progress::Begun {
        run: run.as_str().to_owned(),
        steps: 2 * undertaking.changes.len(),
    });
    Ok(Transaction {
        root,
        run: run.to_string(),
        files,
        clock,
        log,
        observer,
        left: undertaking.left.clone(),
        unexchanged: None,
        live,
        proof: None,
        warnings: Vec::new(),
    })
}

/// A change that is ready: the new file lies beside its target, the old one in the backup.
pub(super) struct Prepared {
    staged: Staged,
    change: Change,
    backup: Option<BackupCopy>,
}

impl Transaction<'_> {
    fn carry_out(mut self, undertaking: &Undertaking) -> Result<Ended, RecoveryError> {
        let prepared = match self.prepare(undertaking) {
            Ok(prepared) => prepared,
            Err((what, failure)) => return Err(self.give_up(what, failure)),
        };
        if let Err((what, failure)) = self.halt() {
            let what = what.to_owned();
            return Err(match failure {
                Failure::Journal(_) | Failure::Interrupted { .. } => self.stopped(what, failure),
                _ => self.turn_back(what, failure),
            });
        }
        for (number, ready) in prepared.into_iter().enumerate() {
            if let Err(failure) = self.go_on() {
                return Err(self.stopped("stopped between two files", failure));
            }
            if let Err(failure) = self.replace(number, &ready.change, ready.staged) {
                let what = format!("replacing {} failed", ready.change.target);
                return Err(match failure {
                    // Without a record there is no effect, not even an undoing one.
                    Failure::Journal(_) => self.stopped(what, failure),
                    _ => self.turn_back(what, failure),
                });
            }
        }
        self.bring_up(RunOutcome::Completed)
    }

    /// After the last file is settled: the manifests, the kubelet, the proof, the end.
    pub(super) fn bring_up(mut self, outcome: RunOutcome) -> Result<Ended, RecoveryError> {
        self.touch();
        if let Err(failure) = self.move_manifests() {
            return Err(match failure {
                Failure::Interrupted { .. } => {
                    self.stopped("stopped between two manifests", failure)
                }
                _ => self.stopped("a manifest could not be moved", failure),
            });
        }
        self.revive();
        if let Some(stopped) = self.not_revived(None) {
            return Err(stopped);
        }
        match self.prove() {
            Ok(proof) => self.proof = proof,
            Err(failure) => return Err(self.stopped("the proof could not be recorded", failure)),
        }
        self.close(outcome)
    }

    /// A run that leaves the kubelet stopped has not come to its end, whatever became of the files: whoever takes it up starts it.
    /// That of a node that became a folder starts when the node boots. `why` the run went back is told even where this came of it.
    pub(super) fn not_revived(&self, why: Option<String>) -> Option<RecoveryError> {
        let mut stopped = self.log.chain().stopped_services();
        let service = stopped.next().filter(|_| self.root.is_machine())?;
        let reasons: Vec<String> = why.into_iter().chain(self.warnings.clone()).collect();
        let error = reasons.join("; ");
        let what = format!("{service} stands still");
        Some(self.stopped(what, Failure::Live { error }))
    }

    /// Stages and backs up every file, and commits to the changes.
    pub(super) fn prepare(
        &mut self,
        undertaking: &Undertaking,
    ) -> Result<Vec<Prepared>, (String, Failure)> {
        self.make_folders()
            .map_err(|failure| ("preparing failed".to_owned(), failure))?;
        let mut prepared = Vec::with_capacity(undertaking.changes.len());
        for (number, change) in undertaking.changes.iter().enumerate() {
            self.go_on()
                .map_err(|failure| ("stopped before the first change".to_owned(), failure))?;
            let ready = self.stage(number, change).map_err(|failure| {
                let what = format!("preparing {} failed", change.target.display());
                (what, failure)
            })?;
            prepared.push(ready);
            self.observer.progress(Progress::Prepared {
                name: change.name.clone(),
            });
        }
        self.flush_names(&prepared)
            .map_err(|failure| ("preparing failed".to_owned(), failure))?;
        self.commit(undertaking, &mut prepared)
            .map_err(|failure| ("committing failed".to_owned(), failure))?;
        Ok(prepared)
    }

    fn stage(&mut self, number: usize, change: &FileChange) -> Result<Prepared, Failure> {
        let backup = match change.before {
            Present::Nothing => None,
            Present::File(_) | Present::Link(_) => {
                Some(self.root.back_up(&change.target, &self.files.backup)?)
            }
        };
        let recorded = match &backup {
            None => None,
            Some(copy) => self.recorded(copy, change.is_key)?,
        };
        if let Some(copy) = recorded.clone() {
            self.append(Event::BackedUp {
                change: number,
                path: copy.path,
                identity: copy.identity,
            })?;
        }
        let run = &self.run;
        let staged = match &change.after {
            Content::Link(destination) => self.root.stage_link(&change.target, destination, run)?,
            Content::File(bytes) => {
                let (root, target) = (self.root, &change.target);
                let staged = match &change.model {
                    Some(model) => root.stage_file(target, bytes, model, change.access, run)?,
                    None => root.stage_new_file(target, bytes, change.access.mode, run)?,
                };
                self.append(Event::Staged {
                    change: number,
                    temporary: facts::text(&staged.temporary()),
                    identity: identity(bytes, change.is_key),
                })?;
                staged
            }
        };
        Ok(Prepared {
            staged,
            change: facts::change(change, recorded.as_ref()),
            backup,
        })
    }

    /// The copy of an old file, and by what it is known; a copied link has nothing that could be.
    fn recorded(&self, copy: &BackupCopy, is_key: bool) -> Result<Option<Backup>, Failure> {
        let Some(digest) = copy.digest else {
            return Ok(None);
        };
        let identity = if is_key {
            identity(&self.root.read(&copy.path, Secrecy::Public)?.bytes, true)
        } else {
            FileIdentity::Sha256(digest)
        };
        Ok(Some(Backup {
            path: facts::text(&copy.path),
            identity,
        }))
    }

    /// The names of the copies and of the staged files and links, which the commit says are there: once for each folder, not
    /// once for each file. The state folder is among them, since whoever created what is in it may have been killed before
    /// that was flushed.
    fn flush_names(&self, prepared: &[Prepared]) -> Result<(), Failure> {
        let copies = prepared.iter().filter_map(|ready| ready.backup.as_ref());
        let folders = copies.filter_map(|copy| copy.path.parent());
        let folders: BTreeSet<&Path> = folders.collect();
        for folder in folders {
            self.root.flush_folder(folder)?;
        }
        // By a name in it: who may look into it does not matter, for what is in it is closed.
        self.root.flush_name(&RunFiles::journals())?;
        let staged = prepared.iter().map(|ready| ready.staged.temporary());
        let one_each: BTreeMap<_, _> = staged
            .map(|name| (name.parent().map(Path::to_owned), name))
            .collect();
        for name in one_each.values() {
            self.root.flush_name(name)?;
        }
        Ok(())
    }

    fn commit(
        &mut self,
        undertaking: &Undertaking,
        prepared: &mut [Prepared],
    ) -> Result<(), Failure> {
        for left in &undertaking.left {
            self.append(Event::Left {
                name: left.name.clone(),
                reason: left.reason.clone(),
                needs: left.needs.clone(),
            })?;
        }
        let changes = prepared.iter().map(|ready| ready.change.clone()).collect();
        let touches = undertaking
            .touches
            .iter()
            .map(|path| facts::text(path))
            .collect();
        // A failure from here on may leave the commit on the disk: what was staged must be there for it.
        for ready in &mut *prepared {
            ready.staged.keep();
        }
        self.log.commit(changes, touches, self.clock.now())?;
        Ok(())
    }

    /// Ends a run that has changed nothing.
    pub(super) fn give_up(mut self, what: String, failure: Failure) -> RecoveryError {
        self.record_failure(&what, &failure);
        // The commit may be on the disk or not: nobody knows after a journal that could not be flushed.
        if self.log.chain().changes().is_some() {
            return self.stopped(what, failure);
        }
        // Most went with the error; what was kept for a commit that then was none is still there.
        self.remove_staged();
        let warnings = self.warnings.clone();
        // A journal that is not closed says of itself that nothing was committed.
        let warnings = match self.close(RunOutcome::RolledBack) {
            Ok(ended) => ended.warnings,
            Err(_) => warnings,
        };
        RecoveryError::RolledBack {
            what,
            warnings,
            source: Box::new(failure),
        }
    }

    /// Undoes what was done, after a step that failed.
    pub(super) fn turn_back(mut self, what: String, failure: Failure) -> RecoveryError {
        let stuck = match self.roll_back() {
            Err(halted) => return halted,
            Ok(stuck) => stuck,
        };
        self.revive();
        if !stuck.is_empty() {
            return self.stuck(what, stuck, failure);
        }
        let why = format!("{what}: {}", with_causes(&failure));
        if let Some(stopped) = self.not_revived(Some(why)) {
            return stopped;
        }
        let changes = self.log.chain().changes().unwrap_or_default();
        let strange = not_as_before(self.root, changes, self.unexchanged);
        let strange = strange
            .into_iter()
            .map(|left| format!("{}: {}", left.name, left.reason));
        self.warnings.extend(strange);
        // Without its end the run is one that others take for unfinished.
        match self.close(RunOutcome::RolledBack) {
            Err(stopped) => stopped,
            Ok(ended) => RecoveryError::RolledBack {
                what,
                warnings: ended.warnings,
                source: Box::new(failure),
            },
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "the test lays out a folder of its own"
)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use zeroize::Zeroizing;

    use super::*;
    use crate::node::Access;

    struct Unwatched;

    impl Observer for Unwatched {
        fn progress(&mut self, _: Progress) {}
    }

    fn change(root: &Root, target: &str, name: String) -> FileChange {
        let target = PathBuf::from(target);
        let before = root.read(&target, Secrecy::Public).unwrap();
        FileChange {
            name,
            location: "pki-file".to_owned(),
            model: Some(target.clone()),
            access: Access::from(&before.metadata),
            home: None,
            is_key: false,
            before: Present::File(before.digest),
            after: Content::File(Zeroizing::new(b"new".to_vec())),
            certificate: None,
            target,
        }
    }

    /// The journal takes no line so long, and is as good as before: all that was staged for the commit goes.
    #[test]
    fn a_commit_that_the_journal_does_not_take_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let pki = folder.path().join("pki");
        fs::create_dir(&pki).unwrap();
        for name in ["one", "two"] {
            fs::write(pki.join(name), "old").unwrap();
            fs::set_permissions(pki.join(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
        let root = Root::open(folder.path()).unwrap();
        let undertaking = Undertaking {
            inventory_digest: None,
            steps: Vec::new(),
            left: Vec::new(),
            changes: vec![
                change(&root, "/pki/one", "one".to_owned()),
                change(&root, "/pki/two", "two".repeat(1 << 20)),
            ],
            moves: Vec::new(),
            touches: Vec::new(),
        };
        let reason = Reason::default();
        let ended = carry_out(&root, &undertaking, None, None, &reason, &mut Unwatched);
        let Err(RecoveryError::RolledBack { what, warnings, .. }) = ended else {
            panic!("{ended:?}");
        };
        assert_eq!(
            (&*what, &warnings[..]),
            ("committing failed", &[] as &[String])
        );
        assert_eq!(root.list(Path::new("/pki")).unwrap(), ["one", "two"]);
        assert_eq!(fs::read(pki.join("one")).unwrap(), b"old");
        // And the journal says why, and that it is over.
        let history = History::read(&root).unwrap();
        assert!(history.interrupted(&root).unwrap().is_none());
        let journal = RunFiles::of(&history.runs[0]).journal;
        let text = root.read_log(&journal).unwrap();
        let chain = crate::journal::Chain::read(&text).unwrap().unwrap();
        assert!(chain.is_sealed());
        assert_eq!(chain.counts().failed, 1);
    }
}
