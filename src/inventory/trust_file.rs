//! Where a node trusts its authorities: every file with a copy of one of their certificates.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Inventory, KUBERNETES_FOLDER, Layout, ObservationError};
use crate::kubernetes::{AuthorityName, Clusters, KubeletConfig, Source};
use crate::node::{FileError, FileSnapshot, Home, Root, Secrecy};
use crate::pki::{Certificate, read_certificates};

/// A file that holds certificates of authorities.
#[derive(Debug)]
pub struct TrustFile {
    /// The file.
    pub file: FileSnapshot,
    /// How they stand in it.
    pub form: TrustForm,
    /// The home folder that it lies in, where it is a person's and that is not root's own.
    pub home: Option<Home>,
    /// The certificates, of whomever.
    pub certificates: Vec<Certificate>,
}

/// How certificates stand in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustForm {
    /// As PEM.
    Pem,
    /// In the clusters of a kubeconfig.
    Kubeconfig,
}

impl TrustFile {
    /// Whether `certificate` is in it, byte for byte.
    pub fn has(&self, certificate: &Certificate) -> bool {
        self.certificates.contains(certificate)
    }
}

impl Inventory {
    /// Reads every file on the node in which an authority may be trusted: those that flags, the kubelet's configuration and kubeconfigs
    /// name, all in the folders of certificates, every kubeconfig, and the copies that people have. What cannot be read is noted: it
    /// may have a copy, too.
    pub fn observe_trust(&mut self, root: &Root) {
        let mut trust = Trust::default();
        for path in listed(root, Path::new(KUBERNETES_FOLDER), &["conf"]) {
            trust.add_kubeconfig(root, &path, None);
        }
        for personal in &self.personal {
            trust.add_kubeconfig(root, &personal.path, personal.home.as_ref());
        }
        for path in pem_files(root, &self.layout, &self.authority_files()) {
            trust.add_pem(root, &path);
        }
        let mut seen = BTreeSet::new();
        trust
            .files
            .retain(|file| seen.insert(file.file.path.clone()));
        self.trust = trust.files;
        self.trust_obstacles = trust.obstacles;
    }

    fn authority_files(&self) -> Vec<PathBuf> {
        let authorities = self.authorities.iter();
        authorities
            .map(|authority| authority.certificate_path.clone())
            .collect()
    }

    /// Whether it is a person's, and not the node's.
    pub fn is_personal(&self, trust: &TrustFile) -> bool {
        let paths = self.personal.iter().map(|personal| &personal.path);
        trust.home.is_some() || paths.into_iter().any(|path| *path == trust.file.path)
    }

    /// The files with a copy of `certificate`, the authority's own first.
    pub fn trusting(&self, name: AuthorityName, certificate: &Certificate) -> Vec<&TrustFile> {
        let own = self.authority(name).and_then(super::AuthorityEntry::file);
        let is_own = |trust: &&TrustFile| own.is_some_and(|own| own.path == trust.file.path);
        let mut trusting: Vec<&TrustFile> = self
            .trust
            .iter()
            .filter(|trust| trust.has(certificate))
            .collect();
        trusting.sort_by_key(|trust| !is_own(trust));
        trusting
    }
}

/// What was found so far.
#[derive(Default)]
struct Trust {
    files: Vec<TrustFile>,
    obstacles: Vec<ObservationError>,
}

impl Trust {
    /// A file of certificates; keys, logs and whatever else flags name are none.
    fn add_pem(&mut self, root: &Root, path: &Path) {
        let file = match root.read(path, Secrecy::Public) {
            Ok(file) => file,
            Err(error) => return self.note(error),
        };
        if let Ok(certificates) = read_certificates(&file.bytes) {
            self.files.push(TrustFile {
                file,
                form: TrustForm::Pem,
                home: None,
                certificates,
            });
        }
    }

    fn add_kubeconfig(&mut self, root: &Root, path: &Path, home: Option<&Home>) {
        let file = match root.read(path, Secrecy::Public) {
            Ok(file) => file,
            Err(error) => return self.note(error),
        };
        let Ok(clusters) = Clusters::parse(&file.bytes) else {
            return;
        };
        let mut certificates = Vec::new();
        for (_, source) in clusters.certificate_authorities() {
            match source {
                Source::Embedded(pem) => {
                    certificates.extend(read_certificates(pem).unwrap_or_default());
                }
                // A person's file may name anything.
                Source::File(named) if home.is_none() => {
                    let folder = path.parent().unwrap_or(path);
                    self.add_pem(root, &folder.join(named));
                }
                Source::File(_) => {}
            }
        }
        self.files.push(TrustFile {
            file,
            form: TrustForm::Kubeconfig,
            home: home.cloned(),
            certificates,
        });
    }

    /// A flag may name a folder, or a file that only comes to be.
    fn note(&mut self, error: FileError) {
        let is_none = matches!(
            error,
            FileError::NotFound { .. }
                | FileError::NotRegular { .. }
                | FileError::NotAFolder { .. }
        );
        if !is_none {
            self.obstacles.push(error.into());
        }
    }
}

fn pem_files(root: &Root, layout: &Layout, authorities: &[PathBuf]) -> BTreeSet<PathBuf> {
    let manifests = layout.manifests.iter();
    let flags = manifests.flat_map(|manifest| manifest.pod.paths().map(PathBuf::from));
    let kubelet = layout
        .kubelet
        .as_ref()
        .and_then(KubeletConfig::client_ca_file)
        .map(PathBuf::from);
    let mut folders = BTreeSet::from([layout.certificates.clone()]);
    let own = authorities.iter().filter_map(|file| file.parent());
    folders.extend(own.map(Path::to_owned));
    let listed = folders
        .iter()
        .flat_map(|folder| listed(root, folder, &["crt", "pem"]));
    let named = authorities.iter().cloned().chain(flags).chain(kubelet);
    named.chain(listed).collect()
}

fn listed(root: &Root, folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let names = root.list(folder).unwrap_or_default();
    let paths = names.into_iter().map(|name| folder.join(name));
    paths
        .filter(|path| {
            let extension = path.extension().and_then(|one| one.to_str());
            extension.is_some_and(|own| extensions.contains(&own))
        })
        .collect()
}
