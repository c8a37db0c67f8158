//! Stops the kubelet and ends the components, in order.

use std::time::{Duration, Instant};

use super::SERVICE;
use crate::evidence::with_causes;
use crate::journal::Act;
use crate::kubernetes::Component;
use crate::node::{Ending, Liveness, RunningComponent};
use crate::recovery::Failure;
use crate::recovery::transaction::Transaction;

/// For a component whose clients are gone: measured, a quarter of a second.
const COMPONENT: Duration = Duration::from_secs(30);
/// For etcd, which may have much to write, and is never killed.
const ETCD: Duration = Duration::from_secs(90);
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
            self.go_on()?;
            self.end_all(*component)?;
        }
        // A container that was being started when the kubelet stopped may have come up behind our back.
        for component in &ends {
            self.go_on()?;
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
    pub(super) fn demand_stillness(&self) -> Result<(), Failure> {
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
    pub(super) fn end_latecomers(&mut self) -> Result<(), Failure> {
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
        let ends = live.plan.ends.clone();
        ends.into_iter()
            .try_for_each(|component| self.end_all(component))
    }

    fn end_all(&mut self, component: Component) -> Result<(), Failure> {
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
        let mut running = live.running()?;
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
}
