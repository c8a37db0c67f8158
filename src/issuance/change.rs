//! A file before and after. Plain data.

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::node::{Access, Present};
use crate::pki::Certificate;

/// One file or link, before and after.
#[derive(Debug)]
pub struct FileChange {
    /// kubeadm's name of the certificate.
    pub name: String,
    /// Where the certificate lies, in the journal's words: `pki-file`, `kubeconfig-user`, `kubelet-pem`.
    pub location: String,
    /// What is replaced, a node path.
    pub target: PathBuf,
    /// The file whose extended attributes the new one takes: the target, or its predecessor.
    pub model: PathBuf,
    /// Owner and mode of the new file.
    pub access: Access,
    /// What must still be there at the moment of the exchange.
    pub before: Present,
    /// What will be there.
    pub after: Content,
    /// The certificate before and after; `None` for a link that follows its file.
    pub certificate: Option<(Certificate, Certificate)>,
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
