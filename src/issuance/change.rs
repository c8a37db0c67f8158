//! A file before and after. Plain data.

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::node::{Access, Home, Present};
use crate::pki::Certificate;

/// Permission bits of kubeadm's certificates.
pub(super) const CERTIFICATE_MODE: u32 = 0o644;
/// Permission bits of kubeadm's keys and kubeconfigs, and of the kubelet's own files (`certificate_store.go` in
/// `k8s.io/client-go/util/certificate`).
pub(super) const SECRET_MODE: u32 = 0o600;

/// One file or link, before and after.
#[derive(Debug)]
pub struct FileChange {
    /// kubeadm's name of the certificate; of a person's copy, the name of that.
    pub name: String,
    /// Where the certificate lies, in the journal's words: `pki-file`, `kubeconfig-user`, `kubelet-pem`, `kubeconfig-copy`.
    pub location: String,
    /// What is replaced, a node path.
    pub target: PathBuf,
    /// The file whose extended attributes the new one takes: the target, or its predecessor; `None` for one of our own that has
    /// no predecessor.
    pub model: Option<PathBuf>,
    /// Owner and mode of the new file.
    pub access: Access,
    /// The home folder that it lies in, where it is not the node's; the new file is that user's, too.
    pub home: Option<Home>,
    /// Whether old and new file are nothing but a private key: then the journal has no digest of them.
    pub is_key: bool,
    /// What must still be there at the moment of the exchange.
    pub before: Present,
    /// What will be there.
    pub after: Content,
    /// The certificate before and after; `None` for a link that follows its file.
    pub certificate: Option<CertificateChange>,
}

/// A certificate before and after.
#[derive(Debug, Clone)]
pub struct CertificateChange {
    /// The one that was there; `None` where there was none.
    pub before: Option<Certificate>,
    /// The one that will be there.
    pub after: Certificate,
}

impl From<(Certificate, Certificate)> for CertificateChange {
    fn from((before, after): (Certificate, Certificate)) -> Self {
        Self {
            before: Some(before),
            after,
        }
    }
}

/// What a target becomes.
pub enum Content {
    /// A regular file; its bytes are wiped when dropped, since they may hold a key.
    File(Zeroizing<Vec<u8>>),
    /// A symbolic link.
    Link(PathBuf),
}

impl fmt::Debug for Content {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(bytes) => write!(formatter, "File({} bytes)", bytes.len()),
            Self::Link(destination) => write!(formatter, "Link({})", destination.display()),
        }
    }
}
