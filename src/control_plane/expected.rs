//! What there is to be on this node.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use super::address::{of_plain_urls, of_urls, reachable};
use super::{EtcdCluster, ExpectedPod, LeaseName};
use crate::evidence::with_causes;
use crate::inventory::{Inventory, Layout, Location};
use crate::kubernetes::{ADMINISTRATORS, AuthorityName, Component, KubeletConfig};

/// `--secure-port` of the API server (`k8s.io/kubernetes/cmd/kube-apiserver`).
const API_SERVER_PORT: u16 = 6443;

/// A control plane, as the files of its node describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlPlane {
    /// The static pods with a manifest here, in the order in which they depend on each other.
    pub pods: Vec<ExpectedPod>,
    /// Each place where a certificate of this node is served.
    pub serving: Vec<Serving>,
    /// Where this node's API server is asked; none where it has no manifest.
    pub api_server: Option<SocketAddr>,
    /// Where the cluster's state is.
    pub etcd: Etcd,
    /// The members of its cluster; none where no etcd runs here, or its manifest does not say.
    pub etcd_cluster: Option<EtcdCluster>,
    /// Where etcd tells how it is, to whoever asks and while it has no quorum too; none where it does not.
    pub etcd_metrics: Option<SocketAddr>,
    /// The kubelet.
    pub kubelet: Kubelet,
    /// What could not be read that may name more of it: `/etc/kubernetes/manifests/etcd.yaml: …`.
    pub obstacles: Vec<String>,
    /// The certificates of the cluster's CA.
    pub cluster_authority: PathBuf,
    /// The credentials with which the API is asked, the first that works: kubeconfigs.
    pub administrators: Vec<PathBuf>,
}

/// A port with the certificate that is to be seen there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serving {
    /// Who serves.
    pub component: Component,
    /// kubeadm's name of the certificate.
    pub certificate: &'static str,
    /// Where.
    pub address: SocketAddr,
    /// The file with the certificate.
    pub file: PathBuf,
    /// The authority that signed it; none where it signs itself.
    pub authority: Option<PathBuf>,
    /// The pair to present where the server demands one: certificate and key.
    pub client: Option<(PathBuf, PathBuf)>,
}

/// Where etcd is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Etcd {
    /// A static pod of this node.
    Local {
        /// Where its clients ask; none where it has no TLS address to ask at.
        client: Option<SocketAddr>,
        /// Its data.
        data: PathBuf,
    },
    /// Elsewhere, or run by somebody else.
    External,
}

/// The kubelet of this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kubelet {
    /// The node's name, from the kubelet's own certificate.
    pub node: Option<String>,
    /// The Lease that it renews.
    pub lease: Option<LeaseName>,
    /// The file with its client certificate.
    pub credential: PathBuf,
    /// Whether the credential is embedded in the kubeconfig, which the kubelet reads at its start alone.
    pub is_embedded: bool,
    /// The CRI socket, where one is named.
    pub container_runtime: Option<String>,
    /// How it is proven where it is alone on its node.
    pub alone: Option<KubeletAlone>,
}

/// A kubelet beside no control plane: what there is to be seen of it on its own node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeletAlone {
    /// The PEM with its credential, which its process must be newer than: it is read at the start.
    pub credential: PathBuf,
    /// Where it says whether it is healthy, in plain HTTP; none where that is turned off.
    pub healthz: Option<SocketAddr>,
}

impl ControlPlane {
    /// Derives it from what lies on the node.
    pub fn of(inventory: &Inventory) -> Self {
        let layout = &inventory.layout;
        let pods = layout.manifests.iter().map(ExpectedPod::of).collect();
        let api_server = layout.manifest(Component::ApiServer).map(|_| api(layout));
        let etcd = etcd(layout);
        let authority = |name| {
            let entry = inventory.authority(name)?;
            Some(entry.certificate_path.clone())
        };
        let administrators: Vec<PathBuf> = ADMINISTRATORS
            .into_iter()
            .filter_map(|name| inventory.credential(name))
            .map(|entry| entry.location.path().to_owned())
            .collect();
        let mut plane = Self {
            pods,
            serving: serving(inventory, api_server, &etcd),
            api_server,
            etcd,
            etcd_cluster: EtcdCluster::of(layout),
            etcd_metrics: layout
                .flag(Component::Etcd, "listen-metrics-urls")
                .and_then(|urls| of_plain_urls(urls).first().copied()),
            kubelet: kubelet(inventory),
            cluster_authority: authority(AuthorityName::Cluster)
                .unwrap_or_else(|| layout.certificates.join("ca.crt")),
            administrators,
            obstacles: layout.obstacles.iter().map(|it| with_causes(it)).collect(),
        };
        if inventory.is_worker() && !plane.kubelet.is_embedded {
            plane.kubelet.alone = Some(alone(inventory, &plane.kubelet));
        }
        plane
    }

    /// The kubelet, whatever else is on its node: for who brings a credential for that alone.
    pub fn of_kubelet(inventory: &Inventory) -> Self {
        let mut plane = Self::of(inventory);
        plane.pods.clear();
        plane.api_server = None;
        plane.etcd = Etcd::External;
        plane
            .serving
            .retain(|serving| serving.component == Component::Kubelet);
        plane.kubelet.alone = Some(alone(inventory, &plane.kubelet));
        plane
    }

