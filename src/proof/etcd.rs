//! Whether etcd is well: asked over mTLS through its JSON gateway (`etcd-io/etcd`, `api/etcdserverpb/gw`).

use std::net::SocketAddr;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::conditions::Look;
use super::finding::State;
use super::reached;
use crate::control_plane::{ControlPlane, EtcdCluster, Serving};
use crate::node::{ClientCredential, HttpRequest, ProbeError, Root, Trust};

/// Looks at health, alarms, leader and revision.
pub(super) fn of(root: Arc<Root>, serving: Serving, plane: Arc<ControlPlane>) -> Look {
    Box::new(move || look(&root, &serving, &plane).unwrap_or_else(|state| state))
}

/// `GET /health` on the client port.
#[derive(Deserialize)]
struct Health {
    health: String,
    #[serde(default)]
    reason: String,
}

/// `AlarmResponse`.
#[derive(Deserialize)]
struct Alarms {
    #[serde(default)]
    alarms: Vec<Alarm>,
}

#[derive(Deserialize)]
struct Alarm {
    #[serde(default)]
    alarm: String,
}

/// `StatusResponse`; 64-bit numbers are text in protobuf's JSON.
#[derive(Deserialize)]
struct Status {
    header: Header,
    #[serde(default)]
    version: String,
    #[serde(default, rename = "raftTerm")]
    raft_term: String,
    /// The number of the member that leads; nothing, or 0, where none does.
    #[serde(default)]
    leader: String,
}

impl Status {
    fn has_leader(&self) -> bool {
        !["", "0"].contains(&&*self.leader)
    }
}

#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    revision: String,
}

fn look(root: &Root, serving: &Serving, plane: &ControlPlane) -> Result<State, State> {
    let trust = match &serving.authority {
        Some(authority) => Trust::Authorities(reached::certificates(root, authority)?),
        None => return Err(State::open("there is no CA to know etcd by")),
    };
    let client = match &serving.client {
        Some((certificate, key)) => Some(reached::pair(root, certificate, key)?),
        None => None,
    };
    let etcd = Asked {
        address: serving.address,
        trust,
        client,
        plane,
    };
    let health: Health = etcd.ask(HttpRequest::get("/health"))?;
    let json = "application/json";
    let status = HttpRequest::post("/v3/maintenance/status", json, b"{}".to_vec());
    if health.health != "true" {
        let status = etcd.ask::<Status>(status);
        if health.is_leaderless() || status.is_ok_and(|status| !status.has_leader()) {
            return Ok(etcd.no_quorum());
        }
        return Ok(State::open(format!(
            "{}: etcd says that it is not healthy: {}",
            serving.address, health.reason
        )));
    }
    let list = br#"{"action":"GET"}"#.to_vec();
    let alarms: Alarms = etcd.ask(HttpRequest::post("/v3/maintenance/alarm", json, list))?;
    if !alarms.alarms.is_empty() {
        let names: Vec<&str> = alarms.alarms.iter().map(|it| it.alarm.as_str()).collect();
        return Ok(State::open_with(
            format!("{}: alarm {}", serving.address, names.join(", ")),
            "NOSPACE: compact, defragment and disarm (etcdctl alarm disarm); CORRUPT: restore this member",
        ));
    }
    let status: Status = etcd.ask(status)?;
    if !status.has_leader() {
        return Ok(etcd.no_quorum());
    }
    Ok(State::proven(format!(
        "etcd {} on {} is healthy, without an alarm, at revision {} (term {})",
        status.version, serving.address, status.header.revision, status.raft_term
    )))
}

impl Health {
    /// In the words of etcd since 3.5 (`server/etcdserver/api/etcdhttp/health.go`).
    fn is_leaderless(&self) -> bool {
        self.health != "true" && self.reason.contains("NO LEADER")
    }
}

struct Asked<'a> {
    address: SocketAddr,
    trust: Trust,
    client: Option<ClientCredential>,
    plane: &'a ControlPlane,
}

impl Asked<'_> {
    fn ask<T: DeserializeOwned>(&self, request: HttpRequest) -> Result<T, State> {
        let (address, trust, client) = (self.address, self.trust.clone(), self.client.clone());
        let answer = reached::reach(address, trust, client, Some(request))?;
        // A member that was started takes connections, and answers nothing before it has heard of a leader.
        if matches!(answer.outcome, Err(ProbeError::TimedOut { .. })) && self.is_leaderless() {
            return Err(self.no_quorum());
        }
        let answer = reached::judge(address, answer)?;
        // `/health` answers 503 with the same words.
        serde_json::from_slice(&answer.body).map_err(|_| {
            let body: String = String::from_utf8_lossy(&answer.body)
                .chars()
                .take(200)
                .collect();
            State::open(format!("{address}: {}: {body}", answer.status))
        })
    }

    /// Whether it says so where it speaks to everybody. etcd before 3.5 gives no reason: there it is taken for that where there are
    /// others to wait for.
    fn is_leaderless(&self) -> bool {
        let metrics = self.plane.etcd_metrics;
        let answer =
            metrics.and_then(|address| reached::plain(address, HttpRequest::get("/health")).ok());
        let health = answer.and_then(|it| serde_json::from_slice::<Health>(&it.body).ok());
        let has_others = self.plane.etcd_cluster.as_ref();
        let has_others = has_others.is_some_and(EtcdCluster::has_others);
        health.is_some_and(|health| {
            let is_unexplained = health.health == "false" && health.reason.is_empty();
            health.is_leaderless() || has_others && is_unexplained
        })
    }

    fn no_quorum(&self) -> State {
        no_quorum(self.address, self.plane.etcd_cluster.as_ref())
    }
}

/// This member is up, and too few others are. Such a one is never called healthy.
fn no_quorum(address: SocketAddr, cluster: Option<&EtcdCluster>) -> State {
    let evidence = format!("{address}: no quorum: etcd is up and has no leader");
    match cluster.filter(|cluster| cluster.has_others()) {
        Some(cluster) => {
            let names: Vec<&str> = cluster.others.iter().map(|it| it.name.as_str()).collect();
            State::without_quorum(
                format!(
                    "{evidence}: {} members are known, and {} of them must be up",
                    cluster.known(),
                    cluster.quorum()
                ),
                format!(
                    "others are down as this one was: go on with {}, one after the other: rekindle check",
                    names.join(", ")
                ),
            )
        }
        None => State::without_quorum(
            format!(
                "{evidence}: its manifest names no other member, and others may have joined it"
            ),
            "it is electing one; or the other control planes are down as this one was: go on with those: rekindle check",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_without_a_leader_is_known_by_what_it_says() {
        let status = |text: &str| serde_json::from_str::<Status>(text).unwrap();
        // etcd 3.4 and 3.6 leave a zero out.
        for (text, has_leader) in [
            (
                r#"{"header":{"revision":"7"},"leader":"10501334649042878790"}"#,
                true,
            ),
            (r#"{"header":{"revision":"7"}}"#, false),
            (r#"{"header":{"revision":"7"},"leader":"0"}"#, false),
        ] {
            assert_eq!(status(text).has_leader(), has_leader, "{text}");
        }
        let health = |text: &str| serde_json::from_str::<Health>(text).unwrap();
        assert!(health(r#"{"health":"false","reason":"RAFT NO LEADER"}"#).is_leaderless());
        assert!(!health(r#"{"health":"false","reason":"ALARM NOSPACE"}"#).is_leaderless());
        assert!(!health(r#"{"health":"true","reason":""}"#).is_leaderless());
    }
}
