//! Where things are on this node: the manifests and the kubelet's configuration say so, defaults fill in.

use std::path::{Path, PathBuf};

use super::{KUBERNETES_FOLDER, Manifest, ObservationError};
use crate::kubernetes::{
    AUTHORITIES, AuthorityCatalogEntry, AuthorityName, CatalogEntry, Component, KubeletConfig,
    KubeletFlags, Place,
};
use crate::node::{Root, Secrecy};

/// Where kubeadm writes the kubelet's configuration (kubeadm `constants.KubeletConfigurationFileName`).
pub(super) const KUBELET_CONFIG: &str = "/var/lib/kubelet/config.yaml";
/// Where kubeadm writes the kubelet's flags (kubeadm `constants.KubeletEnvFileName`).
pub(super) const KUBELET_FLAGS: &str = "/var/lib/kubelet/kubeadm-flags.env";
/// The kubelet's own folder (`--root-dir`).
pub(super) const KUBELET_FOLDER: &str = "/var/lib/kubelet";
/// Where a person sets further flags of the kubelet: the packages for Debian and for Red Hat name one each.
const OWN_KUBELET_FLAGS: [&str; 2] = ["/etc/default/kubelet", "/etc/sysconfig/kubelet"];
/// The kubelet's `--cert-dir` default.
const KUBELET_CERTIFICATES: &str = "/var/lib/kubelet/pki";
/// Certificate folders by default: kubeadm's, then kubespray's.
const CERTIFICATE_FOLDERS: [&str; 2] = ["/etc/kubernetes/pki", "/etc/kubernetes/ssl"];
/// etcd's default for `--data-dir` in kubeadm (`EtcdDataDir`).
const ETCD_DATA: &str = "/var/lib/etcd";

/// The places of a node, read from its own files.
#[derive(Debug)]
pub struct Layout {
    /// The folder of certificates and keys.
    pub certificates: PathBuf,
    /// The folder of the static pods' manifests.
    pub manifests_folder: PathBuf,
    /// The manifests in it, one at most for each component.
    pub manifests: Vec<Manifest>,
    /// The kubelet's configuration, where there is one.
    pub kubelet: Option<KubeletConfig>,
    /// The folder in which the kubelet keeps its own certificates.
    pub kubelet_certificates: PathBuf,
    /// The kubelet's `--hostname-override`, as it stands, and the file that sets it.
    pub hostname_override: Option<(String, &'static str)>,
    /// What could not be read: the layout falls back to defaults there.
    pub obstacles: Vec<ObservationError>,
}

/// The two files of a pair, as node paths. They may be one and the same file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PairPaths {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    /// A flag of a component names it.
    pub(super) named: bool,
}

impl Layout {
    /// Reads manifests and configuration, and nothing else.
    pub fn observe(root: &Root) -> Self {
        let mut obstacles = Vec::new();
        let kubelet = keep(
            observe_optional(
                root,
                KUBELET_CONFIG,
                KubeletConfig::parse,
                |path, source| ObservationError::KubeletConfig { path, source },
            ),
            &mut obstacles,
        );
        let flags = kubelet_flags(root, &mut obstacles);
        let kubelet_certificates = flag(&flags, "cert-dir")
            .map_or_else(|| KUBELET_CERTIFICATES.into(), |(folder, _)| folder.into());
        let hostname_override = flag(&flags, "hostname-override");
        let manifests_folder = kubelet
            .as_ref()
            .and_then(KubeletConfig::static_pod_path)
            .map_or_else(
                || Path::new(KUBERNETES_FOLDER).join("manifests"),
                PathBuf::from,
            );
        let manifests: Vec<Manifest> = Component::STATIC_PODS
            .into_iter()
            .filter_map(|component| {
                let manifest = Manifest::observe(root, &manifests_folder, component);
                keep(manifest, &mut obstacles)
            })
            .collect();
        let mut layout = Self {
            certificates: PathBuf::new(),
            manifests_folder,
            manifests,
            kubelet,
            kubelet_certificates,
            hostname_override,
            obstacles,
        };
        layout.certificates = layout.certificates_folder(root);
        layout.admit_components(root);
        layout
    }

