//! Why a plan could not be carried out in memory.

use crate::kubernetes::{AuthorityName, KubeconfigError};
use crate::pki::{
    AuthorityError, IssueError, KeyError, NoRandomness, PemError, ReissueError, VerifyError,
};

/// Why the plan could not be carried out in memory. Nothing has been written.
#[derive(Debug, thiserror::Error)]
pub enum IssuanceError {
    /// The plan speaks of something that the inventory has not.
    #[error("the plan and the inventory do not belong together: {missing}")]
    NotOfThisInventory {
        /// What is missing.
        missing: String,
    },
    /// An authority is not fit to sign.
    #[error("{name} cannot sign")]
    Authority {
        /// Which one.
        name: AuthorityName,
        /// Why.
        source: AuthorityError,
    },
    /// A certificate could not be signed.
    #[error("{name} could not be signed again")]
    Sign {
        /// Which one.
        name: &'static str,
        /// Why.
        source: ReissueError,
    },
    /// No key could be made.
    #[error("no key could be made for {name}")]
    Key {
        /// For which one.
        name: &'static str,
        /// Why.
        source: KeyError,
    },
    /// A fresh certificate could not be signed.
    #[error("{name} could not be signed")]
    Issue {
        /// Which one.
        name: &'static str,
        /// Why.
        source: IssueError,
    },
    /// The new certificate is not what was asked for.
    #[error("the new certificate of {name} is not what was asked for")]
    Verify {
        /// Which one.
        name: &'static str,
        /// What differs.
        source: VerifyError,
    },
    /// The certificate could not be put into its PEM file.
    #[error("the new certificate of {name} does not fit into its file")]
    Pem {
        /// Which one.
        name: &'static str,
        /// Why.
        source: PemError,
    },
    /// The certificate could not be put into its kubeconfig.
    #[error("the new certificate of {name} does not fit into its kubeconfig")]
    Kubeconfig {
        /// Which one.
        name: &'static str,
        /// Why.
        source: KubeconfigError,
    },
    /// What would be written does not read back as what was meant.
    #[error("the new file of {name} does not hold the new certificate")]
    NotReadBack {
        /// Which one.
        name: &'static str,
    },
    /// No random bytes for a serial number.
    #[error("no serial number could be drawn")]
    Random(#[from] NoRandomness),
}

impl IssuanceError {
    pub(super) fn not_of_this_inventory(missing: &str) -> Self {
        Self::NotOfThisInventory {
            missing: missing.to_owned(),
        }
    }
}
