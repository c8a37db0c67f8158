//! Waits for the proof, and records it.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::elision::elide;
use crate::journal::{Change, Event, FileIdentity, FileState};
use crate::kubernetes::Component;
use crate::node::{Clocks, ServiceManager};
use crate::proof::{Condition, Finding, Proof, Watch};
use crate::recovery::transaction::Transaction;
use crate::recovery::{Failure, Progress};

/// In characters.
const LONGEST_EVIDENCE: usize = 1000;
/// How often Leases that are to be given up are looked at.
const TICK: Duration = Duration::from_millis(250);

impl Transaction<'_> {
    /// Notes that a file is in place now, for the proof to compare the processes with: at once, for a component may be
    /// started anew before the last file is replaced.
    pub(in crate::recovery) fn note_written(&mut self, change: &Change) {
        let since_boot = Clocks::read().uptime();
        if let (Some(live), FileState::File(FileIdentity::Sha256(digest))) =
            (&mut self.live, &change.after)
        {
            live.note(change.target.clone().into(), *digest, since_boot);
        }
    }

    /// Waits until everything is proven, the time is up, or somebody wants it to end; gives up the Leases of dead leaders
    /// meanwhile. What was found goes into the journal. None where nothing was restarted.
    pub(in crate::recovery) fn prove(&mut self) -> Result<Option<Proof>, Failure> {
        let Some(live) = &self.live else {
            return Ok(None);
        };
        if !live.plan.strategy.restarts() {
            return Ok(None);
        }
        let deadline = Instant::now() + live.plan.timeout;
        let (root, plane) = (Arc::clone(&live.root), Arc::clone(&live.plane));
        let written = Arc::new(live.written.clone());
        let mut watch = live
            .unconfined
            .run(move || Watch::begin(&root, &plane, &written))?;
        self.observer.progress(Progress::Proving {
            findings: watch.findings().to_vec(),
        });
        while !watch.is_whole() && !watch.is_over(deadline) && self.go_on().is_ok() {
            let observer = RefCell::new(&mut *self.observer);
            let tick = Instant::now() + TICK;
            watch.wait(
                tick,
                || observer.borrow_mut().interrupted().is_some(),
                |number, finding| {
                    observer.borrow_mut().progress(Progress::Seen {
                        number,
                        finding: finding.clone(),
                    });
                },
            );
            if answers(watch.findings()) {
                self.release_leases()?;
            }
        }
        let signal = self.observer.interrupted().filter(|_| !watch.is_whole());
        if let (Some(signal), Some(live)) = (signal, &mut self.live) {
            live.plan.notes.push(format!(
                "{signal} ended the waiting for the proof: it may only have been too early for it"
            ));
        }
        let mut proof = watch.end();
        proof.kubelet_log = self.kubelet_log(&proof);
        for finding in &proof.findings {
            self.append(Event::Proof {
                component: finding.subject.to_owned(),
                condition: finding.condition.as_str().to_owned(),
                proven: finding.state.is_proven(),
                evidence: recorded(finding.state.evidence()),
            })?;
        }
        Ok(Some(proof))
    }

    /// What the kubelet says, where it may be behind what is not proven.
    fn kubelet_log(&self, proof: &Proof) -> Vec<String> {
        let Some(live) = self.live.as_ref().filter(|_| !proof.is_whole()) else {
            return Vec::new();
        };
        let (root, unit) = (Arc::clone(&live.root), live.plan.unit.clone());
        let manager = live.plan.manager.clone();
        let words = move || {
            let manager = manager.unwrap_or_else(|| ServiceManager::detect(&root, None));
            manager.last_words(&unit)
        };
        live.unconfined.run(words).unwrap_or_default()
    }
}

/// What was seen may come from anywhere: nothing that may be a key goes into the journal, nor more than fits into a line.
fn recorded(evidence: &str) -> String {
    let elided = elide(evidence);
    elided.chars().take(LONGEST_EVIDENCE).collect()
}

/// Whether the API server has shown its certificate: one that hangs would hold up all else with each question. `/livez` is
/// not waited for: it says ok only when everything in it has started, and the Leases can be had before that.
fn answers(findings: &[Finding]) -> bool {
    let is_shown = |finding: &Finding| {
        finding.subject == Component::ApiServer.as_str()
            && finding.condition == Condition::Certificate
            && finding.state.is_proven()
    };
    findings.iter().any(is_shown)
}
