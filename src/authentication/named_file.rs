//! A file that a flag or a field names.

use std::path::{Path, PathBuf};

use crate::inventory::ObservationError;
use crate::node::{FileSnapshot, Root, Secrecy};
use crate::pki::{Certificate, read_certificates};

/// A file that a flag or a field names.
#[derive(Debug)]
pub struct NamedFile<T> {
    /// The node path, as it is named.
    pub path: PathBuf,
    /// What is in it.
    pub content: Result<T, ObservationError>,
}

impl<T> NamedFile<T> {
    /// Reads the file at a node path; `parse` is told its path as a shell has it. That others may read a secret one is a risk to be told
    /// of, and no reason not to look.
    pub(super) fn read(
        root: &Root,
        path: &str,
        parse: impl FnOnce(&Path, &FileSnapshot) -> Result<T, ObservationError>,
    ) -> Self {
        let path = PathBuf::from(path);
        let content = root
            .read(&path, Secrecy::Public)
            .map_err(ObservationError::from)
            .and_then(|file| parse(&root.outside(&path), &file));
        Self { path, content }
    }
}

impl NamedFile<Vec<Certificate>> {
    /// Reads the certificates in the file at a node path, PEM.
    pub(super) fn certificates(root: &Root, path: &str) -> Self {
        Self::read(root, path, |path, file| certificates(path, &file.bytes))
    }
}

/// The certificates of a file, as far as Kubernetes reads them all; `path` is for the error.
pub(super) fn certificates(
    path: &Path,
    bytes: &[u8],
) -> Result<Vec<Certificate>, ObservationError> {
    let found = read_certificates(bytes).map_err(|source| ObservationError::Certificate {
        path: path.to_owned(),
        source,
    })?;
    match found.iter().find_map(Certificate::unreadable_for_go) {
        None => Ok(found),
        Some(reason) => Err(ObservationError::Unusable {
            path: path.to_owned(),
            reason: format!("holds a certificate that Kubernetes does not read: {reason}"),
        }),
    }
}
