//! The table of what kubeadm puts on a control-plane node: names, places, issuers, and who must restart.
//!
//! A place is a default: the flags of the static pods say where things really are (`inventory`).
//! Sources: kubeadm `app/phases/certs/certlist.go`, `app/constants/constants.go`,
//! `app/phases/certs/renewal/manager.go`; for the kubelet's own pair `k8s.io/kubernetes/pkg/kubelet/certificate`.

use std::fmt;

/// The three certificate authorities of a kubeadm cluster, in kubeadm's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuthorityName {
    /// Signs the API server, its clients and the kubelets.
    Cluster,
    /// Signs everything that speaks to etcd.
    Etcd,
    /// Signs the aggregation layer's client.
    FrontProxy,
}

/// The components of a control-plane node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Component {
    /// etcd, where it runs on the node.
    Etcd,
    /// kube-apiserver.
    ApiServer,
    /// kube-controller-manager.
    ControllerManager,
    /// kube-scheduler.
    Scheduler,
    /// The kubelet: a service of the machine, not a static pod.
    Kubelet,
}

/// Where a certificate lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A pair of files below the certificates folder, unless flags of a component say otherwise.
    Pair {
        /// Path below the certificates folder, without `.crt` and `.key`.
        stem: &'static str,
        /// The flags that name certificate and key, and whose they are.
        flags: Option<PairFlags>,
    },
    /// A user of a kubeconfig below `/etc/kubernetes`, unless a flag of a component says otherwise.
    Kubeconfig {
        /// File name.
        file: &'static str,
        /// The component that reads it with `--kubeconfig`.
        reader: Option<Component>,
    },
    /// The kubelet's serving pair, in its own certificate folder.
    KubeletServing,
}

/// The flags by which a component finds a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairFlags {
    /// Whose flags.
    pub component: Component,
    /// Names the certificate.
    pub certificate: &'static str,
    /// Names the key.
    pub key: &'static str,
}

/// When a certificate that is not there is missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// On every control-plane node.
    Always,
    /// Where this component has a manifest on the node.
    With(Component),
    /// Only where a flag names it or its file is there.
    IfPresent,
}

/// One certificate that a control-plane node lives by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatalogEntry {
    /// The name that `kubeadm certs renew` takes; the kubelet's two are ours.
    pub name: &'static str,
    /// Where it lies.
    pub place: Place,
    /// Who signs it; `None` where the node has to tell.
    pub authority: Option<AuthorityName>,
    /// Who reads it only when it starts, or is safe only after a restart.
    pub readers: &'static [Component],
    /// When its absence is a finding.
    pub expected: Expected,
}

/// Where a certificate authority lies, unless flags say otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthorityCatalogEntry {
    /// Which one.
    pub name: AuthorityName,
    /// Path below the certificates folder, without `.crt` and `.key`.
    pub stem: &'static str,
    /// Flags that name the certificate, the first that is set wins.
    pub certificate_flags: &'static [(Component, &'static str)],
    /// The flag that names the key.
    pub key_flag: Option<(Component, &'static str)>,
}

/// The kubeconfigs of the administrators, which people copy, and whose server is the endpoint of the whole control plane.
pub const ADMINISTRATORS: [&str; 2] = ["admin.conf", "super-admin.conf"];

