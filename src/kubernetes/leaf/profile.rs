//! What kubeadm would put into each certificate. Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::facts::known;
use super::names::Names;
use super::organization::{FEWER_MASTERS, organization};
use super::{LeafProfileError, MissingFact, NodeFacts};
use crate::kubernetes::{KubernetesVersion, user_of_node};

/// What tells one certificate of kubeadm's from another.
///
/// All of them have, in this order: a critical key usage of digital signature and key encipherment, with ECDSA keys too; the extended
/// key usages, server before client; critical basic constraints, no authority; the authority's key identifier; and the names, DNS
/// names before addresses, where there are any. Of the subject the organisation comes first, each part in an RDN of its own.
///
/// A kubelet that has rotated its certificate has one that the cluster's controller signed, without key encipherment if its key is
/// ECDSA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafProfile {
    /// The subject's CN.
    pub common_name: String,
    /// The subject's O.
    pub organization: Option<&'static str>,
    /// Whether it is for TLS servers.
    pub server: bool,
    /// Whether it is for TLS clients.
    pub client: bool,
    /// Its DNS names, in the order in which they are written.
    pub dns_names: Vec<String>,
    /// Its addresses, in the order in which they are written.
    pub ip_addresses: Vec<IpAddr>,
}

/// The profile of the certificate that has this name in the [catalog](crate::kubernetes::CATALOG), as kubeadm of that release makes
/// it; from 1.13 on, its first stable one.
///
/// # Errors
/// [`LeafProfileError::Missing`] with every fact that it lacks, and [`LeafProfileError::MadeByTheKubelet`] for `kubelet-serving`.
pub fn leaf_profile(
    name: &str,
    facts: &NodeFacts,
    version: KubernetesVersion,
) -> Result<LeafProfile, LeafProfileError> {
    if name == "super-admin.conf" && version < FEWER_MASTERS {
        return Err(LeafProfileError::NotYet {
            certificate: name.to_owned(),
            version,
            since: FEWER_MASTERS,
        });
    }
    let client = |common_name: &str| LeafProfile {
        common_name: common_name.to_owned(),
        organization: organization(name, version),
        server: false,
        client: true,
        dns_names: Vec::new(),
        ip_addresses: Vec::new(),
    };
    match name {
        "apiserver" => api_server(facts, version),
        "etcd-server" => etcd(name, facts, &facts.etcd_server_names, version),
        "etcd-peer" => etcd(name, facts, &facts.etcd_peer_names, version),
        "apiserver-kubelet-client" => Ok(client("kube-apiserver-kubelet-client")),
        "apiserver-etcd-client" => Ok(client("kube-apiserver-etcd-client")),
        "etcd-healthcheck-client" => Ok(client("kube-etcd-healthcheck-client")),
        "front-proxy-client" => Ok(client("front-proxy-client")),
        "admin.conf" => Ok(client("kubernetes-admin")),
        "super-admin.conf" => Ok(client("kubernetes-super-admin")),
        "controller-manager.conf" => Ok(client("system:kube-controller-manager")),
        "scheduler.conf" => Ok(client("system:kube-scheduler")),
        "kubelet.conf" => {
            let mut missing = Vec::new();
            let node = known(facts.node.as_deref(), MissingFact::Node, &mut missing);
            let node = node.ok_or_else(|| lacking(name, missing))?;
            Names::default().add_dns(node)?;
            Ok(client(&user_of_node(node)))
        }
        "kubelet-serving" => Err(LeafProfileError::MadeByTheKubelet),
        _ => Err(LeafProfileError::Unknown {
            certificate: name.to_owned(),
        }),
    }
}

/// `GetAPIServerAltNames`.
fn api_server(
    facts: &NodeFacts,
    version: KubernetesVersion,
) -> Result<LeafProfile, LeafProfileError> {
    let mut missing = Vec::new();
    let node = known(facts.node.as_deref(), MissingFact::Node, &mut missing);
    let address = known(
        facts.advertise_address,
        MissingFact::AdvertiseAddress,
        &mut missing,
    );
    let service = facts.service_cidrs.as_ref();
    let service = service.and_then(super::ServiceCidrs::api_server_address);
    let service = known(service, MissingFact::ServiceCidrs, &mut missing);
    let domain = known(
        facts.dns_domain.as_deref(),
        MissingFact::DnsDomain,
        &mut missing,
    );
    let endpoint = known(
        facts.endpoint_host.as_deref(),
        MissingFact::EndpointHost,
        &mut missing,
    );
    let (Some(node), Some(address), Some(service), Some(domain), Some(endpoint)) =
        (node, address, service, domain, endpoint)
    else {
        return Err(lacking("apiserver", missing));
    };
    let mut names = Names::default();
    names.add_dns(node)?;
    for name in ["kubernetes", "kubernetes.default", "kubernetes.default.svc"] {
        names.add_dns(name)?;
    }
    names.add_dns(&format!("kubernetes.default.svc.{domain}"))?;
    names.add_address(service);
    names.add_address(address);
    names.add(endpoint)?;
    for name in &facts.api_server_names {
        names.add(name)?;
    }
    Ok(server("kube-apiserver", false, names, version))
}

