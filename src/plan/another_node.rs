//! Certificates that plainly belong to another node, as a folder of keys that was copied from there has them. To renew one would
//! make the mistake last: etcd refuses its peers, and whoever looks for this node finds another name.
//!
//! What the node is called and where it is, its own manifests say. Where they do not, or do not agree, nothing is plain.

use std::net::IpAddr;

use crate::inventory::{CredentialEntry, Inventory};
use crate::kubernetes::{Component, hosts, node_name, node_of_user};
use crate::pki::Certificate;

/// What in the certificate of `entry` shows that it is another node's; nothing where that is not plain.
pub(super) fn another_nodes(inventory: &Inventory, entry: &CredentialEntry) -> Option<String> {
    let certificate = entry.certificate()?;
    let node = OwnNode::of(inventory);
    match entry.catalog.name {
        "etcd-server" | "etcd-peer" => node.denies_member(certificate),
        "apiserver" => node.denies_server(certificate),
        "kubelet.conf" => node.denies_kubelet(certificate),
        _ => None,
    }
}

/// What the node says of itself.
struct OwnNode {
    /// etcd's `--name`.
    member: Option<String>,
    /// As the kubelet takes it.
    taken: Option<String>,
    /// In the kubelet's certificate.
    user: Option<String>,
    /// Of etcd's peers.
    member_addresses: Vec<String>,
    /// `--advertise-address` of the API server.
    server_address: Option<String>,
}

impl OwnNode {
    fn of(inventory: &Inventory) -> Self {
        let flag = |component, name| inventory.layout.flag(component, name);
        let urls = ["initial-advertise-peer-urls", "advertise-client-urls"]
            .into_iter()
            .filter_map(|name| flag(Component::Etcd, name));
        let user = inventory.original("kubelet.conf");
        let user = user.and_then(Certificate::common_name);
        let address = flag(Component::ApiServer, "advertise-address");
        Self {
            member: flag(Component::Etcd, "name").and_then(node_name),
            taken: inventory.node_names.taken.name.clone(),
            user: user.and_then(node_of_user).map(str::to_owned),
            member_addresses: distinct(urls.flat_map(hosts).map(str::to_owned)),
            server_address: address.map(str::to_owned),
        }
    }

    /// The name on which etcd's manifest and the kubelet agree.
    fn agreed(&self) -> Option<&str> {
        let taken = self.taken.as_deref()?;
        (self.member.as_deref()? == taken).then_some(taken)
    }

    /// Every name that may be the node's: the agreed one alone, where there is one.
    fn names(&self) -> Vec<&str> {
        match self.agreed() {
            Some(name) => vec![name],
            None => [&self.member, &self.taken, &self.user]
                .into_iter()
                .filter_map(|name| name.as_deref())
                .collect(),
        }
    }

    fn denies_member(&self, certificate: &Certificate) -> Option<String> {
        // Without a manifest nobody says who this member is.
        self.member.as_ref()?;
        let said = said(certificate);
        let addresses: Vec<&str> = self.member_addresses.iter().map(String::as_str).collect();
        // A certificate for all members, or without a member's name, is nobody's own.
        let named = certificate.common_name().and_then(node_name)?;
        if self.is_own(&said, &addresses) || !said.iter().any(|name| *name == named) {
            return None;
        }
        Some(self.denial(&named, &said, &addresses))
    }

    fn denies_server(&self, certificate: &Certificate) -> Option<String> {
        let said = said(certificate);
        let address = self.server_address.as_deref()?;
        let is_kubeadms = said.contains(&"kubernetes.default.svc");
        let other = said.iter().find(|name| {
            !name.contains(':') && name.parse::<IpAddr>().is_err() && !is_every_servers(name)
        });
        if !is_kubeadms || self.is_own(&said, &[address]) {
            return None;
        }
        let other = other?;
        Some(self.denial(other, &said, &[address]))
    }

    fn denies_kubelet(&self, certificate: &Certificate) -> Option<String> {
        let named = node_of_user(certificate.common_name()?)?;
        let own = self.agreed()?;
        (!is_same(named, own)).then(|| {
            format!("it is the kubelet's of `{named}`, and this node is `{own}`, as its host name and etcd's --name say")
        })
    }

    fn is_own(&self, said: &[&str], addresses: &[&str]) -> bool {
        let names = self.names();
        said.iter().any(|one| {
            // A wildcard may stand for any node.
            one.contains('*')
                || names.iter().any(|name| is_same(one, name))
                || addresses
                    .iter()
                    .any(|address| is_same_address(one, address))
        })
    }

    fn denial(&self, named: &str, said: &[&str], addresses: &[&str]) -> String {
        let own = self.names().join("` or `");
        let said = said.iter().filter(|name| !is_every_servers(name));
        let said: Vec<&str> = said.copied().collect();
        format!(
            "it is for `{named}` ({}), and this node is `{own}` at {}, as its manifests say",
            said.join(", "),
            addresses.join(" and ")
        )
    }
}

/// Common name and alternative names, without their kinds and without what every node has.
fn said(certificate: &Certificate) -> Vec<&str> {
    let names = certificate.subject_alternative_names().iter();
    let names = names.filter_map(|name| {
        name.strip_prefix("DNS:")
            .or_else(|| name.strip_prefix("IP:"))
    });
    let mut said = distinct(names.chain(certificate.common_name()));
    let is_loopback = |name: &str| name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    said.retain(|name| *name != "localhost" && !is_loopback(name));
    said
}

fn distinct<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for one in all {
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    seen
}

/// What kubeadm gives every API server (`GetAPIServerAltNames`), and the certificate's own name.
fn is_every_servers(name: &str) -> bool {
    name == "kube-apiserver" || name == "kubernetes" || name.starts_with("kubernetes.")
}

/// A host may be named with its domain in one place and without in another.
fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    let is_short_for = |short: &str, long: &str| {
        long.strip_prefix(short)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    one == other || is_short_for(&one, &other) || is_short_for(&other, &one)
}

fn is_same_address(one: &str, other: &str) -> bool {
    match (one.parse::<IpAddr>(), other.parse::<IpAddr>()) {
        (Ok(one), Ok(other)) => one == other,
        _ => is_same(one, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_urls_and_names_with_and_without_their_domain() {
        assert_eq!(
            distinct(hosts(
                "https://192.0.2.10:2380, https://[2001:db8::1]:2380/,https://cp-1:2380"
            )),
            ["192.0.2.10", "2001:db8::1", "cp-1"]
        );
        assert!(is_same("cp-1.example.com", "CP-1"));
        assert!(!is_same("cp-10", "cp-1"));
        assert!(is_same_address("2001:db8:0::1", "2001:db8::1"));
        assert!(!is_same_address("192.0.2.1", "192.0.2.10"));
    }
}
