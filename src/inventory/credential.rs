//! A certificate that proves who somebody is, with its key and the file that carries both.

use std::path::{Path, PathBuf};

use super::digest::KeyFile;
use super::layout::PairPaths;
use super::{MissingPem, ObservationError, Remains, Slot};
use crate::kubernetes::{
    AuthorityName, CatalogEntry, Cluster, Component, KeySource, Kubeconfig, Source,
};
use crate::node::{FileSnapshot, Root, Secrecy};
use crate::pki::{Certificate, PrivateKey, read_certificates};

/// The journal's word for a dated PEM of the kubelet's, and for the link to it.
pub const KUBELET_PEM: &str = "kubelet-pem";

/// One row of the catalog, as it was found on the node.
#[derive(Debug)]
pub struct CredentialEntry {
    /// The row.
    pub catalog: &'static CatalogEntry,
    /// Who signs it.
    pub issuer: Issuer,
    /// Where its certificate is.
    pub location: Location,
    /// What was found there.
    pub content: Result<Credential, ObservationError>,
    /// The kubelet's own, where it is missing and can be made anew.
    pub missing: Option<MissingPem>,
    /// What there is of it, where something is gone or ruined that can be made anew.
    pub remains: Option<Remains>,
    /// Of a kubeconfig: the cluster that it leads to.
    pub cluster: Option<Cluster>,
}

/// Who signs a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issuer {
    /// One of the node's authorities.
    Authority(AuthorityName),
    /// Its own key: the kubelet's own serving certificate, whose throw-away authority nobody keeps.
    Itself,
    /// Somebody whom this node does not know.
    Elsewhere,
}

impl Issuer {
    /// The authority of the node that signs, if one does.
    pub fn authority(self) -> Option<AuthorityName> {
        match self {
            Self::Authority(name) => Some(name),
            Self::Itself | Self::Elsewhere => None,
        }
    }
}

/// Where a certificate is, as node paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A PEM file, the key in another or the same.
    PkiFile {
        /// The certificate, a chain behind it perhaps.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// Embedded in a kubeconfig, for the user of its current context.
    KubeconfigUser {
        /// The kubeconfig.
        kubeconfig: PathBuf,
    },
    /// A dated PEM with certificate and key, behind a link that the kubelet re-points at each rotation.
    KubeletPem {
        /// `kubelet-client-current.pem` or `kubelet-server-current.pem`.
        link: PathBuf,
        /// What the link says, unresolved.
        destination: PathBuf,
        /// The names in the folder of the dated files: those of earlier rotations are among them.
        taken: Vec<String>,
    },
}

/// The content of a credential.
#[derive(Debug)]
pub struct Credential {
    /// The file that carries the certificate.
    pub file: FileSnapshot,
    /// The certificate itself, then the chain that came with it.
    pub certificates: Vec<Certificate>,
    /// How its key stands to it.
    pub key: KeyState,
    /// What may be known of the file of its key, where that is another one.
    pub(super) key_file: Option<KeyFile>,
    /// The parsed file, where the certificate is embedded in a kubeconfig.
    pub kubeconfig: Option<Kubeconfig>,
}

/// How a private key stands to its certificate.
#[derive(Debug)]
pub enum KeyState {
    /// It is the certificate's own; a certificate that signs itself is renewed with it.
    Fits(PrivateKey),
    /// It is another's.
    Differs {
        /// Where the key was found, as outside the root.
        path: PathBuf,
    },
    /// There is none, or none that can be used.
    Unusable(ObservationError),
}

impl CredentialEntry {
    /// The certificate of the credential itself, where one could be read.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.content.as_ref().ok()?.certificate()
    }

    /// Where its key is, or belongs where it is lost, if that is a file of its own.
    pub fn key_slot(&self) -> Option<&Slot> {
        let content = self.content.as_ref().ok();
        let lost = self.remains.as_ref();
        content
            .and_then(Credential::key_slot)
            .or_else(|| lost?.key_file.as_ref())
    }
}

impl Credential {
    /// Where its key is, if that is a file of its own.
    pub fn key_slot(&self) -> Option<&Slot> {
        self.key_file.as_ref().map(KeyFile::slot)
    }

    /// The certificate of the credential itself.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificates.first()
    }
}

