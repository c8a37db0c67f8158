//! Where a node trusts its authorities: every file with a copy of one of their certificates.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Inventory, KUBERNETES_FOLDER, Layout};
use crate::kubernetes::{AuthorityName, Clusters, Component, KubeletConfig, Source};
use crate::node::{FileSnapshot, Home, Root, Secrecy};
use crate::pki::{Certificate, read_certificates};

/// The flags by which the components are told whom to trust.
const FLAGS: [(Component, &[&str]); 4] = [
    (
        Component::ApiServer,
        &[
            "client-ca-file",
            "etcd-cafile",
            "kubelet-certificate-authority",
            "requestheader-client-ca-file",
        ],
    ),
    (
        Component::ControllerManager,
        &[
            "client-ca-file",
            "cluster-signing-cert-file",
            "requestheader-client-ca-file",
            "root-ca-file",
        ],
    ),
    (
        Component::Scheduler,
        &["client-ca-file", "requestheader-client-ca-file"],
    ),
    (
        Component::Etcd,
        &["trusted-ca-file", "peer-trusted-ca-file"],
    ),
];

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
    /// Reads every file on the node in which an authority may be trusted: those that flags and the kubelet's configuration name, all in
    /// the folders of certificates, every kubeconfig, and the copies that people have. What cannot be read is passed over: whatever
    /// else needs it says so.
    pub fn observe_trust(&mut self, root: &Root) {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for path in pem_files(root, &self.layout, &self.authority_files()) {
            found.extend(read_pem(root, &path));
        }
        for path in listed(root, Path::new(KUBERNETES_FOLDER), &["conf"]) {
            found.extend(read_kubeconfig(root, &path, None));
        }
        for personal in &self.personal {
            found.extend(read_kubeconfig(
                root,
                &personal.path,
                personal.home.as_ref(),
            ));
        }
        found.retain(|trust| seen.insert(trust.file.path.clone()));
        self.trust = found;
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

fn pem_files(root: &Root, layout: &Layout, authorities: &[PathBuf]) -> BTreeSet<PathBuf> {
    let flags = FLAGS.iter().flat_map(|(component, flags)| {
        let values = flags.iter().map(|flag| layout.flag(*component, flag));
        values.flatten().map(PathBuf::from)
    });
    let kubelet = layout
        .kubelet
        .as_ref()
        .and_then(KubeletConfig::client_ca_file)
        .map(PathBuf::from);
    let mut folders = BTreeSet::from([layout.certificates.clone()]);
    folders.extend(
        authorities
            .iter()
            .filter_map(|file| file.parent().map(Path::to_owned)),
    );
    let listed = folders
        .iter()
        .flat_map(|folder| listed(root, folder, &["crt", "pem"]));
    authorities
        .iter()
        .cloned()
        .chain(flags)
        .chain(kubelet)
        .chain(listed)
        .collect()
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

fn read_pem(root: &Root, path: &Path) -> Option<TrustFile> {
    let file = root.read(path, Secrecy::Public).ok()?;
    let certificates = read_certificates(&file.bytes).ok()?;
    Some(TrustFile {
        file,
        form: TrustForm::Pem,
        home: None,
        certificates,
    })
}

fn read_kubeconfig(root: &Root, path: &Path, home: Option<&Home>) -> Option<TrustFile> {
    let file = root.read(path, Secrecy::Public).ok()?;
    let clusters = Clusters::parse(&file.bytes).ok()?;
    let embedded = clusters
        .certificate_authorities()
        .filter_map(|(_, source)| match source {
            Source::Embedded(pem) => read_certificates(pem).ok(),
            Source::File(_) => None,
        });
    let certificates = embedded.flatten().collect();
    Some(TrustFile {
        file,
        form: TrustForm::Kubeconfig,
        home: home.cloned(),
        certificates,
    })
}
