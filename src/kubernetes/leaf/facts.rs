//! What a node's certificates are made of. Pure.

use std::net::{IpAddr, Ipv4Addr};

use super::{MissingFact, ServiceCidrs};

/// What is known of a node and its cluster; what is not known is asked for only where a certificate needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeFacts {
    /// The node's name, as it is registered: `nodeRegistration.name`.
    pub node: Option<String>,
    /// Where its API server says that it is: `localAPIEndpoint.advertiseAddress`.
    pub advertise_address: Option<IpAddr>,
    /// The ranges of the services: `networking.serviceSubnet`.
    pub service_cidrs: Option<ServiceCidrs>,
    /// The domain of the services: `networking.dnsDomain`.
    pub dns_domain: Option<String>,
    /// The host of `controlPlaneEndpoint`, an IPv6 address without brackets. `admin.conf` names it; where a cluster has none of
    /// its own, that is the advertise address, and adds nothing.
    pub endpoint_host: Option<String>,
    /// `apiServer.certSANs`: names and addresses that a person added. They stand in the cluster alone, in the config map
    /// `kubeadm-config`: of a node whose old certificate is gone only a person knows them, and none is not the same as unknown.
    pub api_server_names: Vec<String>,
    /// `etcd.local.serverCertSANs`, likewise.
    pub etcd_server_names: Vec<String>,
    /// `etcd.local.peerCertSANs`, likewise.
    pub etcd_peer_names: Vec<String>,
}

impl NodeFacts {
    /// Facts that lack nothing and are nobody's: for what does not depend on them.
    pub fn of_nobody() -> Self {
        Self {
            advertise_address: Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            service_cidrs: "10.96.0.0/12".parse().ok(),
            dns_domain: Some("cluster.local".to_owned()),
            endpoint_host: Some("localhost".to_owned()),
            ..Self::default()
        }
    }
}

/// The value, or the name of the fact for a list of those that are missing.
pub(super) fn known<T>(
    fact: Option<T>,
    name: MissingFact,
    missing: &mut Vec<MissingFact>,
) -> Option<T> {
    if fact.is_none() {
        missing.push(name);
    }
    fact
}
