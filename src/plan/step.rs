//! The steps of a recovery. The set is closed: execution knows them all and chooses nothing.

use std::fmt;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use crate::diagnosis::State;
use crate::inventory::Location;
use crate::kubernetes::{AuthorityName, Component, user_of_node};
use crate::node::Present;
use crate::pki::Validity;

/// One step, in the order in which it is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Make the same certificate with new dates, and put it in place.
    ReSign(ReSign),
    /// Make a kubelet's credential that is missing.
    Mint(Mint),
    /// Put the new certificate into a person's copy of the kubeconfig that it was made for.
    Refresh(Refresh),
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

/// A kubelet's credential to be made: key, certificate, and the link to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mint {
    /// Our name of the credential.
    pub name: &'static str,
    /// Who signs.
    pub authority: AuthorityName,
    /// The node that it is for.
    pub node: String,
    /// The link, a node path; the new file comes beside it.
    pub link: PathBuf,
    /// What stands in the place of the link.
    pub found: Present,
    /// Why.
    pub state: State,
    /// The dates.
    pub validity: Validity,
}

/// A person's copy to be refreshed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refresh {
    /// `~alice/.kube/config`.
    pub name: String,
    /// The node path, links resolved.
    pub path: PathBuf,
    /// Whose certificates it takes, by kubeadm's names.
    pub originals: Vec<&'static str>,
    /// When the first of them ends.
    pub not_after: OffsetDateTime,
}

/// A certificate that needs something, which this run cannot give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftAlone {
    /// kubeadm's name.
    pub name: String,
    /// Why it is left.
    pub reason: String,
    /// What a person must bring or do.
    pub needs: String,
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReSign(step) => {
                let signer = step.authority.map_or("itself", AuthorityName::as_str);
                write!(formatter, "re-sign {} with {signer}: ", step.name)
            }
            Self::Mint(step) => {
                let user = user_of_node(&step.node);
                write!(
                    formatter,
                    "issue {} for {user} with {}: ",
                    step.name, step.authority
                )
            }
            Self::Refresh(step) => {
                let originals = step.originals.join(", ");
                write!(formatter, "refresh {} from {originals}: ", step.name)
            }
            Self::Touch { component, .. } => write!(formatter, "touch {component}: "),
        }?;
        write!(formatter, "{}", self.path().display())
    }
}

impl Step {
    /// The node path that the step is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::ReSign(step) => step.location.path(),
            Self::Mint(step) => &step.link,
            Self::Refresh(step) => &step.path,
            Self::Touch { path, .. } => path,
        }
    }

    /// What happens to the file, for somebody who asks.
    pub fn explanation(&self) -> &'static str {
        match self {
            Self::ReSign(step) => match &step.location {
                Location::PkiFile { .. } => {
                    "the file is replaced in one rename; its key is not touched"
                }
                Location::KubeconfigUser { .. } => {
                    "one line changes, the client certificate's; key and all else stay"
                }
                Location::KubeletPem { .. } => {
                    "a new dated file takes certificate and key; the link is re-pointed"
                }
            },
            Self::Mint(_) => {
                "a new key and its certificate in a new dated file; the link leads there"
            }
            Self::Refresh(_) => {
                "one line changes, the client certificate's; its server, contexts and owner stay"
            }
            Self::Touch { .. } => "its time is set to now; no kubelet restarts a pod for that",
        }
    }
}