    /// Whether a process is of this control plane, by its program's name and its arguments: the kubelet, or that of a static pod.
    pub fn owns(&self, program: &str, arguments: &[String]) -> bool {
        let mut pods = self.pods.iter();
        program == Component::Kubelet.as_str()
            || pods.any(|pod| pod.component.as_str() == program && pod.is_run_with(arguments))
    }

    /// The static pod of a component.
    pub fn pod(&self, component: Component) -> Option<&ExpectedPod> {
        self.pods.iter().find(|pod| pod.component == component)
    }
}

/// Over the node's own address, as its clients have it: `--advertise-address`, unless only another one is listened on.
fn api(layout: &Layout) -> SocketAddr {
    let flag = |name| layout.flag(Component::ApiServer, name);
    let address = |name| flag(name).and_then(|value| value.parse::<IpAddr>().ok());
    let bound = address("bind-address").filter(|address| !address.is_unspecified());
    let asked = bound.or_else(|| address("advertise-address"));
    let port = flag("secure-port").and_then(|port| port.parse().ok());
    SocketAddr::new(
        asked.map_or(IpAddr::from([127, 0, 0, 1]), reachable),
        port.unwrap_or(API_SERVER_PORT),
    )
}

fn etcd(layout: &Layout) -> Etcd {
    let flag = |name| layout.flag(Component::Etcd, name);
    if layout.manifest(Component::Etcd).is_some() {
        let clients = flag("listen-client-urls").map(of_urls).unwrap_or_default();
        let loopback = clients.iter().find(|address| address.ip().is_loopback());
        return Etcd::Local {
            client: loopback.or(clients.first()).copied(),
            data: layout.etcd_data().to_owned(),
        };
    }
    Etcd::External
}

fn serving(inventory: &Inventory, api_server: Option<SocketAddr>, etcd: &Etcd) -> Vec<Serving> {
    let layout = &inventory.layout;
    let mut places: Vec<(Component, &'static str, SocketAddr)> = Vec::new();
    if let Some(address) = api_server {
        places.push((Component::ApiServer, "apiserver", address));
    }
    if let Etcd::Local { .. } = etcd {
        for (flag, certificate) in [
            ("listen-client-urls", "etcd-server"),
            ("listen-peer-urls", "etcd-peer"),
        ] {
            let addresses = layout.flag(Component::Etcd, flag).map(of_urls);
            for address in addresses.unwrap_or_default() {
                places.push((Component::Etcd, certificate, address));
            }
        }
    }
    if let Some(address) = kubelet_address(layout) {
        places.push((Component::Kubelet, "kubelet-serving", address));
    }
    places
        .into_iter()
        .filter_map(|(component, certificate, address)| {
            let entry = inventory.credential(certificate)?;
            let issuer = entry.issuer.authority();
            let authority = issuer.and_then(|name| inventory.authority(name));
            Some(Serving {
                component,
                certificate,
                address,
                file: entry.location.path().to_owned(),
                authority: authority.map(|authority| authority.certificate_path.clone()),
                client: client(inventory, certificate),
            })
        })
        .collect()
}

/// Whom a server lets in that demands a certificate.
fn client(inventory: &Inventory, server: &str) -> Option<(PathBuf, PathBuf)> {
    let name = match server {
        "etcd-server" => ["etcd-healthcheck-client", "apiserver-etcd-client"].as_slice(),
        "etcd-peer" => &["etcd-peer"],
        _ => return None,
    };
    let pair = |name: &&str| match &inventory.credential(name)?.location {
        Location::PkiFile { certificate, key } => Some((certificate.clone(), key.clone())),
        Location::KubeconfigUser { .. } | Location::KubeletPem { .. } => None,
    };
    name.iter().find_map(pair)
}

/// Everywhere by default, and then over the loopback.
fn kubelet_address(layout: &Layout) -> Option<SocketAddr> {
    let config = layout.kubelet.as_ref()?;
    let address = match config.address() {
        Some(address) => address.parse().ok()?,
        None => IpAddr::from([0, 0, 0, 0]),
    };
    Some(SocketAddr::new(reachable(address), config.port()))
}

fn alone(inventory: &Inventory, kubelet: &Kubelet) -> KubeletAlone {
    let config = inventory.layout.kubelet.as_ref();
    let healthz = config.and_then(KubeletConfig::healthz);
    let address = healthz.and_then(|(address, port)| {
        let address: IpAddr = address.parse().ok()?;
        Some(SocketAddr::new(reachable(address), port))
    });
    KubeletAlone {
        credential: kubelet.credential.clone(),
        healthz: address,
    }
}

fn kubelet(inventory: &Inventory) -> Kubelet {
    let entry = inventory.credential("kubelet.conf");
    let content = entry.and_then(|entry| entry.content.as_ref().ok());
    let certificate = content.and_then(|credential| credential.certificate());
    let name = certificate.and_then(|certificate| certificate.common_name());
    let node = name.and_then(|name| name.strip_prefix("system:node:"));
    let location = entry.map(|entry| &entry.location);
    let config = inventory.layout.kubelet.as_ref();
    Kubelet {
        node: node.map(str::to_owned),
        lease: node.map(LeaseName::of_node),
        credential: location.map_or_else(PathBuf::new, |location| location.path().to_owned()),
        is_embedded: matches!(location, Some(Location::KubeconfigUser { .. })),
        container_runtime: config
            .and_then(|config| config.container_runtime_endpoint())
            .map(str::to_owned),
        alone: None,
    }
}
