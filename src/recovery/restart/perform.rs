//! Carries the restart out, each step under an intent in the journal.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::elision::elide;
use crate::evidence::with_causes;
use crate::journal::{Act, ActIntent, Change, Event, FileState};
use crate::kubernetes::Component;
use crate::node::{Clocks, Ending, FileError, Liveness, Root, RunningComponent, ServiceManager};
use crate::proof::{Condition, Finding, Proof, Watch};
use crate::recovery::transaction::Transaction;
use crate::recovery::{Failure, Progress, RunFiles, facts};

/// For the service manager: a kubelet ends within a second.
const SERVICE: Duration = Duration::from_mins(1);
/// For a component whose clients are gone: measured, a quarter of a second.
const COMPONENT: Duration = Duration::from_secs(30);
/// For etcd, which may have much to write, and is never killed.
const ETCD: Duration = Duration::from_secs(90);
/// In characters.
const LONGEST_EVIDENCE: usize = 1000;
/// How often what waits is looked at again.
const TICK: Duration = Duration::from_millis(250);

impl Transaction<'_> {
    /// Stops what the plan says, and copies etcd's data: after the commit, before the first file is replaced. What could not
    /// be done, otherwise, and why.
    pub(in crate::recovery) fn halt(&mut self) -> Result<(), (&'static str, Failure)> {
        self.stop().map_err(|failure| match failure {
            Failure::Interrupted { .. } => {
                ("stopped while the control plane was being stopped", failure)
            }
            _ => ("the control plane could not be stopped", failure),
        })?;
        match self.copy_aside() {
            Err(failure @ Failure::File(_)) if !self.is_copy_demanded() => {
                let error = with_causes(&failure);
                self.warnings
                    .push(format!("etcd's data were not copied aside: {error}"));
                Ok(())
            }
            copied => copied.map_err(|failure| ("etcd's data could not be copied aside", failure)),
        }
    }

    fn is_copy_demanded(&self) -> bool {
        let copy = self.live.as_ref().and_then(|live| live.plan.copy.as_ref());
        copy.is_some_and(|copy| copy.is_demanded)
    }

    fn stop(&mut self) -> Result<(), Failure> {
        let Some(live) = &self.live else {
            return Ok(());
        };
        let Some(manager) = live.plan.manager.clone() else {
            return Ok(());
        };
        if !live.plan.strategy.ends_processes() {
            return Ok(());
        }
        let (unit, ends) = (live.plan.unit.clone(), live.plan.ends.clone());
        let service = unit.clone();
        self.act_unconfined(Act::StopService { service }, move || {
            manager
                .stop(&unit, SERVICE)
                .map_err(|error| with_causes(&error))
        })?;
        self.wait_for_the_kubelet()?;
        for component in &ends {
            self.end_all(*component)?;
        }
        // A container that was being started when the kubelet stopped may have come up behind our back.
        for component in &ends {
            self.end_all(*component)?;
            // Whether or not one was there to be ended: now none is, and nobody starts one.
            let now = self.clock.now();
            if let Some(live) = &mut self.live {
                live.note_ended(component.as_str(), now);
            }
        }
        self.demand_stillness()?;
        if let Some(live) = &mut self.live {
            live.has_ended = true;
        }
        Ok(())
    }

    /// Fails where the kubelet or a component is back that was stopped: who brought it back would do so again.
    fn demand_stillness(&self) -> Result<(), Failure> {
        let ends = self.live.iter().flat_map(|live| live.plan.ends.clone());
        for component in [Component::Kubelet].into_iter().chain(ends) {
            if let Some(process) = self.processes(component)?.pop() {
                return Err(Failure::Live {
                    error: format!(
                        "{component} was stopped, and runs again (process {}): something else starts it; stop that first",
                        process.pid
                    ),
                });
            }
        }
        Ok(())
    }

    /// Before the kubelet starts again: whatever came up meanwhile may have read the old files.
    fn end_latecomers(&mut self) -> Result<(), Failure> {
        let Some(live) = &self.live else {
            return Ok(());
        };
        if !live.has_ended || self.log.chain().stopped_services().next().is_none() {
            return Ok(());
        }
        if let Some(kubelet) = self.processes(Component::Kubelet)?.pop() {
            return Err(Failure::Live {
                error: format!(
                    "somebody else has started the kubelet meanwhile (process {}): what it started may have the old files",
                    kubelet.pid
                ),
            });
        }
        for component in live.plan.ends.clone() {
            for process in self.processes(component)? {
                self.end(component, process)?;
            }
        }
        Ok(())
    }

    fn end_all(&mut self, component: Component) -> Result<(), Failure> {
        self.go_on()?;
        for process in self.processes(component)? {
            self.end(component, process)?;
        }
        Ok(())
    }

    /// A command may return before its service has ended.
    fn wait_for_the_kubelet(&mut self) -> Result<(), Failure> {
        let begun = Instant::now();
        loop {
            let Some(kubelet) = self.processes(Component::Kubelet)?.pop() else {
                return Ok(());
            };
            if begun.elapsed() > COMPONENT {
                return Err(Failure::Live {
                    error: format!(
                        "the kubelet was stopped, and a process of that name still runs: ps -fp {}",
                        kubelet.pid
                    ),
                });
            }
            std::thread::sleep(TICK);
        }
    }

    pub(super) fn processes(&self, component: Component) -> Result<Vec<RunningComponent>, Failure> {
        let Some(live) = &self.live else {
            return Ok(Vec::new());
        };
        let mut running = live.running().map_err(|error| Failure::Live {
            error: with_causes(&error),
        })?;
        running.retain(|process| process.name == component.as_str());
        Ok(running)
    }

    fn end(&mut self, component: Component, process: RunningComponent) -> Result<(), Failure> {
        let act = Act::EndProcess {
            component: component.to_string(),
            pid: process.pid,
            started: u64::try_from(process.started.as_millis()).unwrap_or(u64::MAX),
        };
        self.act_unconfined(act, move || {
            let words = |error| with_causes(&error);
            let ending = Ending::begin(&process).map_err(words)?;
            ending.terminate().map_err(words)?;
            if component == Component::Etcd {
                return match ending.wait(ETCD).map_err(words)? {
                    Liveness::Ended => Ok(()),
                    Liveness::StillRunning => Err(format!(
                        "etcd (process {}) has not ended within {} s; it is never killed: look at its log",
                        process.pid,
                        ETCD.as_secs()
                    )),
                };
            }
            if ending.wait(COMPONENT).map_err(words)? == Liveness::StillRunning {
                // It keeps nothing that could be lost: all state is etcd's.
                ending.kill().map_err(words)?;
                if ending.wait(COMPONENT).map_err(words)? == Liveness::StillRunning {
                    return Err(format!("process {} cannot be ended", process.pid));
                }
            }
            Ok(())
        })
    }

    fn copy_aside(&mut self) -> Result<(), Failure> {
        let Some(copy) = self.live.as_ref().and_then(|live| live.plan.copy.clone()) else {
            return Ok(());
        };
        let to = self.files.etcd.clone();
        // An attempt before made it, and it is whole: only then it has this name.
        if self.root.exists(&to) {
            return Ok(());
        }
        let part = self.files.unfinished_etcd_copy();
        let act = Act::CopyFolder {
            from: facts::text(&copy.from),
            to: facts::text(&to),
        };
        self.act(act, |run, intent| {
            let (root, observer) = (run.root, &mut *run.observer);
            root.create_folder(&RunFiles::etcd_copies())?;
            remove_if_there(root, &part)?;
            let all = copy.bytes;
            root.copy_folder(&copy.from, &part, &mut |done| {
                observer.progress(Progress::Copying { done, all });
            })?;
            // What was written to meanwhile is no copy of anything.
            run.demand_stillness()?;
            Ok(root.move_beside(intent, &part, &to)?)
        })
    }

    /// Starts what this run has stopped: after the last file is settled, whichever way. A failure is a warning, for the
    /// files are as they should be.
    pub(in crate::recovery) fn revive(&mut self) -> Vec<String> {
        let Some(manager) = self
            .live
            .as_ref()
            .and_then(|live| live.plan.manager.clone())
        else {
            return Vec::new();
        };
        let stopped = self.log.chain().stopped_services();
        let services: Vec<String> = stopped.map(str::to_owned).collect();
        let mut warnings = Vec::new();
        if let Err(failure) = self.end_latecomers() {
            warnings.push(with_causes(&failure));
        }
        for service in services {
            let (unit, manager) = (service.clone(), manager.clone());
            let act = Act::StartService {
                service: service.clone(),
            };
            let started = self.act_unconfined(act, move || {
                // A kubelet that failed too often is not started otherwise; where there is nothing to forget, nothing is lost.
                let _ = manager.reset_failed(&unit);
                manager
                    .start(&unit, SERVICE)
                    .map_err(|error| with_causes(&error))
            });
            if let Err(failure) = started {
                warnings.push(format!(
                    "{service} could not be started: {}",
                    with_causes(&failure)
                ));
            }
        }
        warnings
    }

    /// Notes that a file is in place now, for the proof to compare the processes with: at once, for a component may be
    /// started anew before the last file is replaced.
    pub(in crate::recovery) fn note_written(&mut self, change: &Change) {
        let since_boot = Clocks::read().uptime();
        if let (Some(live), FileState::Sha256(digest)) = (&mut self.live, &change.after) {
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
        let begun = live
            .unconfined
            .run(move || Watch::begin(&root, &plane, &written));
        let mut watch = begun.map_err(|error| Failure::Live {
            error: with_causes(&error),
        })?;
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

    /// Does one thing under its intent, and records what came of it.
    pub(super) fn act<T>(
        &mut self,
        act: Act,
        effect: impl FnOnce(&mut Self, &ActIntent) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let words = act.to_string();
        self.observer
            .progress(Progress::Acting { act: words.clone() });
        let intent = self.log.intend_act(act, self.clock.now())?;
        match effect(self, &intent) {
            Ok(value) => {
                self.log.acted(intent, self.clock.now())?;
                self.observer.progress(Progress::Acted { act: words });
                Ok(value)
            }
            Err(failure) => {
                self.record_failure(&words, &failure);
                Err(failure)
            }
        }
    }

    /// The same, by the thread that may start programs, signal and connect.
    pub(super) fn act_unconfined<T: Send + 'static>(
        &mut self,
        act: Act,
        work: impl FnOnce() -> Result<T, String> + Send + 'static,
    ) -> Result<T, Failure> {
        self.act(act, |run, _| {
            let live = run.live.as_ref();
            let done = live.map(|live| live.unconfined.run(work));
            match done {
                Some(Ok(done)) => done.map_err(|error| Failure::Live { error }),
                Some(Err(error)) => Err(Failure::Live {
                    error: with_causes(&error),
                }),
                None => Err(Failure::Live {
                    error: "this run is about files alone".to_owned(),
                }),
            }
        })
    }
}

/// What was seen may come from anywhere: nothing that may be a key goes into the journal, nor more than fits into a line.
fn recorded(evidence: &str) -> String {
    let elided = elide(evidence);
    elided.chars().take(LONGEST_EVIDENCE).collect()
}

fn remove_if_there(root: &Root, folder: &Path) -> Result<(), FileError> {
    match root.remove_folder(folder) {
        Err(error) if error.is_not_found() => Ok(()),
        other => other,
    }
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
