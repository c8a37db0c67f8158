//! The steps of a recovery. The set is closed: execution knows them all and chooses nothing.

use std::fmt;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use crate::diagnosis::State;
use crate::inventory::Location;
use crate::kubernetes::{AuthorityName, Component, LeafProfile, user_of_node};
use crate::node::Present;
use crate::pki::{AlternativeName, Certificate, KeyAlgorithm, Validity};

/// One step, in the order in which it is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Make an authority's certificate with new dates, and put it wherever the old one is trusted.
    ReissueAuthority(Box<ReissueAuthority>),
    /// Put an authority's certificate back where it belongs.
    RestoreAuthority(RestoreAuthority),
    /// Make the same certificate with new dates, and put it in place.
    ReSign(ReSign),
    /// Put a certificate in place that somebody else signed.
    Install(Box<Install>),
    /// Make a credential of which nothing is left to go by, as kubeadm would.
    Rebuild(Box<Rebuild>),
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

/// An authority's certificate to be signed again, with its own key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReissueAuthority {
    /// Which authority.
    pub name: AuthorityName,
    /// The certificate that is signed again.
    pub certificate: Certificate,
    /// Why.
    pub state: State,
    /// The new dates.
    pub validity: Validity,
    /// Every file with a copy of the old certificate, node paths; its own first.
    pub copies: Vec<PathBuf>,
}

/// An authority's certificate that is gone from its place, and was found elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreAuthority {
    /// Which authority.
    pub name: AuthorityName,
    /// Where it belongs, a node path.
    pub path: PathBuf,
    /// kubeadm's name of the kubeconfig that has it.
    pub source: &'static str,
    /// Why.
    pub state: State,
    /// Its dates.
    pub validity: Validity,
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
    /// Which kind of key it gets; `None` where it keeps its own.
    pub new_key: Option<KeyAlgorithm>,
    /// The names that it gets besides its own.
    pub additional_names: Vec<AlternativeName>,
}

/// A certificate that was signed elsewhere, for the key that is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Install {
    /// kubeadm's name.
    pub name: &'static str,
    /// The certificate.
    pub certificate: Certificate,
    /// Where it goes.
    pub location: Location,
    /// Why.
    pub state: State,
}

/// A credential to be made as kubeadm makes it: its certificate is gone, or cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuild {
    /// kubeadm's name.
    pub name: &'static str,
    /// Who signs.
    pub authority: AuthorityName,
    /// What the certificate will say.
    pub profile: LeafProfile,
    /// Which kind of key it gets; `None` where a good one is there.
    pub new_key: Option<KeyAlgorithm>,
    /// Where it goes.
    pub shape: Shape,
    /// The node path of the certificate's file.
    pub path: PathBuf,
    /// Why.
    pub state: State,
    /// The dates.
    pub validity: Validity,
}

/// Where a credential goes that is made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// Two files.
    Pair,
    /// Into the kubeconfig that is there, all else of which is good.
    Credential,
    /// Into a new kubeconfig.
    Kubeconfig(NewKubeconfig),
}

/// What a new kubeconfig says besides its credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKubeconfig {
    /// The name of the cluster.
    pub cluster: String,
    /// The URL of the API server.
    pub server: String,
    /// The name of the user.
    pub user: String,
    /// The PEM with certificate and key that it names, where it embeds none: the kubelet's.
    pub credential_file: Option<PathBuf>,
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
            Self::ReissueAuthority(step) => {
                let places = step.copies.len();
                write!(formatter, "reissue {} in {places} places: ", step.name)
            }
            Self::RestoreAuthority(step) => {
                write!(formatter, "restore {} from {}: ", step.name, step.source)
            }
            Self::ReSign(step) => {
                let signer = step.authority.map_or("itself", AuthorityName::as_str);
                let verb = step.verb();
                write!(formatter, "{verb} {} with {signer}", step.name)?;
                for name in &step.additional_names {
                    write!(formatter, ", for {name} too")?;
                }
                formatter.write_str(": ")
            }
            Self::Install(step) => {
                let issuer = step.certificate.issuer();
                write!(formatter, "install {} signed by {issuer}: ", step.name)
            }
            Self::Rebuild(step) => {
                write!(formatter, "rebuild {} with {}: ", step.name, step.authority)
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

impl ReSign {
    /// What is done: signing again, or that with another key.
    pub fn verb(&self) -> &'static str {
        if self.new_key.is_some() {
            "re-key"
        } else {
            "re-sign"
        }
    }
}

