//! Reads a whole node.

use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use super::node_name::machine_id;
use super::{
    AuthorityEntry, ClockEvidence, CredentialEntry, Issuer, Layout, NodeNames, ObservationError,
    PersonalKubeconfig, TrustFile, personal,
};
use crate::kubernetes::{
    AUTHORITIES, AuthorityName, CATALOG, CatalogEntry, Component, Expected, Place,
};
use crate::node::{Present, Root, Secrecy};
use crate::pki::Certificate;

/// A control-plane node as it was at one moment.
#[derive(Debug)]
pub struct Inventory {
    /// The root, as it was named.
    pub root: PathBuf,
    /// Where things are.
    pub layout: Layout,
    /// The authorities, in kubeadm's order.
    pub authorities: Vec<AuthorityEntry>,
    /// The certificates, in kubeadm's order, what kubeadm hides last.
    pub credentials: Vec<CredentialEntry>,
    /// What the node is called.
    pub node_names: NodeNames,
    /// The host, by the 32 hexadecimal digits of machine-id(5); `None` where nothing is there that could be one.
    pub machine_id: Option<String>,
    /// Copies of the credentials of administrators in home folders.
    pub personal: Vec<PersonalKubeconfig>,
    /// Where the authorities are trusted; empty until [`Self::observe_trust`] has looked.
    pub trust: Vec<TrustFile>,
    /// What could not be read of them.
    pub trust_obstacles: Vec<ObservationError>,
    /// The files of the service accounts' keys, node paths, links resolved.
    pub service_account_keys: Vec<PathBuf>,
    /// What tells the time; nothing until [`Self::observe_clock`] has looked. No part of any digest: etcd's log is written all the
    /// time.
    pub clock: ClockEvidence,
}

impl Inventory {
    /// Reads everything that the catalog knows. What cannot be read is an error within, never one of the whole.
    pub fn observe(root: &Root) -> Self {
        let layout = Layout::observe(root);
        let mut authorities: Vec<AuthorityEntry> = AUTHORITIES
            .iter()
            .map(|entry| AuthorityEntry::observe(root, entry.name, layout.authority(entry)))
            .collect();
        let mut credentials: Vec<CredentialEntry> = Vec::new();
        for catalog in CATALOG {
            let Some(mut entry) = observe_entry(root, &layout, catalog) else {
                continue;
            };
            if catalog.place == Place::KubeletServing {
                entry.issuer = serving_issuer(&layout, &entry, &authorities);
            }
            // Two names for one file: the first one answers for it.
            if !credentials.iter().any(|earlier| same_file(earlier, &entry)) {
                credentials.push(entry);
            }
        }
        for authority in &mut authorities {
            authority.find(root, &credentials);
        }
        // An authority that signs nothing here is nothing to report.
        let authorities = authorities
            .into_iter()
            .filter(|authority| {
                authority.certificates.is_ok()
                    || credentials
                        .iter()
                        .any(|entry| entry.issuer.authority() == Some(authority.name))
            })
            .collect();
        Self {
            root: root.path().to_owned(),
            node_names: NodeNames::observe(root, &layout, &credentials),
            machine_id: machine_id(root),
            personal: personal::observe(root, &credentials),
            clock: ClockEvidence::default(),
            service_account_keys: service_account_keys(root, &layout),
            layout,
            authorities,
            credentials,
            trust: Vec::new(),
            trust_obstacles: Vec::new(),
        }
    }

    /// Looks for what tells the time: whoever plans certificates, which get their dates from the clock, needs it.
    pub fn observe_clock(&mut self, root: &Root) {
        self.clock = ClockEvidence::observe(root, &self.layout);
    }

    /// Whether there is any sign of a control plane: a manifest, or the cluster's CA.
    pub fn is_control_plane(&self) -> bool {
        let authority = self.authority(AuthorityName::Cluster);
        !self.layout.manifests.is_empty()
            || !self.layout.obstacles.is_empty()
            || authority.is_some_and(
                |authority| !matches!(&authority.certificates, Err(error) if error.is_not_found()),
            )
    }

    /// Whether it is a node without a control plane that belongs to a cluster all the same: a kubelet is laid out on it, and
    /// nothing of a control plane, whose certificates no worker ever has.
    pub fn is_worker(&self) -> bool {
        let is_there = |name: &str| {
            let entry = self.credential(name);
            entry.is_some_and(|entry| match &entry.content {
                Ok(_) => true,
                Err(error) => !error.is_not_found(),
            })
        };
        let has_key = self
            .authorities
            .iter()
            .any(|authority| !authority.is_externally_managed());
        let others = CATALOG.iter().filter(|entry| {
            entry.place != Place::KubeletServing && !entry.readers.contains(&Component::Kubelet)
        });
        self.layout.manifests.is_empty()
            && self.layout.obstacles.is_empty()
            && !has_key
            && (is_there("kubelet.conf") || self.layout.kubelet.is_some())
            && !others.into_iter().any(|entry| is_there(entry.name))
    }

    /// A node path as a shell outside the root would spell it.
    pub fn outside(&self, node_path: &Path) -> PathBuf {
        self.root
            .join(node_path.strip_prefix("/").unwrap_or(node_path))
    }

