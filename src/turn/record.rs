//! The Lease as the API has it, as far as it is of concern here (`k8s.io/api/coordination/v1`).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

/// Where the holder says that it is stuck, and how it ended.
const STUCK: &str = "rekindle.dev/stuck";

/// Who has the turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The node's name.
    pub node: String,
    /// When it took it, by its own clock.
    pub since: Option<OffsetDateTime>,
    /// How its run ended, where it said that it is stuck.
    pub stuck: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Record {
    pub(super) metadata: Metadata,
    #[serde(default)]
    spec: Spec,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    uid: String,
    resource_version: String,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    holder_identity: Option<String>,
    lease_transitions: Option<i32>,
    #[serde(with = "time::serde::rfc3339::option")]
    acquire_time: Option<OffsetDateTime>,
}

impl Record {
    pub(super) fn holder(&self) -> Option<Holder> {
        let node = self.spec.holder_identity.clone();
        Some(Holder {
            node: node.filter(|node| !node.is_empty())?,
            since: self.spec.acquire_time,
            stuck: self.metadata.annotations.get(STUCK).cloned(),
        })
    }

    /// The change that makes it `node`'s: only if nobody changed it meanwhile. That a node is stuck stays said until it gives its turn up.
    pub(super) fn taken_by(&self, node: &str, now: OffsetDateTime) -> Value {
        let is_another = self.holder().is_none_or(|holder| holder.node != node);
        let transitions = self.spec.lease_transitions.unwrap_or(0);
        let mut spec = json!({ "holderIdentity": node, "renewTime": micro_time(now) });
        if is_another {
            spec["acquireTime"] = json!(micro_time(now));
            spec["leaseTransitions"] = json!(transitions.saturating_add(1));
            return self.change(&json!({ STUCK: null }), &spec);
        }
        self.change(&json!({}), &spec)
    }

    /// The change that gives it up.
    pub(super) fn given_up(&self) -> Value {
        self.change(&json!({ STUCK: null }), &json!({ "holderIdentity": "" }))
    }

    /// The change by which the holder says that it is stuck.
    pub(super) fn stuck(&self, how: &str) -> Value {
        self.change(&json!({ STUCK: how }), &json!({}))
    }

    fn change(&self, annotations: &Value, spec: &Value) -> Value {
        json!({
            "metadata": {
                "uid": self.metadata.uid,
                "resourceVersion": self.metadata.resource_version,
                "annotations": annotations,
            },
            "spec": spec,
        })
    }
}

/// The Lease where there is none yet.
pub(super) fn new_record(name: &str, node: &str, now: OffsetDateTime) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": { "name": name },
        "spec": {
            "holderIdentity": node,
            "acquireTime": micro_time(now),
            "renewTime": micro_time(now),
            "leaseTransitions": 0,
        },
    })
}

/// `MicroTime` takes six digits of a second, no more and no fewer, where it stands in a patch or an update
/// (`k8s.io/apimachinery/pkg/apis/meta/v1`, `RFC3339Micro`).
fn micro_time(moment: OffsetDateTime) -> Option<String> {
    let utc = moment.to_offset(UtcOffset::UTC);
    let second = utc.truncate_to_second().format(&Rfc3339).ok()?;
    let second = second.strip_suffix('Z')?;
    Some(format!("{second}.{:06}Z", utc.microsecond()))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_moment_has_six_digits_of_a_second() {
        for (moment, words) in [
            (
                datetime!(2026-11-29 06:36:29.46586 UTC),
                "2026-11-29T06:36:29.465860Z",
            ),
            (
                datetime!(2026-11-29 06:36:29 UTC),
                "2026-11-29T06:36:29.000000Z",
            ),
            (
                datetime!(2026-11-29 07:36:29.000001999 +1),
                "2026-11-29T06:36:29.000001Z",
            ),
        ] {
            assert_eq!(micro_time(moment).as_deref(), Some(words));
        }
    }
}
