//! The authenticators of this node's API server.

use std::path::{Path, PathBuf};

use super::ServiceAccounts;
use crate::inventory::{Layout, ObservationError};
use crate::kubernetes::Component;
use crate::node::{Root, Secrecy};
use crate::pki::{Certificate, read_certificates};

/// What this API server knows its callers by, from the flags in its manifest and the files that they name.
#[derive(Debug)]
pub struct ApiServer {
    /// Whose client certificates are believed (`--client-ca-file`); none where certificates let nobody in.
    pub client_authorities: Option<NamedFile<Vec<Certificate>>>,
    /// Tokens of service accounts.
    pub service_accounts: ServiceAccounts,
}

/// A file that a flag names.
#[derive(Debug)]
pub struct NamedFile<T> {
    /// The node path, as the flag has it.
    pub path: PathBuf,
    /// What is in it.
    pub content: Result<T, ObservationError>,
}

impl ApiServer {
    /// Reads what the API server of this node is started with; `None` where it has no manifest here.
    pub fn observe(root: &Root, layout: &Layout) -> Option<Self> {
        let manifest = layout.manifest(Component::ApiServer)?;
        let flag = |name| manifest.flag(name);
        Some(Self {
            client_authorities: flag("client-ca-file")
                .map(|path| NamedFile::read(root, path, Secrecy::Public, certificates)),
            service_accounts: ServiceAccounts::observe(root, manifest),
        })
    }
}

impl<T> NamedFile<T> {
    /// Reads the file at a node path; `parse` is told its path as a shell has it.
    pub(super) fn read(
        root: &Root,
        path: &str,
        secrecy: Secrecy,
        parse: impl FnOnce(&Path, &[u8]) -> Result<T, ObservationError>,
    ) -> Self {
        let path = PathBuf::from(path);
        let content = root
            .read(&path, secrecy)
            .map_err(ObservationError::from)
            .and_then(|file| parse(&root.outside(&path), &file.bytes));
        Self { path, content }
    }
}

fn certificates(path: &Path, bytes: &[u8]) -> Result<Vec<Certificate>, ObservationError> {
    read_certificates(bytes).map_err(|source| ObservationError::Certificate {
        path: path.to_owned(),
        source,
    })
}