impl Location {
    /// The journal's word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::PkiFile { .. } => "pki-file",
            Self::KubeconfigUser { .. } => "kubeconfig-user",
            Self::KubeletPem { .. } => KUBELET_PEM,
        }
    }

    /// The node path that names the credential: the file, or the link before it.
    pub fn path(&self) -> &Path {
        match self {
            Self::PkiFile { certificate, .. } => certificate,
            Self::KubeconfigUser { kubeconfig } => kubeconfig,
            Self::KubeletPem { link, .. } => link,
        }
    }
}

impl CredentialEntry {
    /// Reads a pair of PEM files.
    pub(super) fn observe_pair(
        root: &Root,
        catalog: &'static CatalogEntry,
        paths: &PairPaths,
    ) -> Self {
        let (content, remains) = Remains::of_pair(root, paths, read_pair(root, paths));
        Self {
            catalog,
            issuer: catalog.authority.map_or(Issuer::Itself, Issuer::Authority),
            location: locate(root, paths),
            content,
            missing: None,
            remains,
            cluster: None,
        }
    }

    /// Reads a kubeconfig, and the files that it names where nothing is embedded.
    pub(super) fn observe_kubeconfig(
        root: &Root,
        catalog: &'static CatalogEntry,
        path: &Path,
        kubelet_certificates: &Path,
    ) -> Self {
        let embedded = Location::KubeconfigUser {
            kubeconfig: path.to_owned(),
        };
        let entry = |location, cluster, file: Option<&FileSnapshot>, content| {
            let (content, remains) = match location {
                Location::KubeconfigUser { .. } => {
                    Remains::of_kubeconfig(root, path, file, content)
                }
                Location::PkiFile { .. } | Location::KubeletPem { .. } => (content, None),
            };
            Self {
                catalog,
                issuer: catalog.authority.map_or(Issuer::Itself, Issuer::Authority),
                location,
                content,
                missing: None,
                remains,
                cluster,
            }
        };
        let unread = |entry: Self| Self {
            missing: missing_link(root, catalog, kubelet_certificates, &entry),
            ..entry
        };
        let file = match root.read(path, Secrecy::Secret) {
            Ok(file) => file,
            Err(error) => return unread(entry(embedded, None, None, Err(error.into()))),
        };
        let kubeconfig = match Kubeconfig::parse(&file.bytes) {
            Ok(kubeconfig) => kubeconfig,
            Err(source) => {
                let path = root.outside(&file.path);
                let error = ObservationError::Kubeconfig { path, source };
                return unread(entry(embedded, None, Some(&file), Err(error)));
            }
        };
        let cluster = kubeconfig.clusters().ok();
        let cluster = cluster.and_then(|clusters| clusters.current().ok().cloned());
        let key_file = match kubeconfig.client_key() {
            KeySource::File(key) => Some(beside(path, key)),
            KeySource::Embedded(_) => None,
        };
        match kubeconfig.client_certificate() {
            Source::Embedded(pem) => match parse_certificates(pem, root.outside(&file.path)) {
                Ok(certificates) => {
                    let key_file = key_file.as_deref();
                    let content = read_embedded(root, file, kubeconfig, certificates, key_file);
                    entry(embedded, cluster, None, Ok(content))
                }
                Err(error) => entry(embedded, cluster, Some(&file), Err(error)),
            },
            Source::File(certificate) => {
                let paths = PairPaths {
                    certificate: beside(path, certificate),
                    // A key that is embedded beside a named certificate lies in the kubeconfig.
                    key: key_file.unwrap_or_else(|| path.to_owned()),
                    named: true,
                };
                let content = match kubeconfig.client_key() {
                    KeySource::File(_) => read_pair(root, &paths),
                    KeySource::Embedded(key) => {
                        read_certificate_file(root, &paths).map(|(file, certificates)| Credential {
                            key: judge_key(key, &certificates, root.outside(path)),
                            key_file: None,
                            file,
                            certificates,
                            kubeconfig: None,
                        })
                    }
                };
                let is_kubelets = catalog.readers.contains(&Component::Kubelet);
                let missing = is_kubelets
                    .then(|| MissingPem::observe(root, &paths, &content))
                    .flatten();
                Self {
                    missing,
                    ..entry(locate(root, &paths), cluster, None, content)
                }
            }
        }
    }
}

