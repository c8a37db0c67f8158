//! What a restart needs of the machine: refused before the first write where it is not there.

use super::choice::{RestartWishes, Strategy};
use super::plan::Seen;
use crate::evidence::with_causes;
use crate::kubernetes::Component;
use crate::node::{Root, ServiceManager, UnitState};
use crate::plan::{Refusal, RefusalCode};

/// A changed manifest is nothing without a kubelet that sees it.
pub(super) fn demand_kubelet(
    root: &Root,
    strategy: Strategy,
    seen: &Seen<'_>,
) -> Result<(), Refusal> {
    demand_machine(root, strategy)?;
    demand_sight(strategy, seen)?;
    let kubelet = Component::Kubelet.as_str();
    if seen.running.iter().any(|process| process.name == kubelet) {
        return Ok(());
    }
    Err(Refusal {
        code: RefusalCode::KubeletNotRunning,
        subject: format!("--restart {}", strategy.as_str()),
        evidence: "the kubelet does not run, and nobody else sees a manifest change".to_owned(),
        remedy: "use --restart all, which stops and starts the kubelet".to_owned(),
    })
}

fn demand_machine(root: &Root, strategy: Strategy) -> Result<(), Refusal> {
    if root.is_machine() {
        return Ok(());
    }
    Err(Refusal {
        code: RefusalCode::RestartElsewhere,
        subject: format!("--restart {}", strategy.as_str()),
        evidence: format!(
            "{} is a node in a folder: its processes, if it has any, are not this machine's to restart",
            root.path().display()
        ),
        remedy: "use --restart touch or --restart none, and restart where the node runs".to_owned(),
    })
}

/// What is not seen does not end: its data would be copied, and its Lease given up, while it lives.
fn demand_sight(strategy: Strategy, seen: &Seen<'_>) -> Result<(), Refusal> {
    let mut hidden = seen.running.iter().filter(|process| !process.certain);
    let evidence = if !seen.are_numbers_ours {
        "/proc shows the processes of another namespace than this program's".to_owned()
    } else if let Some(process) = hidden.next() {
        format!(
            "nobody can tell from here whether {} (process {}) is this node's: its namespaces cannot be seen",
            process.name, process.pid
        )
    } else {
        return Ok(());
    };
    Err(Refusal {
        code: RefusalCode::ProcessesHidden,
        subject: format!("--restart {}", strategy.as_str()),
        evidence,
        remedy: "run it as root on the node itself, in no container; or --restart touch, and restart by hand"
            .to_owned(),
    })
}

/// Who can stop and start the kubelet, where processes can be ended.
pub(super) fn manager(
    root: &Root,
    wishes: &RestartWishes,
    strategy: Strategy,
    seen: &Seen<'_>,
) -> Result<ServiceManager, Refusal> {
    demand_machine(root, strategy)?;
    demand_sight(strategy, seen)?;
    service_manager(root, wishes, strategy)
}

pub(super) fn service_manager(
    root: &Root,
    wishes: &RestartWishes,
    strategy: Strategy,
) -> Result<ServiceManager, Refusal> {
    let subject = format!("--restart {}", strategy.as_str());
    let manager = ServiceManager::detect(root, wishes.commands.clone());
    if matches!(manager, ServiceManager::Absent) {
        return Err(Refusal {
            code: RefusalCode::NoServiceManager,
            subject,
            evidence: "systemd does not run this machine, and no commands are named that stop and start the kubelet"
                .to_owned(),
            remedy: "name them: --kubelet-stop COMMAND --kubelet-start COMMAND; or --restart touch, and restart by hand"
                .to_owned(),
        });
    }
    let unusable = |evidence: String| Refusal {
        code: RefusalCode::KubeletServiceUnusable,
        subject: wishes.unit.clone(),
        evidence,
        remedy: format!(
            "look at it: systemctl status {0}; systemctl cat {0}; another name: --kubelet-unit NAME",
            wishes.unit
        ),
    };
    if let Err(error) = manager.check() {
        return Err(Refusal {
            code: RefusalCode::KubeletServiceUnusable,
            subject,
            evidence: with_causes(&error),
            remedy: "name commands that this machine has: --kubelet-stop COMMAND --kubelet-start COMMAND"
                .to_owned(),
        });
    }
    match manager.state(&wishes.unit) {
        Ok(UnitState::Missing) => Err(unusable(format!("there is no unit {}", wishes.unit))),
        Ok(UnitState::Masked) => Err(unusable("it is masked, and cannot be started".to_owned())),
        Ok(_) => Ok(manager),
        Err(error) => Err(unusable(with_causes(&error))),
    }
}
