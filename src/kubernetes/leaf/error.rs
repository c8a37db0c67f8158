//! Why there is no profile, and which fact would make one. Pure.

use std::fmt;

use crate::kubernetes::KubernetesVersion;

/// Why it cannot be said what kubeadm would put into a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeafProfileError {
    /// Facts that it is made of are not known.
    #[error("{certificate} cannot be made without {}", list(facts))]
    Missing {
        /// The name of the certificate.
        certificate: String,
        /// All that are missing, each once.
        facts: Vec<MissingFact>,
    },
    /// `kubelet-serving`: the kubelet makes a new one for itself when it starts and finds none.
    #[error("the kubelet makes its serving certificate itself, when it starts and finds none")]
    MadeByTheKubelet,
    /// No certificate of the [catalog](crate::kubernetes::CATALOG).
    #[error("{certificate:?} is no certificate of a control-plane node")]
    Unknown {
        /// What was asked for.
        certificate: String,
    },
    /// That release of kubeadm did not make it yet.
    #[error("kubeadm {version} makes no {certificate}: only {since} and later do")]
    NotYet {
        /// The name of the certificate.
        certificate: String,
        /// The release asked about.
        version: KubernetesVersion,
        /// The first that makes it.
        since: KubernetesVersion,
    },
    /// A name that is to stand in the certificate is neither an address nor a DNS name. kubeadm refuses it or leaves it out.
    #[error("{name:?} is neither an IP address nor a DNS name in lower case")]
    NotAName {
        /// As it was given.
        name: String,
    },
}

/// A fact that a certificate is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MissingFact {
    /// [`node`](super::NodeFacts::node).
    Node,
    /// [`advertise_address`](super::NodeFacts::advertise_address).
    AdvertiseAddress,
    /// [`service_cidrs`](super::NodeFacts::service_cidrs).
    ServiceCidrs,
    /// [`dns_domain`](super::NodeFacts::dns_domain).
    DnsDomain,
    /// [`endpoint_host`](super::NodeFacts::endpoint_host).
    EndpointHost,
}

impl MissingFact {
    /// What it is.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Node => "the name of the node",
            Self::AdvertiseAddress => "the advertise address",
            Self::ServiceCidrs => "the range of the service addresses",
            Self::DnsDomain => "the domain of the services",
            Self::EndpointHost => "the host of the control plane's endpoint",
        }
    }

    /// Where it stands on a node that has it.
    pub fn source(self) -> &'static str {
        match self {
            Self::Node => "the user of kubelet.conf, or --name in etcd.yaml",
            Self::AdvertiseAddress => "--advertise-address in kube-apiserver.yaml",
            Self::ServiceCidrs => "--service-cluster-ip-range in kube-apiserver.yaml",
            Self::DnsDomain => "clusterDomain in the kubelet's config.yaml",
            Self::EndpointHost => "the server in admin.conf",
        }
    }
}

impl fmt::Display for MissingFact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.as_str(), self.source())
    }
}

fn list(facts: &[MissingFact]) -> String {
    let facts: Vec<_> = facts.iter().map(MissingFact::to_string).collect();
    facts.join(", ")
}