impl Rebuild {
    /// The subject of the certificate: `O=system:nodes, CN=system:node:cp-1`.
    pub fn subject(&self) -> String {
        let common_name = &self.profile.common_name;
        match self.profile.organization {
            Some(organization) => format!("O={organization}, CN={common_name}"),
            None => format!("CN={common_name}"),
        }
    }

    /// The names by which it may be asked for: `DNS:cp-1`, `IP:192.0.2.10`.
    pub fn names(&self) -> Vec<String> {
        let dns = self.profile.dns_names.iter();
        let addresses = self.profile.ip_addresses.iter();
        dns.map(|name| format!("DNS:{name}"))
            .chain(addresses.map(|address| format!("IP:{address}")))
            .collect()
    }
}

impl Shape {
    /// Whether it is a kubeconfig that names the file of its credential, which is a step of its own then.
    pub fn names_its_credential(&self) -> bool {
        matches!(self, Self::Kubeconfig(new) if new.credential_file.is_some())
    }
}

impl Step {
    /// The node path that the step is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::ReissueAuthority(step) => step.copies.first().map_or(Path::new("/"), |own| own),
            Self::RestoreAuthority(step) => &step.path,
            Self::ReSign(step) => step.location.path(),
            Self::Install(step) => step.location.path(),
            Self::Rebuild(step) => &step.path,
            Self::Mint(step) => &step.link,
            Self::Refresh(step) => &step.path,
            Self::Touch { path, .. } => path,
        }
    }

    /// What happens to the file, for somebody who asks.
    pub fn explanation(&self) -> &'static str {
        match self {
            Self::ReissueAuthority(_) => {
                "the same subject, key and key identifier with new dates, wherever the old one is trusted"
            }
            Self::RestoreAuthority(_) => "the certificate as the kubeconfig has it",
            Self::ReSign(step) if step.new_key.is_some() => match &step.location {
                Location::PkiFile { .. } => {
                    "the same certificate for a new key; both files are replaced, one rename each"
                }
                Location::KubeconfigUser { .. } => {
                    "two lines change, the client certificate's and its key's; all else stays"
                }
                Location::KubeletPem { .. } => {
                    "a new dated file takes certificate and new key; the link is re-pointed"
                }
            },
            Self::Rebuild(step) => match (&step.shape, step.new_key) {
                (Shape::Pair, None) => {
                    "a certificate as kubeadm makes it, for the key that is there"
                }
                (Shape::Pair, Some(_)) => "certificate and key as kubeadm makes them",
                (Shape::Credential, _) => {
                    "two lines change, the client certificate's and its key's; all else stays"
                }
                (Shape::Kubeconfig(_), _) => "a new kubeconfig as kubeadm makes it",
            },
            Self::ReSign(step) => step.location.explanation(),
            Self::Install(step) => step.location.explanation(),
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

impl Location {
    /// What a certificate for the same key changes there.
    fn explanation(&self) -> &'static str {
        match self {
            Self::PkiFile { .. } => "the file is replaced in one rename; its key is not touched",
            Self::KubeconfigUser { .. } => {
                "one line changes, the client certificate's; key and all else stay"
            }
            Self::KubeletPem { .. } => {
                "a new dated file takes certificate and key; the link is re-pointed"
            }
        }
    }
}