    /// Lets each component's own user have the files that its flags name, where it does not run as root.
    fn admit_components(&self, root: &Root) {
        for manifest in &self.manifests {
            let Some((user, group)) = manifest.pod.run_as() else {
                continue;
            };
            let mut groups = vec![group];
            groups.extend(manifest.pod.supplemental_groups());
            for path in manifest.pod.paths() {
                root.admit_tenant(Path::new(path), user, &groups);
            }
        }
    }

    /// User and group of the component that reads a credential, where its manifest has it run as somebody else than root.
    pub fn reader(&self, entry: &CatalogEntry) -> Option<(u32, u32)> {
        let component = match entry.place {
            Place::Pair { flags, .. } => flags.map(|flags| flags.component),
            Place::Kubeconfig { reader, .. } => reader,
            Place::KubeletServing => None,
        };
        self.manifest(component?)?.pod.run_as()
    }

    /// The manifest of a component.
    pub fn manifest(&self, component: Component) -> Option<&Manifest> {
        self.manifests
            .iter()
            .find(|manifest| manifest.component == component)
    }

    /// The value of a component's flag, where its manifest is there and sets it.
    pub fn flag(&self, component: Component, name: &str) -> Option<&str> {
        self.manifest(component)?.flag(name)
    }

    /// The folder of etcd's data, a node path.
    pub fn etcd_data(&self) -> &Path {
        Path::new(self.flag(Component::Etcd, "data-dir").unwrap_or(ETCD_DATA))
    }

    pub(super) fn authority(&self, entry: &AuthorityCatalogEntry) -> PairPaths {
        let named = entry
            .certificate_flags
            .iter()
            .find_map(|(component, flag)| self.flag(*component, flag));
        let certificate = self.certificate_path(named, entry.stem);
        let key = entry
            .key_flag
            .and_then(|(component, flag)| self.flag(component, flag))
            .map_or_else(|| certificate.with_extension("key"), PathBuf::from);
        PairPaths {
            certificate,
            key,
            named: named.is_some(),
        }
    }

    /// The pair of a catalog entry; `None` for kubeconfigs.
    pub(super) fn pair(&self, entry: &CatalogEntry) -> Option<PairPaths> {
        match entry.place {
            Place::Pair { stem, flags } => {
                let named = flags.and_then(|flags| self.flag(flags.component, flags.certificate));
                let certificate = self.certificate_path(named, stem);
                let key = flags
                    .and_then(|flags| self.flag(flags.component, flags.key))
                    .map_or_else(|| certificate.with_extension("key"), PathBuf::from);
                Some(PairPaths {
                    certificate,
                    key,
                    named: named.is_some(),
                })
            }
            Place::KubeletServing => Some(self.kubelet_serving()),
            Place::Kubeconfig { .. } => None,
        }
    }

    /// The kubeconfig of a catalog entry; `None` for pairs.
    pub(super) fn kubeconfig(&self, entry: &CatalogEntry) -> Option<PathBuf> {
        let Place::Kubeconfig { file, reader } = entry.place else {
            return None;
        };
        let named = reader.and_then(|component| self.flag(component, "kubeconfig"));
        Some(named.map_or_else(|| Path::new(KUBERNETES_FOLDER).join(file), PathBuf::from))
    }

    /// Whether the kubelet makes its serving pair itself: nobody named one, and it asks the cluster for none.
    pub(super) fn kubelet_makes_serving_pair(&self) -> bool {
        self.kubelet.as_ref().is_none_or(|kubelet| {
            kubelet.tls_cert_file().is_none() && !kubelet.server_tls_bootstrap()
        })
    }

