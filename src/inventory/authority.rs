//! A certificate authority of the node: its certificates, and its key where it is here.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::time::Duration;

use time::OffsetDateTime;

use super::digest::KeyFile;
use super::layout::PairPaths;
use super::remains::is_ruined_certificate;
use super::{CredentialEntry, Layout, ObservationError, Slot};
use crate::kubernetes::{AUTHORITIES, AuthorityCatalogEntry, AuthorityName, Source};
use crate::node::{FileError, FileSnapshot, Root, Secrecy};
use crate::pki::{
    Authority, Certificate, PrivateKey, Revision, SerialNumber, Validity, read_certificates,
    reissue_self_signed,
};

/// Longer than the certificate of a journal's key lives.
const FOR_A_JOURNAL: Duration = Duration::from_hours(48);

/// One of the three authorities, as it was found.
#[derive(Debug)]
pub struct AuthorityEntry {
    /// Which one.
    pub name: AuthorityName,
    /// Where its certificate should be, a node path.
    pub certificate_path: PathBuf,
    /// Where its key should be, a node path.
    pub key_path: PathBuf,
    /// The bundle in file order: one certificate, or several while a CA is being rotated.
    pub certificates: Result<Vec<Certificate>, ObservationError>,
    /// The key, if it can be used; `is_not_found` where it is kept elsewhere.
    pub key: Result<PrivateKey, ObservationError>,
    /// Its certificates as they were found elsewhere, where its own file is gone or ruined and the key is here.
    pub found: Option<FoundAuthority>,
    /// The file of the bundle, as it was read.
    pub(super) file: Option<FileSnapshot>,
    /// What may be known of the file of the key.
    pub(super) key_file: Option<KeyFile>,
}

/// The certificate of an authority, found in a kubeconfig.
#[derive(Debug)]
pub struct FoundAuthority {
    /// The one certificate of this key that lives longest.
    pub certificate: Certificate,
    /// kubeadm's name of the kubeconfig.
    pub source: &'static str,
    /// The subjects of all others that the kubeconfig trusts: none of them is put back.
    pub others: Vec<String>,
    /// Where it belongs.
    pub slot: Slot,
}

impl AuthorityEntry {
    /// The certificates, from wherever they are.
    pub fn bundle(&self) -> Option<&[Certificate]> {
        let found = self.found.as_ref();
        let found = found.map(|found| std::slice::from_ref(&found.certificate));
        self.certificates.as_deref().ok().or(found)
    }

    /// Looks for the certificates in the kubeconfigs, which have copies of the cluster's; only those count to which the key here
    /// belongs.
    pub(super) fn find(&mut self, root: &Root, credentials: &[CredentialEntry]) {
        let is_gone = self.certificates.as_ref().is_err_and(is_ruined_certificate);
        let (true, Ok(key)) = (is_gone, &self.key) else {
            return;
        };
        let Ok(slot) = Slot::observe(root, &self.certificate_path, Secrecy::Public) else {
            return;
        };
        let bundles = credentials.iter().filter_map(|entry| {
            let Source::Embedded(pem) = entry.cluster.as_ref()?.certificate_authority()? else {
                return None;
            };
            Some((read_certificates(pem).ok()?, entry.catalog.name))
        });
        // Whom a kubeconfig trusts besides is no authority for clients. Of several with this key the one that lives longest counts.
        let fitting = bundles.filter_map(|(certificates, source)| {
            let (fitting, others): (Vec<_>, Vec<_>) =
                certificates.into_iter().partition(|one| key.fits(one));
            let newest = fitting.into_iter().max_by_key(Certificate::not_after)?;
            let others = others.iter().map(Certificate::subject).collect();
            Some((newest, source, others))
        });
        let found = fitting.min_by_key(|(certificate, ..)| Reverse(certificate.not_after()));
        self.found = found.map(|(certificate, source, others)| FoundAuthority {
            certificate,
            source,
            others,
            slot,
        });
    }

    pub(super) fn observe(root: &Root, name: AuthorityName, paths: PairPaths) -> Self {
        let (file, certificates) = match read_bundle(root, &paths) {
            Ok((file, certificates)) => (Some(file), Ok(certificates)),
            Err(error) => (None, Err(error)),
        };
        let bundle = certificates.as_deref().unwrap_or_default();
        let (key_file, key) = match root.read(&paths.key, Secrecy::Secret) {
            Ok(file) => (Some(KeyFile::from(&file)), parse_key(root, &file, bundle)),
            Err(error) => (None, Err(error.into())),
        };
        Self {
            name,
            certificate_path: paths.certificate,
            key_path: paths.key,
            certificates,
            key,
            found: None,
            file,
            key_file,
        }
    }

    /// Where its key is, links resolved.
    pub fn key_slot(&self) -> Option<&Slot> {
        self.key_file.as_ref().map(KeyFile::slot)
    }

    /// The file of its certificates, where it could be read.
    pub fn file(&self) -> Option<&FileSnapshot> {
        self.file.as_ref()
    }

