//! A certificate authority of the node: its certificates, and its key where it is here.

use std::path::PathBuf;

use super::ObservationError;
use super::layout::PairPaths;
use crate::kubernetes::AuthorityName;
use crate::node::{FileSnapshot, Root, Secrecy};
use crate::pki::{Certificate, PrivateKey, read_certificates};

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
    /// The file of the bundle, as it was read.
    pub(super) file: Option<FileSnapshot>,
}

impl AuthorityEntry {
    pub(super) fn observe(root: &Root, name: AuthorityName, paths: PairPaths) -> Self {
        let mut file = None;
        let certificates = root
            .read(&paths.certificate, Secrecy::Public)
            .map_err(ObservationError::from)
            .and_then(|snapshot| {
                let certificates = read_certificates(&snapshot.bytes);
                let outside = root.outside(&snapshot.path);
                file = Some(snapshot);
                certificates.map_err(|source| ObservationError::Certificate {
                    path: outside,
                    source,
                })
            });
        let key = observe_key(root, &paths, certificates.as_deref().unwrap_or_default());
        Self {
            name,
            certificate_path: paths.certificate,
            key_path: paths.key,
            certificates,
            key,
            file,
        }
    }

    /// The certificate that the key on the node belongs to; without such a key, the first of the bundle.
    pub fn certificate(&self) -> Option<&Certificate> {
        let bundle = self.certificates.as_ref().ok()?;
        let of_key = self
            .key
            .as_ref()
            .ok()
            .and_then(|key| bundle.iter().find(|certificate| key.fits(certificate)));
        of_key.or_else(|| bundle.first())
    }

    /// Whether its key is kept somewhere else, so that somebody else must sign.
    pub fn is_externally_managed(&self) -> bool {
        self.key.as_ref().is_err_and(ObservationError::is_not_found)
    }
}

fn observe_key(
    root: &Root,
    paths: &PairPaths,
    bundle: &[Certificate],
) -> Result<PrivateKey, ObservationError> {
    let file = root.read(&paths.key, Secrecy::Secret)?;
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
