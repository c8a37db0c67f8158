//! Whether etcd is well: asked over mTLS through its JSON gateway (`etcd-io/etcd`, `api/etcdserverpb/gw`).

use std::net::SocketAddr;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::conditions::Look;
use super::finding::State;
use super::reached;
use crate::control_plane::Serving;
use crate::node::{ClientCredential, HttpRequest, Root, Trust};

/// Looks at health, alarms and revision.
pub(super) fn of(root: Arc<Root>, serving: Serving) -> Look {
    Box::new(move || look(&root, &serving).unwrap_or_else(|state| state))
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
}

#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    revision: String,
}

fn look(root: &Root, serving: &Serving) -> Result<State, State> {
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
    };
    let health: Health = etcd.ask(HttpRequest::get("/health"))?;
    if health.health != "true" {
        return Ok(State::open(format!(
            "{}: etcd says that it is not healthy: {}",
            serving.address, health.reason
        )));
    }
    let json = "application/json";
    let list = br#"{"action":"GET"}"#.to_vec();
    let alarms: Alarms = etcd.ask(HttpRequest::post("/v3/maintenance/alarm", json, list))?;
    if !alarms.alarms.is_empty() {
        let names: Vec<&str> = alarms.alarms.iter().map(|it| it.alarm.as_str()).collect();
        return Ok(State::open_with(
            format!("{}: alarm {}", serving.address, names.join(", ")),
            "NOSPACE: compact, defragment and disarm (etcdctl alarm disarm); CORRUPT: restore this member",
        ));
    }
    let status = HttpRequest::post("/v3/maintenance/status", json, b"{}".to_vec());
    let status: Status = etcd.ask(status)?;
    Ok(State::proven(format!(
        "etcd {} on {} is healthy, without an alarm, at revision {} (term {})",
        status.version, serving.address, status.header.revision, status.raft_term
    )))
}

struct Asked {
    address: SocketAddr,
    trust: Trust,
    client: Option<ClientCredential>,
}

impl Asked {
    fn ask<T: DeserializeOwned>(&self, request: HttpRequest) -> Result<T, State> {
        let (address, trust, client) = (self.address, self.trust.clone(), self.client.clone());
        let answer = reached::answer(address, trust, client, request)?;
        // `/health` answers 503 with the same words.
        serde_json::from_slice(&answer.body).map_err(|_| {
            let body: String = String::from_utf8_lossy(&answer.body)
                .chars()
                .take(200)
                .collect();
            State::open(format!("{address}: {}: {body}", answer.status))
        })
    }
}
