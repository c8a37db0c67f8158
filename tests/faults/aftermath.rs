//! What can be done with a node that a run left: forward with `resume` or `recover`, back with `rollback`, each on a copy of
//! its own, and each to the very end.

use std::path::Path;

use crate::authorities;
use crate::judge::{Found, Judge, Phase};
use crate::pairs::fit;
use crate::support::leaf::leaves;
use crate::support::openssl;
use crate::support::program::{Run, rekindle};
use crate::tally::Tally;
use crate::template::{Template, Workplace, copy};

/// Every so many runs that wait to be finished are offered to `recover` first, which must refuse.
const OFFERED: usize = 5;

/// Every so many nodes that came through are shown to openssl.
const VERIFIED: usize = 97;

/// A run that is over, one way or the other.
pub struct Aftermath<'a> {
    pub template: &'a Template,
    pub judge: &'a Judge,
    pub case: &'a str,
    /// The number of the case: some things are tried at each so-manieth.
    pub number: usize,
}

impl Aftermath<'_> {
    /// Goes both ways from what was found in the workplace's root.
    pub fn follow(&self, found: &Found, workplace: &Workplace, tally: &mut Tally) {
        if found.phase == Phase::Untouched {
            return;
        }
        copy(&workplace.root(), &workplace.copy());
        let forward = self.forward(&workplace.root(), found, tally);
        let good = tally.expect(
            self.case,
            forward.map_err(|words| format!("forward: {words}")),
        );
        tally.resumed.count(good);
        let back = self.back(&workplace.copy(), found, tally);
        let good = tally.expect(self.case, back.map_err(|words| format!("back: {words}")));
        tally.rolled_back.count(good);
    }

    fn forward(&self, root: &Path, found: &Found, tally: &mut Tally) -> Result<(), String> {
        let journal = found.journal();
        match found.phase {
            Phase::Untouched => Ok(()),
            Phase::Uncommitted => {
                if self.number % 2 == 1 {
                    // Without one whole line in a journal there is no run to speak of.
                    let is_run = journal.is_some_and(|journal| !journal.kinds.is_empty());
                    self.run(root, &["resume", "--yes"], &[i32::from(is_run)], tally)?;
                    let cleared = self.look(root, tally)?;
                    self.judge.is_as_before(&cleared)?;
                }
                self.recover(root, tally)
            }
            Phase::Committed => {
                let outcome = journal.and_then(|journal| journal.outcome.as_deref());
                if self.number.is_multiple_of(OFFERED) {
                    self.refused(root, &["recover", "--yes"], "unfinished-run", found, tally)?;
                }
                if outcome.is_none() && journal.is_some_and(crate::journal::Journal::is_undoing) {
                    self.refused(root, &["resume", "--yes"], "rollback-begun", found, tally)?;
                    self.run(root, &["rollback", "--yes"], &[0], tally)?;
                    return self.recover(root, tally);
                }
                // All is as before, and only the last checkpoint is missing: there is nothing to finish any more.
                if outcome == Some("rolled-back") {
                    self.had_ended(root, &["resume", "--yes"], tally)?;
                    return self.recover(root, tally);
                }
                let ends = [0, self.template.normal];
                self.run(root, &["resume", "--yes"], &ends, tally)?;
                self.is_after(root, tally)
            }
            Phase::Ended => {
                self.run(root, &["resume", "--yes"], &[0], tally)?;
                self.unchanged(root, found, tally)?;
                if journal.is_some_and(|journal| journal.outcome.as_deref() == Some("completed")) {
                    if !authorities::has_cluster_key(root) {
                        return self.is_after(root, tally);
                    }
                    // There is nothing to do.
                    self.run(root, &["recover", "--yes"], &[self.template.normal], tally)?;
                    return self.is_after(root, tally);
                }
                self.recover(root, tally)
            }
        }
    }

    fn back(&self, root: &Path, found: &Found, tally: &mut Tally) -> Result<(), String> {
        let outcome = found
            .journal()
            .and_then(|journal| journal.outcome.as_deref());
        // All was made, and only the last checkpoint is missing: there is nothing to go back from any more.
        if found.phase == Phase::Committed && outcome == Some("completed") {
            self.had_ended(root, &["rollback", "--yes"], tally)?;
            return self.is_after(root, tally);
        }
        self.run(root, &["rollback", "--yes"], &[0], tally)?;
        if found.phase == Phase::Ended {
            return self.unchanged(root, found, tally);
        }
        let now = self.look(root, tally)?;
        self.judge.is_as_before(&now)?;
        Self::is_closed(root, &now)
    }

    /// The verb brings the last checkpoint, and says that it did nothing else.
    fn had_ended(&self, root: &Path, arguments: &[&str], tally: &mut Tally) -> Result<(), String> {
        let run = self.run(root, arguments, &[1], tally)?;
        if run.stdout.contains(" had already ended: ") {
            return Ok(());
        }
        Err(format!("{arguments:?} does not say so: {run:?}"))
    }

    /// `recover` gets through, and every file is the new one.
    fn recover(&self, root: &Path, tally: &mut Tally) -> Result<(), String> {
        self.run(
            root,
            self.template.arguments,
            &[self.template.normal],
            tally,
        )?;
        self.is_after(root, tally)
    }

    /// Every file that the latest run was to replace is the new one, and all its journals are closed.
    pub fn is_after(&self, root: &Path, tally: &mut Tally) -> Result<(), String> {
        let now = self.look(root, tally)?;
        if now.old > 0 || now.new == 0 {
            return Err(format!(
                "{} files are new, and {} are still old",
                now.new, now.old
            ));
        }
        if self.number.is_multiple_of(VERIFIED) {
            verifies(root, &now)?;
        }
        Self::is_closed(root, &now)
    }

    /// No dot-file is left, and every journal is COMPLETE.
    fn is_closed(root: &Path, now: &Found) -> Result<(), String> {
        if !now.leftovers.is_empty() {
            return Err(format!("left over: {}", now.leftovers.join(", ")));
        }
        let known = [".jsonl", ".checkpoint"];
        let is_stray = |path: &&str| {
            let name = path.strip_prefix("/var/lib/rekindle/journal/");
            name.is_some_and(|name| {
                // What has no name yet begins with a dot.
                name.starts_with('.')
                    || !name.contains(".torn-") && !known.iter().any(|end| name.ends_with(end))
            })
        };
        if let Some(stray) = now.tree.paths().find(is_stray) {
            return Err(format!("{stray} is left over"));
        }
        for journal in &now.journals {
            let verified = authorities::verified(root, &journal.run);
            if verified.code != Some(0) || !verified.stdout.starts_with("COMPLETE\n") {
                return Err(format!("the journal does not verify: {verified:?}"));
            }
        }
        Ok(())
    }

    fn refused(
        &self,
        root: &Path,
        arguments: &[&str],
        code: &str,
        found: &Found,
        tally: &mut Tally,
    ) -> Result<(), String> {
        let run = self.run(root, arguments, &[3], tally)?;
        if !run.stderr.contains(&format!("refused ({code})")) {
            return Err(format!("{arguments:?} is not refused with {code}: {run:?}"));
        }
        self.unchanged(root, found, tally)
    }

    fn unchanged(&self, root: &Path, found: &Found, tally: &mut Tally) -> Result<(), String> {
        let now = self.look(root, tally)?;
        let mut differences = found.tree.differences(&now.tree);
        // The room that a run kept for its journal goes when the next one looks, and so do files without a name.
        differences.retain(|path| !path.ends_with(".reserve") && !path.contains("/journal/."));
        match differences {
            none if none.is_empty() => Ok(()),
            differences => Err(format!("changed: {}", differences.join(", "))),
        }
    }

    /// Looks at the node, and counts what must not be.
    fn look(&self, root: &Path, tally: &mut Tally) -> Result<Found, String> {
        let found = self.judge.look(root);
        tally.damage(self.case, &found.damage);
        match found.damage.words.len() {
            0 => Ok(found),
            _ => Err("damaged".to_owned()),
        }
    }

    /// Runs the program to one of these ends. Nothing that it prints is a secret.
    fn run(
        &self,
        root: &Path,
        arguments: &[&str],
        ends: &[i32],
        tally: &mut Tally,
    ) -> Result<Run, String> {
        let run = rekindle(root, arguments);
        let new_keys = self.judge.new_keys(root);
        let printed = [&run.stdout, &run.stderr];
        if printed
            .iter()
            .any(|text| self.judge.keys.are_in(text) || new_keys.are_in(text))
        {
            tally.damage.leaked += 1;
            return Err(format!("{arguments:?} prints a key"));
        }
        match run.code {
            Some(code) if ends.contains(&code) => Ok(run),
            _ => Err(format!("{arguments:?} does not end with {ends:?}: {run:?}")),
        }
    }
}

/// openssl takes each new certificate for good under its CA, and its key for its own.
fn verifies(root: &Path, now: &Found) -> Result<(), String> {
    let changes = now
        .journal()
        .and_then(|journal| journal.changes.clone())
        .unwrap_or_default();
    let folder = tempfile::tempdir().unwrap();
    for leaf in leaves(&now.tree)
        .iter()
        .filter(|leaf| changes.contains_key(&leaf.file))
    {
        if !fit(&leaf.certificate, &leaf.key) {
            return Err(format!("openssl: {}: the key does not fit", leaf.file));
        }
        let (certificate, _) = leaf.write(folder.path());
        for purpose in leaf.purposes.iter().filter(|_| leaf.authority.is_some()) {
            let authority = root.join(
                leaf.authority
                    .as_deref()
                    .unwrap_or_default()
                    .trim_start_matches('/'),
            );
            openssl::verify(&certificate, &authority, purpose)
                .map_err(|error| format!("openssl: {}: {error}", leaf.file))?;
        }
    }
    Ok(())
}
