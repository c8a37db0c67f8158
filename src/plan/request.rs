//! What the operator asks for.

use std::time::Duration;

use crate::digest::Sha256Digest;
use crate::inventory::Inventory;
use crate::kubernetes::{CATALOG, node_name};

/// The wishes that a plan has to meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Only these, by kubeadm's names; `None` for all.
    pub only: Option<Vec<String>>,
    /// What ends within this time is renewed too.
    pub within: Duration,
    /// How long a renewed certificate lives, unless its CA ends earlier.
    pub validity: Duration,
    /// Renew what is still valid, or was signed by another CA, as well.
    pub force: bool,
    /// What is done to the static pods afterwards.
    pub restart: Restart,
    /// Put new certificates into people's copies of the old ones, too.
    pub refresh_kubeconfigs: bool,
    /// The name of this node, for a kubelet's credential that is made anew; `None` to find it on the node.
    pub node_name: Option<String>,
    /// Go on though what is on the node speaks against the clock.
    pub accept_clock: bool,
}

/// How the components are brought to use what was renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// Not at all.
    None,
    /// The manifests' times are set to now, as every runbook says; no kubelet restarts anything for it.
    Touch,
}

/// A request that contradicts itself or the catalog.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// `--only` names what does not exist.
    #[error("there is no certificate named `{name}`; known are: {}", known_names())]
    UnknownName {
        /// The name.
        name: String,
    },
    /// `--node-name` is what no node can be called.
    #[error("`{name}` is no node's name: letters, digits, dashes and dots, in lower case")]
    NodeName {
        /// The name.
        name: String,
    },
    /// Everything renewed would at once count as expiring again.
    #[error("a validity of {} is not longer than the {} within which a certificate counts as expiring",
        humantime::format_duration(*.validity), humantime::format_duration(*.within))]
    ShorterThanWithin {
        /// The validity asked for.
        validity: Duration,
        /// The threshold.
        within: Duration,
    },
}

impl Request {
    /// Refuses what cannot be meant.
    pub fn validate(&self) -> Result<(), RequestError> {
        let unknown = self
            .only
            .iter()
            .flatten()
            .find(|name| !CATALOG.iter().any(|entry| entry.name == **name));
        if let Some(name) = unknown {
            return Err(RequestError::UnknownName { name: name.clone() });
        }
        if let Some(name) = self.node_name.as_ref()
            && node_name(name).as_ref() != Some(name)
        {
            return Err(RequestError::NodeName { name: name.clone() });
        }
        if self.validity <= self.within {
            return Err(RequestError::ShorterThanWithin {
                validity: self.validity,
                within: self.within,
            });
        }
        Ok(())
    }

    /// SHA-256 over all in `inventory` that a plan for this rests on.
    pub fn digest(&self, inventory: &Inventory) -> Sha256Digest {
        if self.refresh_kubeconfigs {
            inventory.digest_with_personal()
        } else {
            inventory.digest()
        }
    }

    pub(super) fn selects(&self, name: &str) -> bool {
        self.only
            .as_ref()
            .is_none_or(|only| only.iter().any(|wanted| wanted == name))
    }
}

fn known_names() -> String {
    let names: Vec<&str> = CATALOG.iter().map(|entry| entry.name).collect();
    names.join(", ")
}
