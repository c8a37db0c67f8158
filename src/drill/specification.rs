//! What a drill's node is to be like.

use std::net::{IpAddr, Ipv4Addr};

use crate::pki::KeyAlgorithm;

/// The choices of whoever runs `kubeadm init`; everything else is kubeadm's default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeSpecification {
    /// Of all keys but the kubelet's serving key, which is always RSA-2048 (kubeadm's `encryptionAlgorithm`).
    pub algorithm: KeyAlgorithm,
    /// The node's name, a DNS label.
    pub node_name: String,
    /// Where API server and etcd listen.
    pub advertise_address: Ipv4Addr,
    /// Host and port by which administrators reach the API (kubeadm's `controlPlaneEndpoint`).
    pub control_plane_endpoint: String,
    /// Further hosts and addresses in the API server's certificate (kubeadm's `certSANs`).
    pub additional_names: Vec<String>,
}

impl Default for NodeSpecification {
    /// A node named cp-1, in address and name space that is reserved for examples (RFC 5737, RFC 6761).
    fn default() -> Self {
        Self {
            algorithm: KeyAlgorithm::Rsa2048,
            node_name: "cp-1".to_owned(),
            advertise_address: Ipv4Addr::new(192, 0, 2, 10),
            control_plane_endpoint: "api.example.test:6443".to_owned(),
            additional_names: vec!["localhost".to_owned(), Ipv4Addr::LOCALHOST.to_string()],
        }
    }
}

impl NodeSpecification {
    /// The hosts and addresses that the operator asked for in the API server's certificate.
    pub(super) fn requested_names(&self) -> (Vec<String>, Vec<IpAddr>) {
        let endpoint = &self.control_plane_endpoint;
        let host = endpoint
            .rsplit_once(':')
            .map_or(&**endpoint, |(host, _)| host);
        let mut hosts = Vec::new();
        let mut addresses = Vec::new();
        for name in std::iter::once(host).chain(self.additional_names.iter().map(String::as_str)) {
            match name.parse() {
                Ok(address) => addresses.push(address),
                Err(_) => hosts.push(name.to_owned()),
            }
        }
        (hosts, addresses)
    }
}
