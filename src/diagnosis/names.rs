//! The names by which a serving certificate is asked for on this node, held against those that it bears.

use std::net::IpAddr;

use crate::inventory::{CredentialEntry, Inventory};
use crate::kubernetes::{Cluster, Component, ServiceCidrs, hosts};
use crate::pki::AlternativeName;

/// A name that somebody asks for, and that the certificate lacks: whoever does so refuses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingName {
    /// The name.
    pub name: AlternativeName,
    /// Who asks for it, in words.
    pub source: String,
}

/// What the certificate of `entry` lacks, each name once.
pub(super) fn missing_names(inventory: &Inventory, entry: &CredentialEntry) -> Vec<MissingName> {
    let leaf = entry.certificate();
    let Some(leaf) = leaf else {
        return Vec::new();
    };
    let mut missing: Vec<MissingName> = Vec::new();
    for (host, source) in asked_for(inventory, entry.catalog.name) {
        // What cannot be a name in a certificate, nobody is shown one for.
        let Ok(name) = host.parse::<AlternativeName>() else {
            continue;
        };
        if is_everywhere(&name) || leaf.has_alternative_name(&name) {
            continue;
        }
        if missing.iter().all(|known| known.name != name) {
            missing.push(MissingName { name, source });
        }
    }
    missing
}

fn asked_for(inventory: &Inventory, certificate: &str) -> Vec<(String, String)> {
    match certificate {
        "apiserver" => of_api_server(inventory),
        "etcd-server" => of_urls(inventory, "advertise-client-urls"),
        "etcd-peer" => of_urls(inventory, "initial-advertise-peer-urls"),
        _ => Vec::new(),
    }
}

fn of_api_server(inventory: &Inventory) -> Vec<(String, String)> {
    let layout = &inventory.layout;
    let flag = |name| layout.flag(Component::ApiServer, name);
    let mut asked = Vec::new();
    if let Some(address) = flag("advertise-address") {
        let source = "--advertise-address of kube-apiserver";
        asked.push((address.to_owned(), source.to_owned()));
    }
    // By this one every pod asks (`kubernetes.default`).
    let ranges = flag("service-cluster-ip-range").and_then(|text| text.parse().ok());
    if let Some(address) = ranges.as_ref().and_then(ServiceCidrs::api_server_address) {
        let source = "first address of --service-cluster-ip-range";
        asked.push((address.to_string(), source.to_owned()));
    }
    for entry in &inventory.credentials {
        if let Some(host) = entry.cluster.as_ref().and_then(Cluster::asked_name) {
            let source = format!("server in {}", entry.catalog.name);
            asked.push((host.to_owned(), source));
        }
    }
    asked
}

fn of_urls(inventory: &Inventory, flag: &str) -> Vec<(String, String)> {
    let urls = inventory.layout.flag(Component::Etcd, flag);
    let hosts = urls.into_iter().flat_map(hosts);
    hosts
        .map(|host| (host.to_owned(), format!("--{flag} of etcd")))
        .collect()
}

/// To listen everywhere is no name.
fn is_everywhere(name: &AlternativeName) -> bool {
    matches!(name, AlternativeName::Ip(address) if match address {
        IpAddr::V4(address) => address.is_unspecified(),
        IpAddr::V6(address) => address.is_unspecified(),
    })
}