/// `GetEtcdAltNames` and `GetEtcdPeerAltNames`. etcd's server is a client too, of itself.
fn etcd(
    certificate: &str,
    facts: &NodeFacts,
    additional: &[String],
    version: KubernetesVersion,
) -> Result<LeafProfile, LeafProfileError> {
    let mut missing = Vec::new();
    let node = known(facts.node.as_deref(), MissingFact::Node, &mut missing);
    let address = known(
        facts.advertise_address,
        MissingFact::AdvertiseAddress,
        &mut missing,
    );
    let (Some(node), Some(address)) = (node, address) else {
        return Err(lacking(certificate, missing));
    };
    let mut names = Names::default();
    names.add_dns(node)?;
    names.add_dns("localhost")?;
    names.add_address(address);
    names.add_address(Ipv4Addr::LOCALHOST.into());
    names.add_address(Ipv6Addr::LOCALHOST.into());
    for name in additional {
        names.add(name)?;
    }
    Ok(server(node, true, names, version))
}

fn server(
    common_name: &str,
    client: bool,
    names: Names,
    version: KubernetesVersion,
) -> LeafProfile {
    let (dns_names, ip_addresses) = names.ordered(version);
    LeafProfile {
        common_name: common_name.to_owned(),
        organization: None,
        server: true,
        client,
        dns_names,
        ip_addresses,
    }
}

fn lacking(certificate: &str, facts: Vec<MissingFact>) -> LeafProfileError {
    let certificate = certificate.to_owned();
    LeafProfileError::Missing { certificate, facts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::CATALOG;

    fn version() -> KubernetesVersion {
        "1.36.2".parse().unwrap()
    }

    fn facts() -> NodeFacts {
        NodeFacts {
            node: Some("node.example.test".to_owned()),
            advertise_address: Some("2001:db8::10".parse().unwrap()),
            service_cidrs: Some("fd00::/112,10.96.0.0/12".parse().unwrap()),
            dns_domain: Some("k.test".to_owned()),
            endpoint_host: Some("2001:db8::1".to_owned()),
            api_server_names: vec!["*.api.test".to_owned(), "fd00::1".to_owned()],
            etcd_server_names: vec!["etcd.test".to_owned()],
            etcd_peer_names: vec!["192.0.2.7".to_owned()],
        }
    }

    #[test]
    fn every_certificate_of_the_catalog_has_a_profile_but_the_kubelets_own() {
        for entry in CATALOG {
            match leaf_profile(entry.name, &facts(), version()) {
                Ok(profile) => assert!(profile.server || profile.client),
                Err(error) => {
                    assert_eq!(error, LeafProfileError::MadeByTheKubelet);
                    assert_eq!(entry.name, "kubelet-serving");
                }
            }
        }
        assert!(matches!(
            leaf_profile("sa", &facts(), version()),
            Err(LeafProfileError::Unknown { .. })
        ));
    }

    #[test]
    fn every_fact_that_is_missing_is_named_at_once_and_only_where_it_is_needed() {
        let nothing = NodeFacts::default();
        for (name, expected) in [
            (
                "apiserver",
                &[
                    MissingFact::Node,
                    MissingFact::AdvertiseAddress,
                    MissingFact::ServiceCidrs,
                    MissingFact::DnsDomain,
                    MissingFact::EndpointHost,
                ][..],
            ),
            (
                "etcd-server",
                &[MissingFact::Node, MissingFact::AdvertiseAddress],
            ),
            (
                "etcd-peer",
                &[MissingFact::Node, MissingFact::AdvertiseAddress],
            ),
            ("kubelet.conf", &[MissingFact::Node]),
        ] {
            let error = leaf_profile(name, &nothing, version()).unwrap_err();
            for fact in expected {
                assert!(error.to_string().contains(fact.source()), "{error}");
            }
            assert_eq!(error, lacking(name, expected.to_vec()));
        }
        assert!(leaf_profile("admin.conf", &nothing, version()).is_ok());
    }

    #[test]
    fn addresses_of_an_endpoint_and_additional_names_are_told_from_dns_names() {
        let profile = leaf_profile("apiserver", &facts(), version()).unwrap();
        assert_eq!(
            profile.dns_names,
            [
                "*.api.test",
                "kubernetes",
                "kubernetes.default",
                "kubernetes.default.svc",
                "kubernetes.default.svc.k.test",
                "node.example.test"
            ]
        );
        let addresses: Vec<_> = profile.ip_addresses.iter().map(IpAddr::to_string).collect();
        assert_eq!(addresses, ["fd00::1", "2001:db8::10", "2001:db8::1"]);
        let server = leaf_profile("etcd-server", &facts(), version()).unwrap();
        assert_eq!(
            server.dns_names,
            ["etcd.test", "localhost", "node.example.test"]
        );
        let peer = leaf_profile("etcd-peer", &facts(), version()).unwrap();
        assert_eq!(peer.ip_addresses.len(), 4);
        assert_eq!(peer.dns_names, ["localhost", "node.example.test"]);
    }

    #[test]
    fn a_fact_that_is_no_name_is_refused() {
        let mut odd = facts();
        odd.node = Some("CP-1".to_owned());
        for name in ["apiserver", "etcd-server", "etcd-peer", "kubelet.conf"] {
            assert!(matches!(
                leaf_profile(name, &odd, version()),
                Err(LeafProfileError::NotAName { name }) if name == "CP-1"
            ));
        }
    }

    #[test]
    fn no_super_admin_before_1_29() {
        let before = "1.28.15".parse().unwrap();
        let error = leaf_profile("super-admin.conf", &facts(), before).unwrap_err();
        assert_eq!(
            error.to_string(),
            "kubeadm v1.28.15 makes no super-admin.conf: only v1.29.0 and later do"
        );
        assert!(leaf_profile("super-admin.conf", &facts(), FEWER_MASTERS).is_ok());
    }
}