    /// The authority of that name.
    pub fn authority(&self, name: AuthorityName) -> Option<&AuthorityEntry> {
        self.authorities
            .iter()
            .find(|authority| authority.name == name)
    }

    /// The credential that kubeadm calls `name`.
    pub fn credential(&self, name: &str) -> Option<&CredentialEntry> {
        self.credentials
            .iter()
            .find(|entry| entry.catalog.name == name)
    }

    /// The certificate of the credential that kubeadm calls `name`.
    pub fn original(&self, name: &str) -> Option<&Certificate> {
        self.credential(name)?.certificate()
    }

    /// The file that was written last, and when: no right clock is earlier than that.
    pub fn newest_file(&self) -> Option<(&Path, OffsetDateTime)> {
        let manifests = self
            .layout
            .manifests
            .iter()
            .map(|manifest| (manifest.path.as_path(), manifest.metadata.modified));
        let authorities = self.authorities.iter().filter_map(|authority| {
            let file = authority.file.as_ref()?;
            Some((file.path.as_path(), file.metadata.modified))
        });
        let credentials = self.credentials.iter().filter_map(|entry| {
            let file = &entry.content.as_ref().ok()?.file;
            Some((file.path.as_path(), file.metadata.modified))
        });
        manifests
            .chain(authorities)
            .chain(credentials)
            .max_by_key(|(_, modified)| *modified)
    }
}

/// Those that flags name, and kubeadm's own.
fn service_account_keys(root: &Root, layout: &Layout) -> Vec<PathBuf> {
    let flags = [
        (Component::ApiServer, "service-account-key-file"),
        (Component::ApiServer, "service-account-signing-key-file"),
        (
            Component::ControllerManager,
            "service-account-private-key-file",
        ),
    ];
    let named = flags
        .iter()
        .filter_map(|(component, flag)| layout.flag(*component, flag));
    let own = ["sa.key", "sa.pub"].map(|name| layout.certificates.join(name));
    let paths = named.map(PathBuf::from).chain(own);
    paths
        .map(|path| {
            root.read(&path, Secrecy::Public)
                .map_or(path, |file| file.path)
        })
        .collect()
}

fn observe_entry(
    root: &Root,
    layout: &Layout,
    catalog: &'static CatalogEntry,
) -> Option<CredentialEntry> {
    if let Some(path) = layout.kubeconfig(catalog) {
        let wanted = catalog.expected != Expected::IfPresent || is_there(root, &path);
        return wanted.then(|| {
            CredentialEntry::observe_kubeconfig(root, catalog, &path, &layout.kubelet_certificates)
        });
    }
    let paths = layout.pair(catalog)?;
    let expected = match catalog.expected {
        Expected::Always => true,
        Expected::With(component) => layout.manifest(component).is_some(),
        Expected::IfPresent => false,
    };
    let wanted = expected || paths.named || is_there(root, &paths.certificate);
    wanted.then(|| CredentialEntry::observe_pair(root, catalog, &paths))
}

/// A dangling link is there: its owner wants to hear of it.
fn is_there(root: &Root, path: &Path) -> bool {
    match root.present(path) {
        Ok(found) => found != Present::Nothing,
        Err(error) => !error.is_not_found(),
    }
}

/// Who signed a serving certificate of the kubelet: the cluster's CA at its request, the kubelet itself, or the CA of
/// somebody who named a pair of his own in the kubelet's configuration.
fn serving_issuer(
    layout: &Layout,
    entry: &CredentialEntry,
    authorities: &[AuthorityEntry],
) -> Issuer {
    let Some(leaf) = entry.certificate() else {
        return Issuer::Itself;
    };
    let cluster = authorities
        .iter()
        .find(|authority| authority.name == AuthorityName::Cluster);
    let bundle = cluster.and_then(|cluster| cluster.certificates.as_deref().ok());
    let signed_by_cluster = bundle.is_some_and(|bundle| {
        bundle
            .iter()
            .any(|certificate| certificate.subject_der() == leaf.issuer_der())
    });
    if signed_by_cluster {
        Issuer::Authority(AuthorityName::Cluster)
    } else if leaf.subject_der() == leaf.issuer_der()
        || layout.kubelet_makes_serving_pair() && is_kubelets_own(leaf)
    {
        Issuer::Itself
    } else {
        Issuer::Elsewhere
    }
}

/// `CN=<host>@<unix time>`, signed by `CN=<host>-ca@<unix time>` (`k8s.io/client-go/util/cert`,
/// `GenerateSelfSignedCertKey`).
fn is_kubelets_own(leaf: &Certificate) -> bool {
    let issuer = leaf.issuer();
    let own = leaf.common_name().and_then(|name| name.split_once('@'));
    let authority = issuer
        .strip_prefix("CN=")
        .and_then(|name| name.split_once("-ca@"));
    match (own, authority) {
        (Some((host, _)), Some((of, time))) => {
            host == of && time.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => false,
    }
}

fn same_file(one: &CredentialEntry, other: &CredentialEntry) -> bool {
    match (&one.content, &other.content) {
        (Ok(one), Ok(other)) => one.file.path == other.file.path,
        _ => one.location == other.location,
    }
}
