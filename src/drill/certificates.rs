//! What kubeadm 1.36 and the kubelet write into certificates: names, groups, purposes.
//!
//! Sources: kubeadm `app/phases/certs/certlist.go`, `app/phases/kubeconfig/kubeconfig.go` and
//! `app/util/pkiutil/pki_helpers.go`; client-go `util/cert/cert.go`.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::NodeSpecification;
use crate::kubernetes::{AuthorityName, MASTERS_GROUP};
use crate::pki::{Attribute, ExtendedKeyUsage, KeyUsage, Specification};

/// The first address of kubeadm's default service subnet, 10.96.0.0/12.
const SERVICE_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 96, 0, 1);
/// The API server's names in the default DNS domain.
const SERVICE_NAMES: [&str; 4] = [
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
];

/// One of kubeadm's three authorities.
pub(super) fn authority(name: AuthorityName) -> Specification {
    let common_name = match name {
        AuthorityName::Cluster => "kubernetes",
        AuthorityName::Etcd | AuthorityName::FrontProxy => name.as_str(),
    };
    Specification {
        dns_names: vec![common_name.to_owned()],
        ..self_made_authority(common_name)
    }
}

/// The certificate that kubeadm calls `name`; `None` for what kubeadm does not issue.
pub(super) fn leaf(name: &str, node: &NodeSpecification) -> Option<Specification> {
    let node_name = &node.node_name;
    Some(match name {
        "admin.conf" => member("kubernetes-admin", "kubeadm:cluster-admins"),
        "super-admin.conf" => member("kubernetes-super-admin", MASTERS_GROUP),
        "controller-manager.conf" => client("system:kube-controller-manager"),
        "scheduler.conf" => client("system:kube-scheduler"),
        "kubelet.conf" => member(&format!("system:node:{node_name}"), "system:nodes"),
        "apiserver" => api_server(node),
        "apiserver-kubelet-client" => client("kube-apiserver-kubelet-client"),
        "apiserver-etcd-client" => client("kube-apiserver-etcd-client"),
        "front-proxy-client" => client("front-proxy-client"),
        "etcd-healthcheck-client" => client("kube-etcd-healthcheck-client"),
        "etcd-server" | "etcd-peer" => etcd(node),
        _ => return None,
    })
}

/// The authority that the kubelet makes for one signature at `unix` seconds and then forgets.
pub(super) fn kubelet_serving_authority(node: &NodeSpecification, unix: i64) -> Specification {
    self_made_authority(&format!("{}-ca@{unix}", node.node_name))
}

/// The serving certificate that the kubelet makes for itself at `unix` seconds.
pub(super) fn kubelet_serving(node: &NodeSpecification, unix: i64) -> Specification {
    Specification {
        dns_names: vec![node.node_name.clone()],
        extended_key_usages: vec![ExtendedKeyUsage::ServerAuth],
        ..named(&format!("{}@{unix}", node.node_name))
    }
}

fn api_server(node: &NodeSpecification) -> Specification {
    let (hosts, addresses) = node.requested_names();
    // kubeadm sorts names, and keeps addresses in their order.
    let names: BTreeSet<String> = SERVICE_NAMES
        .into_iter()
        .map(str::to_owned)
        .chain([node.node_name.clone()])
        .chain(hosts)
        .collect();
    let mut ip_addresses: Vec<IpAddr> = vec![SERVICE_ADDRESS.into(), node.advertise_address.into()];
    for address in addresses {
        if !ip_addresses.contains(&address) {
            ip_addresses.push(address);
        }
    }
    Specification {
        dns_names: names.into_iter().collect(),
        ip_addresses,
        extended_key_usages: vec![ExtendedKeyUsage::ServerAuth],
        ..named("kube-apiserver")
    }
}

fn etcd(node: &NodeSpecification) -> Specification {
    Specification {
        dns_names: vec![node.node_name.clone(), "localhost".to_owned()],
        ip_addresses: vec![
            node.advertise_address.into(),
            Ipv4Addr::LOCALHOST.into(),
            Ipv6Addr::LOCALHOST.into(),
        ],
        extended_key_usages: vec![ExtendedKeyUsage::ServerAuth, ExtendedKeyUsage::ClientAuth],
        ..named(&node.node_name)
    }
}

fn client(common_name: &str) -> Specification {
    Specification {
        extended_key_usages: vec![ExtendedKeyUsage::ClientAuth],
        ..named(common_name)
    }
}

fn member(common_name: &str, group: &str) -> Specification {
    let mut specification = client(common_name);
    // Go writes the organisation first.
    let organization = (Attribute::Organization, group.to_owned());
    specification.subject.insert(0, organization);
    specification
}

fn self_made_authority(common_name: &str) -> Specification {
    let mut specification = named(common_name);
    specification.key_usages.push(KeyUsage::CertificateSign);
    specification
}

fn named(common_name: &str) -> Specification {
    Specification {
        subject: vec![(Attribute::CommonName, common_name.to_owned())],
        key_usages: vec![KeyUsage::DigitalSignature, KeyUsage::KeyEncipherment],
        ..Specification::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::CATALOG;

    #[test]
    fn whatever_an_authority_signs_has_a_specification_and_nothing_else_has() {
        let node = NodeSpecification::default();
        for entry in CATALOG {
            assert_eq!(
                leaf(entry.name, &node).is_some(),
                entry.authority.is_some(),
                "{}",
                entry.name
            );
        }
    }
}