    fn kubelet_serving(&self) -> PairPaths {
        let folder = &self.kubelet_certificates;
        let kubelet = self.kubelet.as_ref();
        let configured = kubelet
            .and_then(|kubelet| Some((kubelet.tls_cert_file()?, kubelet.tls_private_key_file()?)));
        if let Some((certificate, key)) = configured {
            return PairPaths {
                certificate: certificate.into(),
                key: key.into(),
                named: true,
            };
        }
        if kubelet.is_some_and(KubeletConfig::server_tls_bootstrap) {
            // One PEM with both, behind a link, kept up by the kubelet itself.
            let pem = folder.join("kubelet-server-current.pem");
            return PairPaths {
                certificate: pem.clone(),
                key: pem,
                named: false,
            };
        }
        PairPaths {
            certificate: folder.join("kubelet.crt"),
            key: folder.join("kubelet.key"),
            named: false,
        }
    }

    fn certificate_path(&self, named: Option<&str>, stem: &str) -> PathBuf {
        named.map_or_else(
            || self.certificates.join(format!("{stem}.crt")),
            PathBuf::from,
        )
    }

    /// kubeadm's `certificatesDir`: the folder of the cluster's CA.
    fn certificates_folder(&self, root: &Root) -> PathBuf {
        let named = AUTHORITIES
            .iter()
            .filter(|entry| entry.name == AuthorityName::Cluster)
            .flat_map(|entry| entry.certificate_flags)
            .find_map(|(component, flag)| Path::new(self.flag(*component, flag)?).parent());
        if let Some(folder) = named {
            return folder.to_owned();
        }
        CERTIFICATE_FOLDERS
            .into_iter()
            .map(PathBuf::from)
            .find(|folder| root.exists(&folder.join("ca.crt")))
            .unwrap_or_else(|| PathBuf::from(CERTIFICATE_FOLDERS[0]))
    }
}

/// The kubelet's flags with the files that set them, those that win first. A person's own that cannot be read are passed over:
/// what is made of them is held against other things on the node.
fn kubelet_flags(
    root: &Root,
    obstacles: &mut Vec<ObservationError>,
) -> Vec<(KubeletFlags, &'static str)> {
    let unusable = |path, source| ObservationError::KubeletFlags { path, source };
    let own = OWN_KUBELET_FLAGS.into_iter().filter_map(|path| {
        let flags = observe_optional(root, path, KubeletFlags::parse_own, unusable);
        Some((flags.ok()??, path))
    });
    let kubeadms = observe_optional(root, KUBELET_FLAGS, KubeletFlags::parse, unusable);
    let kubeadms = keep(kubeadms, obstacles).map(|flags| (flags, KUBELET_FLAGS));
    own.chain(kubeadms).collect()
}

/// The value of a flag that is set to something, and the file that sets it.
fn flag(flags: &[(KubeletFlags, &'static str)], name: &str) -> Option<(String, &'static str)> {
    flags.iter().find_map(|(flags, path)| {
        let value = flags.flag(name).filter(|value| !value.is_empty())?;
        Some((value.to_owned(), *path))
    })
}

/// Reads and parses a file that need not be there.
fn observe_optional<T, E>(
    root: &Root,
    path: &str,
    parse: impl FnOnce(&[u8]) -> Result<T, E>,
    unusable: impl FnOnce(PathBuf, E) -> ObservationError,
) -> Result<Option<T>, ObservationError> {
    let file = match root.read(Path::new(path), Secrecy::Public) {
        Err(error) if error.is_not_found() => return Ok(None),
        other => other?,
    };
    match parse(&file.bytes) {
        Ok(parsed) => Ok(Some(parsed)),
        Err(source) => Err(unusable(root.outside(&file.path), source)),
    }
}

fn keep<T>(
    result: Result<Option<T>, ObservationError>,
    obstacles: &mut Vec<ObservationError>,
) -> Option<T> {
    result.map_err(|error| obstacles.push(error)).ok().flatten()
}
