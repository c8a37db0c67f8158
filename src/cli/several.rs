//! The other nodes of a cluster with several control planes: who must follow, and what to expect until then.

use std::io::{self, Write};

use serde::Serialize;

use super::render::BOLD;
use super::table::{Table, terminal_columns};
use crate::control_plane::EtcdCluster;
use crate::kubernetes::{EtcdMember, endpoint};

/// The cluster in `plan -o json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClusterDocument<'a> {
    this_node: &'a str,
    /// More may have joined since the manifest was written.
    members_at_least: usize,
    quorum: usize,
    /// In the order in which they follow.
    others: Vec<MemberDocument<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MemberDocument<'a> {
    name: &'a str,
    peer_urls: &'a [String],
}

/// For programs; nothing where no other node is known.
pub(super) fn cluster_document(cluster: Option<&EtcdCluster>) -> Option<ClusterDocument<'_>> {
    let cluster = cluster.filter(|cluster| cluster.has_others())?;
    Some(ClusterDocument {
        this_node: &cluster.own,
        members_at_least: cluster.known(),
        quorum: cluster.quorum(),
        others: cluster
            .others
            .iter()
            .map(|member| MemberDocument {
                name: &member.name,
                peer_urls: &member.peer_urls,
            })
            .collect(),
    })
}

/// The others in their order, and until when etcd stays silent; nothing where none is known.
pub(super) fn write_others(cluster: Option<&EtcdCluster>, out: &mut dyn Write) -> io::Result<()> {
    let Some(cluster) = cluster.filter(|cluster| cluster.has_others()) else {
        return Ok(());
    };
    let (known, quorum) = (cluster.known(), cluster.quorum());
    writeln!(out)?;
    writeln!(
        out,
        "{BOLD}One of several{BOLD:#}: etcd has at least {known} members (--initial-cluster in etcd.yaml)"
    )?;
    let mut table = Table::default();
    let mut push = |number: usize, name: &str, place: String| {
        table.push(vec![number.to_string().into(), name.into(), place.into()]);
    };
    push(1, &cluster.own, "this node, now".to_owned());
    for (number, member) in (2..).zip(&cluster.others) {
        push(number, &member.name, host(member));
    }
    table.write(out, 2, terminal_columns())?;
    writeln!(
        out,
        "One after the other, then control planes without etcd. What they need is not\n\
         known from here: `rekindle check` there. Until {quorum} of the {known} are up etcd has\n\
         no quorum, and the API answers nobody: if the others have expired too,\n\
         `recover` ends with 7 here. That is expected; go on with the next\n\
         (rekindle runbook full-expiry#other-control-planes)."
    )
}

/// Where it is, without scheme and port.
fn host(member: &EtcdMember) -> String {
    let endpoints = member.peer_urls.iter().filter_map(|url| endpoint(url));
    let hosts: Vec<&str> = endpoints.map(|(host, _)| host).collect();
    hosts.join(", ")
}
