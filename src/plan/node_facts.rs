//! What a node's own files say of what kubeadm made its certificates from.

use std::net::IpAddr;

use super::Request;
use super::node_name::agreed;
use crate::inventory::{CredentialEntry, Inventory};
use crate::kubernetes::{
    ADMINISTRATORS, Cluster, Component, KubeletConfig, KubernetesVersion, NodeFacts, endpoint,
    hosts,
};
use crate::pki::AlternativeName;

/// kubeadm's default port of the API server.
const DEFAULT_PORT: &str = "6443";

/// The facts, as far as they are on the node or were asked for.
pub(super) fn node_facts(inventory: &Inventory, request: &Request) -> NodeFacts {
    let layout = &inventory.layout;
    let flag = |name| layout.flag(Component::ApiServer, name);
    let names = |certificate| {
        let names = request.names_of(certificate);
        names.map(text).collect::<Vec<String>>()
    };
    let api_server_names = names("apiserver");
    let node = request.node_name.clone();
    let server = administrators_server(inventory);
    let endpoint_host = server.and_then(|server| Some(endpoint(server)?.0));
    // Who names further hosts knows of the endpoint, too.
    let endpoint_host = endpoint_host.or_else(|| api_server_names.first().map(String::as_str));
    NodeFacts {
        node: node.or_else(|| agreed(&inventory.node_names).ok()),
        advertise_address: advertise_address(inventory),
        service_cidrs: flag("service-cluster-ip-range").and_then(|ranges| ranges.parse().ok()),
        dns_domain: layout
            .kubelet
            .as_ref()
            .and_then(KubeletConfig::cluster_domain)
            .map(str::to_owned),
        endpoint_host: endpoint_host.map(str::to_owned),
        etcd_server_names: names("etcd-server"),
        etcd_peer_names: names("etcd-peer"),
        api_server_names,
    }
}

/// Which Kubernetes this is: as the image of the API server says; as asked for, where it does not.
pub(super) fn version(inventory: &Inventory, request: &Request) -> Option<KubernetesVersion> {
    let manifest = inventory.layout.manifest(Component::ApiServer);
    let image = manifest.and_then(|manifest| manifest.pod.image());
    let version = image.and_then(KubernetesVersion::of_image);
    version.or(request.kubernetes_version)
}

/// The URL of the API server for a new kubeconfig: as the others of its kind have it, else this node's own.
pub(super) fn server(inventory: &Inventory, kubeconfig: &str) -> Option<String> {
    if ADMINISTRATORS.contains(&kubeconfig)
        && let Some(server) = administrators_server(inventory)
    {
        return Some(server.to_owned());
    }
    let local = inventory.credentials.iter().filter(|entry| {
        entry.catalog.name != kubeconfig && !ADMINISTRATORS.contains(&entry.catalog.name)
    });
    let mut servers = local.filter_map(url);
    servers.next().map(str::to_owned).or_else(|| {
        let host = match advertise_address(inventory)? {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        };
        let port = inventory.layout.flag(Component::ApiServer, "secure-port");
        Some(format!("https://{host}:{}", port.unwrap_or(DEFAULT_PORT)))
    })
}

fn administrators_server(inventory: &Inventory) -> Option<&str> {
    let own = ADMINISTRATORS
        .iter()
        .filter_map(|name| inventory.credential(name))
        .find_map(url);
    own.or_else(|| {
        let copies = inventory.personal.iter();
        let mut copies = copies.filter_map(|one| one.content.as_ref().ok());
        copies.find_map(|copies| copies.server.as_deref())
    })
}

fn url(entry: &CredentialEntry) -> Option<&str> {
    entry.cluster.as_ref().and_then(Cluster::server)
}

/// By what the API server advertises itself; of a node without its manifest, by what etcd does, for kubeadm gives both the same.
fn advertise_address(inventory: &Inventory) -> Option<IpAddr> {
    let layout = &inventory.layout;
    if layout.manifest(Component::ApiServer).is_some() {
        let flag = layout.flag(Component::ApiServer, "advertise-address")?;
        return flag.parse().ok();
    }
    let urls = layout.flag(Component::Etcd, "advertise-client-urls")?;
    hosts(urls).find_map(|host| host.parse().ok())
}

fn text(name: &AlternativeName) -> String {
    match name {
        AlternativeName::Dns(name) => name.clone(),
        AlternativeName::Ip(address) => address.to_string(),
    }
}
