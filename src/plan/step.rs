//! The steps of a recovery. The set is closed: execution knows them all and chooses nothing.

use std::fmt;
use std::path::PathBuf;

use crate::diagnosis::State;
use crate::inventory::Location;
use crate::kubernetes::{AuthorityName, Component};
use crate::pki::Validity;

/// One step, in the order in which it is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Make the same certificate with new dates, and put it in place.
    ReSign(ReSign),
    /// Set the time of a manifest to now.
    Touch {
        /// Whose manifest.
        component: Component,
        /// The node path.
        path: PathBuf,
    },
}

/// A certificate to be signed again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReSign {
    /// kubeadm's name.
    pub name: &'static str,
    /// Who signs; `None` where it signs itself.
    pub authority: Option<AuthorityName>,
    /// Where it lies.
    pub location: Location,
    /// Why.
    pub state: State,
    /// The new dates.
    pub validity: Validity,
}

/// A certificate that needs something, which this run cannot give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftAlone {
    /// kubeadm's name.
    pub name: &'static str,
    /// Why it is left.
    pub reason: String,
    /// What a person must bring or do.
    pub needs: String,
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReSign(step) => {
                let path = step.location.path().display();
                let signer = step.authority.map_or("itself", AuthorityName::as_str);
                write!(formatter, "re-sign {} ({path}) with {signer}", step.name)
            }
            Self::Touch { component, path } => {
                write!(
                    formatter,
                    "touch the manifest of {component} ({})",
                    path.display()
                )
            }
        }
    }
}

impl Step {
    /// Why the step is taken, and what it means, for somebody who asks.
    pub fn explanation(&self) -> String {
        match self {
            Self::ReSign(step) => {
                let how = match &step.location {
                    Location::PkiFile { .. } => {
                        "the file is replaced in one rename; the private key is not touched"
                    }
                    Location::KubeconfigUser { .. } => {
                        "only the line of the client certificate changes; the key stays"
                    }
                    Location::KubeletPem { .. } => {
                        "a new dated file takes certificate and key, and the link is re-pointed, \
                         as the kubelet does it when it rotates"
                    }
                };
                format!(
                    "It is {}. Same subject, names, usages and public key; new serial number and \
                     dates; {how}.",
                    step.state
                )
            }
            Self::Touch { .. } => {
                "Runbooks ask for it. The kubelet restarts nothing because of a new \
                 time: components that were running must be restarted."
                    .to_owned()
            }
        }
    }
}
