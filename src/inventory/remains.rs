//! What there is of a credential of which a part is gone or ruined: what it takes to make that part anew.

use std::path::Path;

use super::layout::PairPaths;
use super::{Credential, KeyState, ObservationError, Slot};
use crate::kubernetes::{DocumentError, Kubeconfig, KubeconfigError, Logins};
use crate::node::{FileSnapshot, Root, Secrecy};
use crate::pki::{KeyError, PemError, PrivateKey};

/// The places of a credential that can be made anew, and what of it is good.
#[derive(Debug)]
pub struct Remains {
    /// The file of the certificate: of a pair its PEM, else the kubeconfig.
    pub file: Slot,
    /// The file of the key, of a pair.
    pub key_file: Option<Slot>,
    /// The key, if it is good and nothing but the certificate is not.
    pub key: Option<PrivateKey>,
    /// The kubeconfig, where all but its credential is good.
    pub kubeconfig: Option<Kubeconfig>,
}

pub(super) type Content = Result<Credential, ObservationError>;

impl Remains {
    /// Looks what is left of a pair of files. Where something else than its content is wrong with one of them, that is the
    /// content's error from then on: it has to be mended first.
    pub(super) fn of_pair(
        root: &Root,
        paths: &PairPaths,
        content: Content,
    ) -> (Content, Option<Self>) {
        // One file for both is the kubelet's way, which makes its own anew.
        if !is_ruined(&content) || paths.key == paths.certificate {
            return (content, None);
        }
        let look = || -> Result<Self, ObservationError> {
            let file = Slot::observe(root, &paths.certificate, Secrecy::Public)?;
            let key_file = Slot::observe(root, &paths.key, Secrecy::Secret)?;
            let key = match &content {
                Err(_) => usable_key(root, &paths.key)?,
                Ok(_) => None,
            };
            Ok(Self {
                file,
                key_file: Some(key_file),
                key,
                kubeconfig: None,
            })
        };
        match look() {
            Ok(remains) => (content, Some(remains)),
            Err(error) => (Err(error), None),
        }
    }

    /// Looks what is left of a kubeconfig with a credential in it. `file` is the kubeconfig as it was read, where it was and the
    /// content does not have it.
    pub(super) fn of_kubeconfig(
        root: &Root,
        path: &Path,
        file: Option<&FileSnapshot>,
        content: Content,
    ) -> (Content, Option<Self>) {
        let own = content.as_ref().ok().map(|credential| &credential.file);
        let file = own.or(file);
        let is_mendable = match &content {
            Err(ObservationError::Kubeconfig { source, .. }) => {
                file.is_some_and(|file| is_nobodys(source, Logins::scan(&file.bytes)))
            }
            // A key in a file of its own is nothing that kubeadm makes.
            Ok(credential) if credential.key_file.is_some() => false,
            content => is_ruined(content),
        };
        if !is_mendable {
            return (content, None);
        }
        let slot = match file {
            Some(file) => Ok(Slot::of(file)),
            None => Slot::observe(root, path, Secrecy::Secret),
        };
        match slot {
            Ok(slot) => {
                let kubeconfig = file.and_then(|file| Kubeconfig::parse(&file.bytes).ok());
                let remains = Self {
                    file: slot,
                    key_file: None,
                    key: None,
                    kubeconfig,
                };
                (content, Some(remains))
            }
            Err(error) => (Err(error), None),
        }
    }
}

/// A key that a new certificate can be made for; none where it is gone or ruined. Fails where it may be good, and cannot be used.
fn usable_key(root: &Root, path: &Path) -> Result<Option<PrivateKey>, ObservationError> {
    let file = match root.read(path, Secrecy::Secret) {
        Err(error) if error.is_not_found() => return Ok(None),
        other => other?,
    };
    match PrivateKey::from_pem(&file.bytes, None) {
        Ok(key) => Ok(Some(key)),
        Err(source) if is_ruined_key(&source) => Ok(None),
        Err(source) => Err(ObservationError::Key {
            path: root.outside(&file.path),
            source,
        }),
    }
}

/// Whether nothing of the certificate or of its key is to be had.
pub(super) fn is_ruined(content: &Content) -> bool {
    match content {
        Err(error) => is_ruined_certificate(error),
        Ok(credential) => is_lost_key(&credential.key),
    }
}

pub(super) fn is_ruined_certificate(error: &ObservationError) -> bool {
    match error {
        ObservationError::Certificate { source, .. } => is_ruined_pem(source),
        _ => error.is_not_found(),
    }
}

fn is_lost_key(key: &KeyState) -> bool {
    match key {
        KeyState::Fits(_) => false,
        KeyState::Differs { .. } => true,
        KeyState::Unusable(ObservationError::Key { source, .. }) => is_ruined_key(source),
        KeyState::Unusable(error) => error.is_not_found(),
    }
}

fn is_ruined_key(error: &KeyError) -> bool {
    match error {
        KeyError::Pem { source } => is_ruined_pem(source),
        KeyError::Malformed { .. } | KeyError::PublicKeyMissing => true,
        KeyError::Encrypted | KeyError::Unsupported { .. } | KeyError::Random { .. } => false,
    }
}

/// Whether nothing in it is to be had back. What only has another form may be just what its owner wants.
fn is_ruined_pem(error: &PemError) -> bool {
    match error {
        PemError::Empty
        | PemError::NotPem
        | PemError::Truncated { .. }
        | PemError::InvalidBase64 { .. }
        | PemError::NoCertificate { .. }
        | PemError::NoPrivateKey { .. }
        | PemError::NoPublicKey { .. }
        | PemError::InvalidCertificate { .. } => true,
        PemError::ByteOrderMark
        | PemError::Utf16
        | PemError::DerInsteadOfPem
        | PemError::EncryptedKey => false,
    }
}

/// Whether a kubeconfig that cannot be read so is to be written over: nobody else's way to log on is in it, and of one that may be
/// just as a person wrote it, nobody's at all.
fn is_nobodys(error: &KubeconfigError, logins: Logins) -> bool {
    !logins.other && (is_ruined_kubeconfig(error) || is_incomplete(error) && !logins.certificate)
}

/// Whether a part of it is missing, as one is that is cut short; or as a person wrote it.
fn is_incomplete(error: &KubeconfigError) -> bool {
    matches!(
        error,
        KubeconfigError::NoCurrentContext
            | KubeconfigError::NoSuchContext { .. }
            | KubeconfigError::NoSuchUser { .. }
            | KubeconfigError::ContextWithoutUser { .. }
    )
}

/// Whether it is cut short or garbage, and not something that a person wrote another way than kubeadm.
fn is_ruined_kubeconfig(error: &KubeconfigError) -> bool {
    match error {
        KubeconfigError::Document(error) => matches!(
            error,
            DocumentError::Empty | DocumentError::NotUtf8 { .. } | DocumentError::Syntax(_)
        ),
        KubeconfigError::NotAKubeconfig { kind } => kind.is_none(),
        KubeconfigError::NoClientCertificate { .. }
        | KubeconfigError::NoClientKey { .. }
        | KubeconfigError::CertificateNotBase64 { .. }
        | KubeconfigError::KeyNotBase64 { .. } => true,
        _ => false,
    }
}
