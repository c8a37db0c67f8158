//! What the operator asks for.

use std::time::Duration;

use crate::digest::Sha256Digest;
use crate::inventory::Inventory;
use crate::kubernetes::{AuthorityName, CATALOG, KubernetesVersion, node_name};
use crate::pki::{AlternativeName, Certificate};

/// The wishes that a plan has to meet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a wish of its own, and any may go with any"
)]
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
    /// Give every credential a new key of the same type and size.
    pub rekey: bool,
    /// Add the names by which a certificate is asked for, and which it lacks.
    pub fix_names: bool,
    /// Names that certificates get besides their own.
    pub additional_names: Vec<AdditionalName>,
    /// The version of Kubernetes, for what is made as kubeadm makes it; `None` to find it in the manifests.
    pub kubernetes_version: Option<KubernetesVersion>,
    /// Give authorities new dates; `None` for none.
    pub reissue: Option<Reissue>,
    /// Certificates that were signed elsewhere, by kubeadm's names: where there are some, they are installed and nothing is signed.
    pub certificates: Vec<(String, Certificate)>,
    /// Go on though what is on the node speaks against the clock.
    pub accept_clock: bool,
}

/// Which authorities get new dates, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reissue {
    /// These; those that have expired or will soon, where none is named.
    pub authorities: Vec<AuthorityName>,
    /// How long they live from now on.
    pub validity: Duration,
}

/// A name that a certificate is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdditionalName {
    /// Which certificate, by kubeadm's name.
    pub certificate: String,
    /// The name.
    pub name: AlternativeName,
}

/// The certificates that are asked for by names and addresses which differ from node to node.
pub const NAMED_CERTIFICATES: [&str; 3] = ["apiserver", "etcd-server", "etcd-peer"];

/// How the components are brought to use what was renewed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Restart {
    /// Not at all.
    #[default]
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
    /// `--add-san` is for a certificate that nobody asks for by name.
    #[error("`{name}` is no certificate that is asked for by name: those are {}", NAMED_CERTIFICATES.join(", "))]
    Nameless {
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
        let nameless = self
            .additional_names
            .iter()
            .find(|one| !NAMED_CERTIFICATES.contains(&&*one.certificate));
        if let Some(AdditionalName { certificate, .. }) = nameless {
            return Err(RequestError::Nameless {
                name: certificate.clone(),
            });
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
        match (&self.reissue, self.refresh_kubeconfigs) {
            (Some(_), _) => inventory.digest_with_trust(),
            (None, true) => inventory.digest_with_personal(),
            (None, false) => inventory.digest(),
        }
    }

    /// The names that were asked for, for that certificate.
    pub(super) fn names_of(&self, certificate: &str) -> impl Iterator<Item = &AlternativeName> {
        let own = move |one: &&AdditionalName| one.certificate == certificate;
        self.additional_names
            .iter()
            .filter(own)
            .map(|one| &one.name)
    }

    /// Whether `only` leaves that certificate in.
    pub fn selects(&self, name: &str) -> bool {
        self.only
            .as_ref()
            .is_none_or(|only| only.iter().any(|wanted| wanted == name))
    }
}

fn known_names() -> String {
    let names: Vec<&str> = CATALOG.iter().map(|entry| entry.name).collect();
    names.join(", ")
}
