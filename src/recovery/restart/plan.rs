//! What will be stopped and started: decided, and refused, before the first write.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::choice::{EtcdCopy, RestartChoice, RestartWishes, Strategy};
use super::demands::{demand_kubelet, manager, service_manager};
use crate::control_plane::{ControlPlane, Etcd};
use crate::evidence::with_causes;
use crate::kubernetes::Component;
use crate::node::{Root, RunningComponent, ServiceManager};
use crate::plan::{Refusal, RefusalCode};
use crate::recovery::RunFiles;

/// In which order components end: whoever asks another one ends before it.
const ENDING: [Component; 4] = [
    Component::ControllerManager,
    Component::Scheduler,
    Component::ApiServer,
    Component::Etcd,
];

/// Why, where the operator has decided.
const ASKED_FOR: &str = "it was asked for";

/// What is known when the restart is planned.
#[derive(Debug)]
pub struct Seen<'a> {
    /// What there is to be.
    pub plane: &'a ControlPlane,
    /// What runs, namesakes too.
    pub running: &'a [RunningComponent],
    /// Whether the numbers of processes in `/proc` are those that this program may use.
    pub are_numbers_ours: bool,
    /// Whether the API answers its administrator.
    pub is_alive: bool,
    /// Whether an authority's certificate will be another one.
    pub is_authority_new: bool,
    /// The components that hold an old credential in memory, or will once the files are replaced.
    pub stale: Vec<Component>,
}

/// What will be stopped, copied and started.
#[derive(Debug, Clone)]
pub struct RestartPlan {
    /// How; never undecided.
    pub strategy: Strategy,
    /// Why this one.
    pub because: String,
    /// Who stops and starts the kubelet; none where processes are left alone.
    pub manager: Option<ServiceManager>,
    /// The kubelet's unit.
    pub unit: String,
    /// The components that end, in this order. Those that do not run have ended.
    pub ends: Vec<Component>,
    /// What is copied while etcd is stopped.
    pub copy: Option<FolderCopy>,
    /// What is not done that could have been expected, and why.
    pub notes: Vec<String>,
    /// How long the proof may take.
    pub timeout: Duration,
    /// Whether there is a kubelet, and no static pod beside it.
    is_kubelet_alone: bool,
    wishes: RestartWishes,
}

/// A folder that is copied aside, to one of the run's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderCopy {
    /// The original.
    pub from: PathBuf,
    /// How many bytes its files have.
    pub bytes: u64,
    /// Whether nothing is to be done without it.
    pub is_demanded: bool,
}

/// Decides, or refuses.
pub fn plan_restart(
    root: &Root,
    wishes: &RestartWishes,
    seen: &Seen<'_>,
) -> Result<RestartPlan, Vec<Refusal>> {
    let (strategy, because, manager) = match wishes.choice {
        RestartChoice::This(strategy) if strategy.ends_processes() => {
            let manager = manager(root, wishes, strategy, seen).map_err(|refusal| vec![refusal])?;
            (strategy, ASKED_FOR.to_owned(), Some(manager))
        }
        RestartChoice::This(strategy) => {
            if strategy.restarts() {
                demand_kubelet(root, strategy, seen).map_err(|refusal| vec![refusal])?;
            }
            (strategy, ASKED_FOR.to_owned(), None)
        }
        RestartChoice::Auto => automatic(root, wishes, seen),
    };
    let ends = match strategy {
        Strategy::All => all_of(seen.plane),
        Strategy::Stale => ENDING
            .into_iter()
            .filter(|component| seen.stale.contains(component))
            .collect(),
        // One at a time, whoever is asked before whoever asks.
        Strategy::Stamp | Strategy::Move => Component::STATIC_PODS
            .into_iter()
            .filter(|component| seen.plane.pod(*component).is_some())
            .collect(),
        Strategy::Touch | Strategy::None => Vec::new(),
    };
    let mut plan = RestartPlan {
        strategy,
        because,
        manager,
        unit: wishes.unit.clone(),
        ends,
        copy: None,
        notes: Vec::new(),
        timeout: wishes.timeout,
        is_kubelet_alone: seen.plane.pods.is_empty(),
        wishes: wishes.clone(),
    };
    plan.note_namesakes(seen);
    plan.plan_copy(root, wishes.etcd_copy, seen.plane)
        .map_err(|refusal| vec![refusal])?;
    Ok(plan)
}

fn all_of(plane: &ControlPlane) -> Vec<Component> {
    ENDING
        .into_iter()
        .filter(|component| plane.pod(*component).is_some())
        .collect()
}

/// What is best here, and what is possible.
fn automatic(
    root: &Root,
    wishes: &RestartWishes,
    seen: &Seen<'_>,
) -> (Strategy, String, Option<ServiceManager>) {
    if !root.is_machine() {
        let because = "a node in a folder has no processes to restart".to_owned();
        return (Strategy::Touch, because, None);
    }
    let (strategy, because) = if seen.is_authority_new {
        // Trusted until it ends is what was read, whatever lies on the disk by then: etcd and the API server before it do not
        // reload it.
        (
            Strategy::All,
            "an authority gets new dates, and who trusts it reads that at its start",
        )
    } else if seen.is_alive {
        (
            Strategy::Stale,
            "the API is alive, and need not go down: it and etcd reload their certificates",
        )
    } else {
        (Strategy::All, "the API serves nobody as it is")
    };
    match manager(root, wishes, strategy, seen) {
        Ok(manager) => (strategy, because.to_owned(), Some(manager)),
        Err(refusal) => (
            Strategy::Touch,
            format!(
                "nothing can be restarted: {}; {}",
                refusal.evidence, refusal.remedy
            ),
            None,
        ),
    }
}

