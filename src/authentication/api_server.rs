//! The authenticators of this node's API server.

use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use super::answer::{Answer, Cause, Unauthorized};
use super::{JsonWebToken, ServiceAccounts, TokenError};
use crate::inventory::{Layout, ObservationError};
use crate::kubernetes::Component;
use crate::node::{Root, Secrecy};
use crate::pki::{Certificate, read_certificates};

/// What this API server knows its callers by, from the flags in its manifest and the files that they name.
#[derive(Debug)]
pub struct ApiServer {
    /// The manifest, a node path, links resolved; none where this is what kubeadm would set up.
    pub manifest: Option<PathBuf>,
    /// Whose client certificates are believed (`--client-ca-file`); none where certificates let nobody in.
    pub client_authorities: Option<NamedFile<Vec<Certificate>>>,
    /// What it shows to its clients (`--tls-cert-file`).
    pub serving: Option<NamedFile<Vec<Certificate>>>,
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
        let certificates_of = |flag| {
            let path = Path::new(manifest.flag(flag)?);
            Some(NamedFile::read(root, path, Secrecy::Public, certificates))
        };
        Some(Self {
            manifest: Some(manifest.path.clone()),
            client_authorities: certificates_of("client-ca-file"),
            serving: certificates_of("tls-cert-file"),
            service_accounts: ServiceAccounts::observe(root, manifest),
        })
    }

    /// One as kubeadm sets it up: where there is no manifest to read.
    pub fn of_kubeadm(root: &Root, layout: &Layout) -> Self {
        let folder = &layout.certificates;
        let certificates_in = |name| {
            let path = folder.join(name);
            Some(NamedFile::read(root, &path, Secrecy::Public, certificates))
        };
        Self {
            manifest: None,
            client_authorities: certificates_in("ca.crt"),
            serving: certificates_in("apiserver.crt"),
            service_accounts: ServiceAccounts::of_kubeadm(root, folder),
        }
    }
}

impl ApiServer {
    /// What it answers to a request without anything that an authenticator looks at.
    pub fn answer_nothing(&self, because: &str) -> Answer {
        Answer::Anonymous {
            because: because.to_owned(),
        }
    }

    /// What it answers to a bearer token.
    pub fn answer_token(&self, text: &str, now: OffsetDateTime) -> Answer {
        match JsonWebToken::parse(text) {
            Ok(token) if self.service_accounts.takes(&token) => {
                return self.service_accounts.answer(&token, now);
            }
            Ok(_) | Err(TokenError::NotAToken) => {}
            Err(error) => {
                let malformed = Unauthorized::new(Cause::Malformed, error.to_string());
                return Answer::Unauthorized(vec![malformed]);
            }
        }
        Answer::Unauthorized(vec![Unauthorized::new(
            Cause::UnknownToken,
            "no authenticator of this API server takes tokens like that",
        )])
    }

    /// Whether a client certificate that is none of the front proxy's is an error for somebody.
    pub(super) fn refuses_strangers(&self) -> bool {
        true
    }
}

impl<T> NamedFile<T> {
    /// Reads the file at a node path; `parse` is told its path as a shell has it.
    pub(super) fn read(
        root: &Root,
        path: &Path,
        secrecy: Secrecy,
        parse: impl FnOnce(&Path, &[u8]) -> Result<T, ObservationError>,
    ) -> Self {
        let content = root
            .read(path, secrecy)
            .map_err(ObservationError::from)
            .and_then(|file| parse(&root.outside(path), &file.bytes));
        Self {
            path: path.to_owned(),
            content,
        }
    }
}

fn certificates(path: &Path, bytes: &[u8]) -> Result<Vec<Certificate>, ObservationError> {
    read_certificates(bytes).map_err(|source| ObservationError::Certificate {
        path: path.to_owned(),
        source,
    })
}