    /// The key, which then is nowhere else.
    pub fn take_key(&mut self) -> Option<PrivateKey> {
        let path = self.key_path.clone();
        std::mem::replace(&mut self.key, Err(FileError::NotFound { path }.into())).ok()
    }

    /// The certificate with which the key on the node signs at `now`; without such a key, the first of the bundle.
    pub fn certificate(&self, now: OffsetDateTime) -> Option<&Certificate> {
        let bundle = self.bundle()?;
        let key = self.key.as_ref().ok();
        let of_key = key.and_then(|key| Authority::choose(bundle, key, now).ok());
        let of_key = of_key.or_else(|| {
            bundle
                .iter()
                .find(|one| key.is_some_and(|key| key.fits(one)))
        });
        of_key.or_else(|| bundle.first())
    }

    /// Whether its key is kept somewhere else, so that somebody else must sign.
    pub fn is_externally_managed(&self) -> bool {
        self.key.as_ref().is_err_and(ObservationError::is_not_found)
    }
}

fn read_bundle(
    root: &Root,
    paths: &PairPaths,
) -> Result<(FileSnapshot, Vec<Certificate>), ObservationError> {
    let file = root.read(&paths.certificate, Secrecy::Public)?;
    match read_certificates(&file.bytes) {
        Ok(certificates) => Ok((file, certificates)),
        Err(source) => Err(ObservationError::Certificate {
            path: root.outside(&file.path),
            source,
        }),
    }
}

fn parse_key(
    root: &Root,
    file: &FileSnapshot,
    bundle: &[Certificate],
) -> Result<PrivateKey, ObservationError> {
    // An ECDSA key may leave out its public half: each member of the bundle may lend it.
    let key = bundle
        .iter()
        .find_map(|certificate| PrivateKey::from_pem(&file.bytes, Some(certificate)).ok());
    key.map_or_else(|| PrivateKey::from_pem(&file.bytes, None), Ok)
        .map_err(|source| ObservationError::Key {
            path: root.outside(&file.path),
            source,
        })
}

/// The authorities in a folder that is laid out as kubeadm's `pki`, and is the root.
pub fn authorities_beneath(root: &Root) -> Vec<AuthorityEntry> {
    let folder = Path::new("/");
    let observe = |entry: &AuthorityCatalogEntry| {
        let paths = PairPaths {
            certificate: folder.join(format!("{}.crt", entry.stem)),
            key: folder.join(format!("{}.key", entry.stem)),
            named: false,
        };
        AuthorityEntry::observe(root, entry.name, paths)
    };
    AUTHORITIES.iter().map(observe).collect()
}

/// The cluster's authority, to vouch for a journal, if it can sign at `now`: certificate and key alone are read.
pub fn cluster_authority(root: &Root, now: OffsetDateTime) -> Option<Authority> {
    let entry = cluster(root)?;
    Authority::new(&entry.certificates.ok()?, entry.key.ok()?, now).ok()
}

/// The same; where it has expired, with new dates that nobody else sees: for a run that gives it such on the disk, and vouches for
/// its journal before it has come so far. Whoever judges the journal needs the authority's key and name.
pub fn cluster_authority_with_new_dates(root: &Root, now: OffsetDateTime) -> Option<Authority> {
    let entry = cluster(root)?;
    let (bundle, key) = (entry.certificates.ok()?, entry.key.ok()?);
    if Authority::choose(&bundle, &key, now).is_ok() {
        return Authority::new(&bundle, key, now).ok();
    }
    let expired = bundle.iter().find(|certificate| key.fits(certificate))?;
    let validity = Validity::starting_at(now, FOR_A_JOURNAL, None);
    let serial = SerialNumber::random().ok()?;
    let renewed = reissue_self_signed(expired, &key, &validity, &serial, &Revision::default());
    Authority::new(&[renewed.ok()?], key, now).ok()
}

/// Whether the key of the cluster's authority is on the node, so that a run that begins now would be vouched for.
pub fn has_cluster_key(root: &Root) -> bool {
    cluster(root).is_some_and(|entry| {
        let bundle = entry.certificates.unwrap_or_default();
        let fits = |key: PrivateKey| bundle.iter().any(|certificate| key.fits(certificate));
        entry.key.is_ok_and(fits)
    })
}

fn cluster(root: &Root) -> Option<AuthorityEntry> {
    let layout = Layout::observe(root);
    let cluster = AUTHORITIES
        .iter()
        .find(|entry| entry.name == AuthorityName::Cluster)?;
    Some(AuthorityEntry::observe(
        root,
        cluster.name,
        layout.authority(cluster),
    ))
}

/// The certificates of the cluster's authority alone: all that judging a journal needs. No key is read.
pub fn trusted_authorities(root: &Root) -> Result<Vec<Certificate>, ObservationError> {
    let layout = Layout::observe(root);
    let cluster = AUTHORITIES
        .iter()
        .find(|entry| entry.name == AuthorityName::Cluster);
    match cluster {
        Some(entry) => Ok(read_bundle(root, &layout.authority(entry))?.1),
        None => Ok(Vec::new()),
    }
}
