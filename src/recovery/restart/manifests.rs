//! Restarts static pods by their manifests, while the kubelet runs: one component at a time.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::choice::Strategy;
use crate::evidence::with_causes;
use crate::journal::{Act, ActIntent, Change};
use crate::kubernetes::Component;
use crate::node::{Permit, RunningComponent};
use crate::recovery::transaction::Transaction;
use crate::recovery::{Failure, Progress, facts};

/// The journal's word for a manifest that is changed.
pub const MANIFEST: &str = "manifest";
/// For the kubelet to end the old process and start the new one: etcd and the API server take half a minute while their
/// clients live, and a kubelet that missed the event looks every 20 seconds.
const PATIENCE: Duration = Duration::from_mins(2);
const TICK: Duration = Duration::from_millis(200);

impl Permit for ActIntent {
    fn target(&self) -> &Path {
        Self::target(self)
    }
}

impl Transaction<'_> {
    /// The processes that a changed manifest is to replace; none for every other file.
    pub(in crate::recovery) fn to_be_replaced(&self, change: &Change) -> Option<Stamped> {
        let live = self.live.as_ref()?;
        if change.location != MANIFEST || live.plan.strategy != Strategy::Stamp {
            return None;
        }
        let component = component_of(Path::new(&change.target))?;
        let old = self.processes(component).ok()?;
        Some(Stamped { component, old })
    }

    /// Waits until the kubelet has replaced them. If it does not, that is no failure of the files.
    pub(in crate::recovery) fn wait_until_replaced(&mut self, stamped: &Stamped) {
        let was = |process: &RunningComponent| (process.pid, process.started);
        let is_new = |process: &RunningComponent| {
            let old = stamped.old.iter();
            old.map(was).all(|old| old != was(process))
        };
        let component = stamped.component;
        let words = format!("wait for a new {component}");
        let is_replaced = self.wait_for(component, &words, |now| {
            !now.is_empty() && now.iter().all(is_new)
        });
        if !is_replaced {
            self.warnings.push(format!(
                "the kubelet has not replaced {component}, whose manifest has an annotation now"
            ));
        }
    }

    /// Moves each manifest out and back. Whoever wants the run to stop is obeyed between two of them.
    pub(in crate::recovery) fn move_manifests(&mut self) -> Result<(), Failure> {
        let Some(live) = &self.live else {
            return Ok(());
        };
        if live.plan.strategy != Strategy::Move {
            return Ok(());
        }
        let pods = live.plane.pods.iter();
        let manifests: Vec<(Component, PathBuf)> = pods
            .filter(|pod| live.plan.ends.contains(&pod.component))
            .map(|pod| (pod.component, pod.manifest.clone()))
            .collect();
        for (component, path) in manifests {
            self.go_on()?;
            let aside = self.root.aside(&path, &self.run);
            let act = Act::MoveAside {
                path: facts::text(&path),
                aside: facts::text(&aside),
            };
            match self.move_one(act, &path, &aside) {
                Ok(()) => {
                    let words = format!("wait for the end of {component}");
                    if !self.wait_for(component, &words, <[_]>::is_empty) {
                        self.warnings.push(format!(
                            "{component} has not ended while its manifest was away"
                        ));
                    }
                }
                Err(failure @ Failure::Journal(_)) => return Err(failure),
                Err(failure) => self.warnings.push(with_causes(&failure)),
            }
            // Also where moving it away failed: it may have failed behind the move.
            self.return_manifests()?;
        }
        Ok(())
    }

    /// Moves back what this run has moved aside: none of it may stay there, whichever way the run goes. Where somebody has put
    /// another manifest into its place, that one stays, and the two are named.
    pub(in crate::recovery) fn return_manifests(&mut self) -> Result<(), Failure> {
        let moved = self.log.chain().moved_manifests();
        let moved: Vec<(String, String)> = moved
            .map(|(path, aside)| (path.to_owned(), aside.to_owned()))
            .collect();
        if moved.is_empty() {
            return Ok(());
        }
        for (path, aside) in moved {
            let act = Act::MoveBack {
                path: path.clone(),
                aside: aside.clone(),
            };
            match self.move_one(act, Path::new(&aside), Path::new(&path)) {
                Err(Failure::File(error)) if error.is_already_there() => {
                    self.warnings.push(format!(
                        "{path} was made anew by somebody else while it was away, and stays; the one that was there before is {aside}"
                    ));
                    self.act(Act::LeaveAside { path, aside }, |_, _| Ok(()))?;
                }
                other => other?,
            }
        }
        // What is to run is seen by the manifests alone.
        if let Some(live) = &mut self.live {
            live.look_again();
        }
        Ok(())
    }

    fn move_one(&mut self, act: Act, from: &Path, to: &Path) -> Result<(), Failure> {
        self.act(act, |run, intent| {
            Ok(run.root.move_beside(intent, from, to)?)
        })
    }

    /// Waits until what runs of a component is as it is to be; whether it was, in the end.
    fn wait_for(
        &mut self,
        component: Component,
        words: &str,
        is_settled: impl Fn(&[RunningComponent]) -> bool,
    ) -> bool {
        self.observer.progress(Progress::Acting {
            act: words.to_owned(),
        });
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE && self.go_on().is_ok() {
            if self.processes(component).is_ok_and(|now| is_settled(&now)) {
                self.observer.progress(Progress::Acted {
                    act: words.to_owned(),
                });
                return true;
            }
            std::thread::sleep(TICK);
        }
        false
    }
}

/// A component whose manifest is about to be changed, and what runs of it.
pub(in crate::recovery) struct Stamped {
    component: Component,
    old: Vec<RunningComponent>,
}

/// `kube-scheduler.yaml` is the scheduler's.
fn component_of(manifest: &Path) -> Option<Component> {
    let name = manifest.file_stem()?.to_str()?;
    Component::STATIC_PODS
        .into_iter()
        .find(|component| component.as_str() == name)
}