/// The kubelet's link, where not even the kubeconfig is there that would name it, or is not to be read: a new one names the
/// kubelet's default.
fn missing_link(
    root: &Root,
    catalog: &CatalogEntry,
    kubelet_certificates: &Path,
    entry: &CredentialEntry,
) -> Option<MissingPem> {
    let is_to_be_made = entry.remains.is_some() && catalog.readers.contains(&Component::Kubelet);
    is_to_be_made
        .then(|| MissingPem::at(root, kubelet_certificates))
        .flatten()
}

/// client-go resolves a relative path against the kubeconfig's own folder (`clientcmd.RelativizePathWithNoBacksteps`).
fn beside(kubeconfig: &Path, named: &str) -> PathBuf {
    kubeconfig
        .parent()
        .map_or_else(|| PathBuf::from(named), |folder| folder.join(named))
}

fn locate(root: &Root, paths: &PairPaths) -> Location {
    let file = Location::PkiFile {
        certificate: paths.certificate.clone(),
        key: paths.key.clone(),
    };
    let rotated = paths
        .certificate
        .file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.starts_with("kubelet-") && name.ends_with("-current.pem"));
    if !rotated {
        return file;
    }
    match root.link_destination(&paths.certificate) {
        Ok(Some(destination)) => {
            let link = paths.certificate.clone();
            let dated = link.with_file_name(&destination);
            // A folder that cannot be listed keeps nobody from a new file: none is put in place of one that is there.
            let taken = dated.parent().map(|folder| root.list(folder));
            Location::KubeletPem {
                taken: taken.and_then(Result::ok).unwrap_or_default(),
                link,
                destination,
            }
        }
        _ => file,
    }
}

fn read_pair(root: &Root, paths: &PairPaths) -> Result<Credential, ObservationError> {
    let (file, certificates) = read_certificate_file(root, paths)?;
    let (key, key_file) = if paths.key == paths.certificate {
        let key = judge_key(&file.bytes, &certificates, root.outside(&file.path));
        (key, None)
    } else {
        read_key(root, &paths.key, &certificates)
    };
    Ok(Credential {
        file,
        certificates,
        key,
        key_file,
        kubeconfig: None,
    })
}

fn read_certificate_file(
    root: &Root,
    paths: &PairPaths,
) -> Result<(FileSnapshot, Vec<Certificate>), ObservationError> {
    let secrecy = if paths.key == paths.certificate {
        Secrecy::Secret
    } else {
        Secrecy::Public
    };
    let file = root.read(&paths.certificate, secrecy)?;
    let certificates = parse_certificates(&file.bytes, root.outside(&file.path))?;
    Ok((file, certificates))
}

fn read_embedded(
    root: &Root,
    file: FileSnapshot,
    kubeconfig: Kubeconfig,
    certificates: Vec<Certificate>,
    key_file: Option<&Path>,
) -> Credential {
    let (key, key_file) = match (kubeconfig.client_key(), key_file) {
        (KeySource::Embedded(key), _) => (
            judge_key(key, &certificates, root.outside(&file.path)),
            None,
        ),
        (KeySource::File(key), path) => {
            read_key(root, path.unwrap_or(Path::new(key)), &certificates)
        }
    };
    Credential {
        file,
        certificates,
        key,
        key_file,
        kubeconfig: Some(kubeconfig),
    }
}

fn parse_certificates(pem: &[u8], path: PathBuf) -> Result<Vec<Certificate>, ObservationError> {
    read_certificates(pem).map_err(|source| ObservationError::Certificate { path, source })
}

fn read_key(root: &Root, path: &Path, certificates: &[Certificate]) -> (KeyState, Option<KeyFile>) {
    match root.read(path, Secrecy::Secret) {
        Ok(file) => {
            let key = judge_key(&file.bytes, certificates, root.outside(&file.path));
            (key, Some(KeyFile::from(&file)))
        }
        Err(error) => (KeyState::Unusable(error.into()), None),
    }
}

fn judge_key(pem: &[u8], certificates: &[Certificate], path: PathBuf) -> KeyState {
    let leaf = certificates.first();
    match PrivateKey::from_pem(pem, leaf) {
        Ok(key) if leaf.is_some_and(|leaf| key.fits(leaf)) => KeyState::Fits(key),
        Ok(_) => KeyState::Differs { path },
        Err(source) => KeyState::Unusable(ObservationError::Key { path, source }),
    }
}