/// Every certificate, in the order in which kubeadm lists them; what kubeadm hides comes last.
pub const CATALOG: &[CatalogEntry] = &[
    kubeconfig("admin.conf", None, Expected::Always),
    CatalogEntry {
        name: "apiserver",
        place: pair(
            "apiserver",
            Component::ApiServer,
            "tls-cert-file",
            "tls-private-key-file",
        ),
        authority: Some(AuthorityName::Cluster),
        readers: &[Component::ApiServer],
        expected: Expected::Always,
    },
    CatalogEntry {
        name: "apiserver-etcd-client",
        place: pair(
            "apiserver-etcd-client",
            Component::ApiServer,
            "etcd-certfile",
            "etcd-keyfile",
        ),
        authority: Some(AuthorityName::Etcd),
        readers: &[Component::ApiServer],
        expected: Expected::With(Component::Etcd),
    },
    CatalogEntry {
        name: "apiserver-kubelet-client",
        place: pair(
            "apiserver-kubelet-client",
            Component::ApiServer,
            "kubelet-client-certificate",
            "kubelet-client-key",
        ),
        authority: Some(AuthorityName::Cluster),
        readers: &[Component::ApiServer],
        expected: Expected::Always,
    },
    kubeconfig(
        "controller-manager.conf",
        Some(Component::ControllerManager),
        Expected::Always,
    ),
    CatalogEntry {
        name: "etcd-healthcheck-client",
        place: Place::Pair {
            stem: "etcd/healthcheck-client",
            flags: None,
        },
        authority: Some(AuthorityName::Etcd),
        readers: &[],
        expected: Expected::With(Component::Etcd),
    },
    CatalogEntry {
        name: "etcd-peer",
        place: pair(
            "etcd/peer",
            Component::Etcd,
            "peer-cert-file",
            "peer-key-file",
        ),
        authority: Some(AuthorityName::Etcd),
        readers: &[Component::Etcd],
        expected: Expected::With(Component::Etcd),
    },
    CatalogEntry {
        name: "etcd-server",
        place: pair("etcd/server", Component::Etcd, "cert-file", "key-file"),
        authority: Some(AuthorityName::Etcd),
        readers: &[Component::Etcd],
        expected: Expected::With(Component::Etcd),
    },
    CatalogEntry {
        name: "front-proxy-client",
        place: pair(
            "front-proxy-client",
            Component::ApiServer,
            "proxy-client-cert-file",
            "proxy-client-key-file",
        ),
        authority: Some(AuthorityName::FrontProxy),
        readers: &[Component::ApiServer],
        expected: Expected::Always,
    },
    kubeconfig(
        "scheduler.conf",
        Some(Component::Scheduler),
        Expected::Always,
    ),
    // Only on the node of `kubeadm init`, since 1.29.
    kubeconfig("super-admin.conf", None, Expected::IfPresent),
    kubeconfig("kubelet.conf", Some(Component::Kubelet), Expected::Always),
    CatalogEntry {
        name: "kubelet-serving",
        place: Place::KubeletServing,
        authority: None,
        readers: &[Component::Kubelet],
        // The kubelet makes one when it starts and finds none.
        expected: Expected::IfPresent,
    },
];

/// The authorities, in kubeadm's order.
pub const AUTHORITIES: &[AuthorityCatalogEntry] = &[
    AuthorityCatalogEntry {
        name: AuthorityName::Cluster,
        stem: "ca",
        certificate_flags: &[
            (Component::ControllerManager, "cluster-signing-cert-file"),
            (Component::ApiServer, "client-ca-file"),
        ],
        key_flag: Some((Component::ControllerManager, "cluster-signing-key-file")),
    },
    AuthorityCatalogEntry {
        name: AuthorityName::Etcd,
        stem: "etcd/ca",
        certificate_flags: &[
            (Component::Etcd, "trusted-ca-file"),
            (Component::ApiServer, "etcd-cafile"),
        ],
        key_flag: None,
    },
    AuthorityCatalogEntry {
        name: AuthorityName::FrontProxy,
        stem: "front-proxy-ca",
        certificate_flags: &[(Component::ApiServer, "requestheader-client-ca-file")],
        key_flag: None,
    },
];

impl AuthorityName {
    /// The name that kubeadm prints.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cluster => "ca",
            Self::Etcd => "etcd-ca",
            Self::FrontProxy => "front-proxy-ca",
        }
    }
}

impl Component {
    /// Those that kubeadm runs as static pods, in the order in which they depend on each other.
    pub const STATIC_PODS: [Self; 4] = [
        Self::Etcd,
        Self::ApiServer,
        Self::ControllerManager,
        Self::Scheduler,
    ];

    /// The name of the program, of the static pod, and of its manifest without `.yaml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::ApiServer => "kube-apiserver",
            Self::ControllerManager => "kube-controller-manager",
            Self::Scheduler => "kube-scheduler",
            Self::Kubelet => "kubelet",
        }
    }
}

impl fmt::Display for AuthorityName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Display for Component {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

const fn pair(
    stem: &'static str,
    component: Component,
    certificate: &'static str,
    key: &'static str,
) -> Place {
    Place::Pair {
        stem,
        flags: Some(PairFlags {
            component,
            certificate,
            key,
        }),
    }
}

const fn kubeconfig(
    file: &'static str,
    reader: Option<Component>,
    expected: Expected,
) -> CatalogEntry {
    CatalogEntry {
        name: file,
        place: Place::Kubeconfig { file, reader },
        authority: Some(AuthorityName::Cluster),
        readers: match reader {
            Some(Component::ControllerManager) => &[Component::ControllerManager],
            Some(Component::Scheduler) => &[Component::Scheduler],
            Some(Component::Kubelet) => &[Component::Kubelet],
            _ => &[],
        },
        expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubeadm_orders_its_own_by_name() {
        let own = CATALOG.len() - 2;
        assert!(CATALOG[..own].is_sorted_by_key(|entry| entry.name));
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = CATALOG.iter().map(|entry| entry.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CATALOG.len());
    }
}
