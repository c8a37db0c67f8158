//! Why a part of the node could not be observed.

use std::path::PathBuf;

use crate::kubernetes::{
    AuthenticationConfigurationError, KubeconfigError, KubeletConfigError, KubeletFlagsError,
    StaticPodError,
};
use crate::node::FileError;
use crate::pki::{KeyError, PemError};

/// A file of the node that could not be read or understood. Paths are as a shell outside the root spells them.
#[derive(Debug, thiserror::Error)]
pub enum ObservationError {
    /// The file itself.
    #[error(transparent)]
    File(#[from] FileError),
    /// Its certificates.
    #[error("{} holds no usable certificate", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: PemError,
    },
    /// Its private key.
    #[error("{} holds no usable private key", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeyError,
    },
    /// It is no kubeconfig that can be worked with.
    #[error("{} is no kubeconfig that can be renewed", path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KubeconfigError,
    },
    /// It is no manifest of a static pod.
    #[error("{} is no manifest of a static pod", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: StaticPodError,
    },
    /// It is no configuration of a kubelet.
    #[error("{} is no configuration of a kubelet", path.display())]
    KubeletConfig {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KubeletConfigError,
    },
    /// It is no configuration of authentication, or one that would be refused.
    #[error("{} is no AuthenticationConfiguration that can be used", path.display())]
    AuthenticationConfiguration {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: AuthenticationConfigurationError,
    },
    /// It is no kubeconfig of a webhook that is asked about tokens.
    #[error("{} is no kubeconfig of a webhook: {reason}", path.display())]
    Webhook {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// It is no file of static tokens, or of public keys; the reason quotes nothing of it.
    #[error("{} {reason}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// It does not hold the flags of a kubelet.
    #[error("{} holds no flags of a kubelet", path.display())]
    KubeletFlags {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KubeletFlagsError,
    },
}

impl ObservationError {
    /// Whether it says that nothing is there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::File(error) if error.is_not_found())
    }
}
