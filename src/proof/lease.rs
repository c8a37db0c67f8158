//! Whether a Lease moves: whoever renews it has a credential that the API accepts.

use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use super::api_server::{ApiServer, LeaseState, Refused};
use super::conditions::Look;
use super::finding::State;
use super::running::Running;
use super::written::on_the_wall;
use crate::control_plane::{ExpectedPod, LeaseName};
use crate::evidence::moment;
use crate::kubernetes::Component;
use crate::node::{Clocks, machine};

/// What the name of every leader on this machine begins with: `os.Hostname() + "_" + uuid`
/// (`cmd/kube-controller-manager/app/controllermanager.go`, likewise the scheduler's).
pub fn own_leaders() -> String {
    format!("{}_", machine().name)
}

/// What was seen of a Lease when it was first looked at, or when its holder changed.
#[derive(Debug, Default)]
struct Movement(Option<(Option<String>, Option<OffsetDateTime>)>);

impl Movement {
    /// Whether it was renewed by the same holder since it was first seen.
    fn seen(&mut self, lease: &LeaseState) -> bool {
        match &self.0 {
            Some((holder, renewed)) if *holder == lease.holder => *renewed < lease.renewed,
            _ => {
                self.0 = Some((lease.holder.clone(), lease.renewed));
                false
            }
        }
    }
}

/// How often each Lease is renewed, and as much again for a busy machine: `leaseRetryPeriod` (2 s) of the leaders,
/// `nodeLeaseDurationSeconds / 4` (10 s) of the kubelet.
const LEADER_INTERVAL: Duration = Duration::seconds(4);
const NODE_INTERVAL: Duration = Duration::seconds(15);

/// Whether the process that runs now has renewed it, and just now: then nobody need wait for the next time.
fn is_just_renewed(
    running: &Running,
    component: Component,
    renewed: Option<OffsetDateTime>,
    interval: Duration,
) -> bool {
    let clocks = Clocks::read();
    let own = running.of(component);
    let ([process], Some(renewed)) = (&own[..], renewed) else {
        return false;
    };
    let started = on_the_wall(process.started, &clocks);
    let age = clocks.wall - renewed;
    renewed > started && !age.is_negative() && age <= interval
}

/// The Lease of a component that elects a leader. Where the leader is on another node, this one stands by, and does not
/// renew: then its own credential is tried instead.
pub(super) fn of_leader(
    running: Arc<Running>,
    server: ApiServer,
    name: LeaseName,
    pod: ExpectedPod,
) -> Look {
    let mut movement = Movement::default();
    let own = own_leaders();
    Box::new(move || {
        let lease = match server.lease(&name) {
            Ok(lease) => lease,
            Err(Refused(state)) => return state,
        };
        let is_own = lease.holder.as_ref().is_some_and(|it| it.starts_with(&own));
        let moves = movement.seen(&lease)
            || is_own && is_just_renewed(&running, pod.component, lease.renewed, LEADER_INTERVAL);
        match &lease.holder {
            None => State::open(format!("{name}: nobody leads yet")),
            Some(holder) if !moves => State::open_with(
                format!(
                    "{name}: {holder} has not renewed it since {}",
                    words(lease.renewed)
                ),
                "its process cannot log on (Unauthorized) if it was started before its kubeconfig was renewed: restart it",
            ),
            Some(holder) if is_own => State::proven(format!(
                "{name} is renewed by {holder}, last at {}",
                words(lease.renewed)
            )),
            Some(holder) => stands_by(&server, &name, &pod, holder),
        }
    })
}

fn stands_by(server: &ApiServer, name: &LeaseName, pod: &ExpectedPod, leader: &str) -> State {
    let Some(kubeconfig) = &pod.kubeconfig else {
        return State::proven(format!("{name} is renewed by {leader}, on another node"));
    };
    match server.with_kubeconfig(kubeconfig.clone()).lease(name) {
        Ok(_) => State::proven(format!(
            "{name} is renewed by {leader}, on another node; the credential of this one is accepted"
        )),
        Err(Refused(state)) => state,
    }
}

/// The kubelet's.
pub(super) fn of_node(running: Arc<Running>, server: ApiServer, name: LeaseName) -> Look {
    let mut movement = Movement::default();
    Box::new(move || match server.lease(&name) {
        Ok(lease)
            if movement.seen(&lease)
                || is_just_renewed(&running, Component::Kubelet, lease.renewed, NODE_INTERVAL) =>
        {
            State::proven(format!(
                "{name} is renewed, last at {}",
                words(lease.renewed)
            ))
        }
        Ok(lease) => State::open_with(
            format!("{name} has not been renewed since {}", words(lease.renewed)),
            "the kubelet renews it every ten seconds; if it does not: its log, journalctl -u kubelet",
        ),
        Err(Refused(state)) => state,
    })
}

fn words(at: Option<OffsetDateTime>) -> String {
    at.map_or_else(|| "ever".to_owned(), moment)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn lease(holder: &str, renewed: OffsetDateTime) -> LeaseState {
        LeaseState {
            uid: "u".to_owned(),
            resource_version: "1".to_owned(),
            holder: Some(holder.to_owned()),
            renewed: Some(renewed),
        }
    }

    #[test]
    fn only_the_same_holder_moves_a_lease() {
        let (one, two, three) = (
            datetime!(2026-11-24 03:00:00 UTC),
            datetime!(2026-11-24 03:00:02 UTC),
            datetime!(2026-11-24 03:00:04 UTC),
        );
        let mut movement = Movement::default();
        assert!(!movement.seen(&lease("a", one)));
        assert!(!movement.seen(&lease("a", one)));
        // A successor that has just taken it has not renewed it yet.
        assert!(!movement.seen(&lease("b", two)));
        assert!(movement.seen(&lease("b", three)));
        assert!(movement.seen(&lease("b", three)));
    }
}