impl RestartPlan {
    /// Finds who starts the kubelet, though nothing is to be stopped.
    pub fn demand_manager(&mut self, root: &Root) -> Result<(), Refusal> {
        self.manager = Some(service_manager(root, &self.wishes, Strategy::All)?);
        Ok(())
    }

    /// The components that end, where the control plane is seen to consist of more than when this was planned.
    pub(super) fn add_ends(&mut self, plane: &ControlPlane) {
        if self.strategy == Strategy::All {
            self.ends = all_of(plane);
        }
    }

    /// What is done before the files are replaced, in words.
    pub fn steps_before(&self, running: &[RunningComponent]) -> Vec<String> {
        if !self.strategy.ends_processes() {
            return Vec::new();
        }
        let mut steps = vec![self.kubelet_step("stop")];
        for component in &self.ends {
            let pids: Vec<String> = running
                .iter()
                .filter(|process| process.name == component.as_str())
                .map(|process| process.pid.to_string())
                .collect();
            if !pids.is_empty() {
                steps.push(format!("end {component} (process {})", pids.join(", ")));
            }
        }
        if let Some(copy) = &self.copy {
            steps.push(format!(
                "copy {} to {} ({} MB)",
                copy.from.display(),
                RunFiles::etcd_copies().display(),
                copy.bytes.div_ceil(1_000_000)
            ));
        }
        steps
    }

    /// By whom: `stop the kubelet (kubelet.service)`, or the operator's command.
    fn kubelet_step(&self, verb: &str) -> String {
        let by = match &self.manager {
            Some(ServiceManager::Commands(commands)) if verb == "stop" => &commands.stop,
            Some(ServiceManager::Commands(commands)) => &commands.start,
            _ => &self.unit,
        };
        format!("{verb} the kubelet ({by})")
    }

    /// What is done after the files are replaced, in words.
    pub fn steps_after(&self) -> Vec<String> {
        let whom = if self.is_kubelet_alone {
            "kubelet"
        } else {
            "control plane"
        };
        let prove = format!(
            "prove that the {whom} is back, within {}",
            humantime::format_duration(self.timeout)
        );
        let each = |verb: &str| {
            let steps = self.ends.iter();
            let steps = steps.map(|component| format!("{verb} {component}.yaml, and wait"));
            steps.chain([prove.clone()]).collect()
        };
        match self.strategy {
            Strategy::All | Strategy::Stale => {
                vec![self.kubelet_step("start"), prove]
            }
            Strategy::Stamp => each("annotate"),
            Strategy::Move => each("move away and back"),
            Strategy::Touch | Strategy::None => Vec::new(),
        }
    }

    /// Names what looks like a component, and is left alone.
    fn note_namesakes(&mut self, seen: &Seen<'_>) {
        if !self.strategy.ends_processes() {
            return;
        }
        let others = seen.running.iter();
        let others = others.filter(|it| !seen.plane.owns(&it.name, &it.arguments));
        for process in others {
            self.notes.push(format!(
                "{} (process {}) is not this node's static pod, and runs on",
                process.name, process.pid
            ));
        }
    }

    fn plan_copy(
        &mut self,
        root: &Root,
        wish: EtcdCopy,
        plane: &ControlPlane,
    ) -> Result<(), Refusal> {
        let impossible = |evidence: String| {
            Refusal {
            code: RefusalCode::EtcdCopyImpossible,
            subject: "--etcd-copy always".to_owned(),
            evidence,
            remedy: "go on without a copy: --etcd-copy auto; or make room, or have etcd stopped (--restart all), if that is what is missing".to_owned(),
        }
        };
        if wish == EtcdCopy::Never {
            return Ok(());
        }
        let is_stopped = self.strategy.ends_processes() && self.ends.contains(&Component::Etcd);
        let planned = match &plane.etcd {
            Etcd::External => Err("etcd does not run on this node".to_owned()),
            Etcd::Local { .. } if !is_stopped => {
                Err("etcd is not stopped, and what changes cannot be copied".to_owned())
            }
            Etcd::Local { data, .. } => room_for(root, data, wish == EtcdCopy::Always),
        };
        match (planned, wish) {
            (Ok(copy), _) => self.copy = Some(copy),
            (Err(evidence), EtcdCopy::Always) => return Err(impossible(evidence)),
            (Err(evidence), _) if is_stopped => {
                self.notes
                    .push(format!("etcd's data are not copied: {evidence}"));
            }
            (Err(_), _) => {}
        }
        Ok(())
    }
}

/// The copy, where the disk has room for it twice: etcd itself must be able to write afterwards.
fn room_for(root: &Root, data: &Path, is_demanded: bool) -> Result<FolderCopy, String> {
    let size = root
        .measure_behind(data)
        .map_err(|error| with_causes(&error))?;
    let free = root
        .nearest_folder(&RunFiles::etcd_copies())
        .and_then(|folder| folder.free_space())
        .map_err(|error| with_causes(&error))?;
    if size.allocated.saturating_mul(2) > free.bytes {
        return Err(format!(
            "{} holds {} MB, and only {} MB are free for a copy: twice as much is asked for",
            root.outside(data).display(),
            size.allocated.div_ceil(1_000_000),
            free.bytes / 1_000_000
        ));
    }
    Ok(FolderCopy {
        from: data.to_owned(),
        bytes: size.bytes,
        is_demanded,
    })
}
