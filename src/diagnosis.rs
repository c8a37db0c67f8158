//! What is wrong with each certificate at a given moment. Pure: an inventory and a clock reading in,
//! findings out.

mod copies;
mod names;

use std::fmt;
use std::path::PathBuf;

use time::{Duration, OffsetDateTime};

use crate::evidence::with_causes;
use crate::inventory::{
    AuthorityEntry, Credential, CredentialEntry, Inventory, Issuer, KeyState, ObservationError,
};
use crate::kubernetes::AuthorityName;
use crate::pki::{Certificate, SignatureCheck};

pub use copies::{CopyFinding, CopyState};
pub use names::MissingName;

/// The condition of a certificate, the worst that is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Good for longer than the policy asks.
    Valid,
    /// Good, but not for every name by which it is asked for on this node.
    NamesMissing,
    /// Good, but not for long.
    Expiring,
    /// Past its not-after date.
    Expired,
    /// Before its not-before date.
    NotYetValid,
    /// Its file, or the file of its key, is not there.
    Missing,
    /// It could not be read or understood.
    Unreadable,
    /// Certificate and key are not a pair.
    KeyMismatch,
    /// Signed by none of the authorities that check it on this node.
    WrongIssuer,
    /// Good, and somebody else's to renew: the key of its authority is not on this node.
    ExternallyManaged,
    /// The authority that signed it has itself expired.
    AuthorityExpired,
    /// An authority's certificate that may not sign certificates.
    CannotSign,
}

/// One certificate, judged.
#[derive(Debug, Clone)]
pub struct Finding {
    /// kubeadm's name.
    pub name: &'static str,
    /// The authority of the node that signs it, if one does.
    pub authority: Option<&'static str>,
    /// The node path of the file, or of the link before it.
    pub path: PathBuf,
    /// The verdict.
    pub state: State,
    /// Its dates, where it could be read.
    pub validity: Option<(OffsetDateTime, OffsetDateTime)>,
    /// Whether the key of its authority (its own key, for an authority) is kept elsewhere.
    pub externally_managed: bool,
    /// What the verdict rests on, where dates do not say it.
    pub evidence: Option<String>,
    /// The names by which it is asked for, and which it lacks.
    pub missing_names: Vec<MissingName>,
}

/// A node, judged.
#[derive(Debug, Clone)]
pub struct Diagnosis {
    /// The moment that it speaks of.
    pub at: OffsetDateTime,
    /// What every component and person logs on with.
    pub certificates: Vec<Finding>,
    /// The certificates that those chain to.
    pub authorities: Vec<Finding>,
    /// Files beside the certificates that could not be understood.
    pub obstacles: Vec<String>,
    /// The copies that people have of the credentials of administrators.
    pub copies: Vec<CopyFinding>,
}

/// Judges everything in `inventory` at `now`; what ends within `within` is expiring.
pub fn diagnose(inventory: &Inventory, now: OffsetDateTime, within: Duration) -> Diagnosis {
    let moment = Moment { now, within };
    Diagnosis {
        at: now,
        certificates: inventory
            .credentials
            .iter()
            .map(|entry| moment.credential(inventory, entry))
            .collect(),
        authorities: inventory
            .authorities
            .iter()
            .map(|entry| moment.authority(entry))
            .collect(),
        obstacles: inventory
            .layout
            .obstacles
            .iter()
            .map(|error| with_causes(error))
            .collect(),
        copies: copies::judge(inventory, now, within),
    }
}

impl Diagnosis {
    /// Whether everything is in order, and nobody need do anything.
    pub fn is_healthy(&self) -> bool {
        self.obstacles.is_empty()
            && self
                .certificates
                .iter()
                .chain(&self.authorities)
                .all(|finding| finding.state.is_healthy())
    }
}

impl Finding {
    /// Time left until it expires, negative afterwards; zero where there is no certificate.
    pub fn residual(&self, now: OffsetDateTime) -> Duration {
        self.validity
            .map_or(Duration::ZERO, |(_, not_after)| not_after - now)
    }
}

impl State {
    /// Whether nothing need be done about it.
    pub fn is_healthy(self) -> bool {
        matches!(self, Self::Valid | Self::ExternallyManaged)
    }

    /// The words of the table; the JSON field has them too.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::NamesMissing => "names missing",
            Self::Expiring => "expiring",
            Self::Expired => "expired",
            Self::NotYetValid => "not yet valid",
            Self::Missing => "missing",
            Self::Unreadable => "unreadable",
            Self::KeyMismatch => "key mismatch",
            Self::WrongIssuer => "wrong issuer",
            Self::ExternallyManaged => "externally managed",
            Self::AuthorityExpired => "CA expired",
            Self::CannotSign => "cannot sign",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// When, and how far ahead, is looked.
struct Moment {
    now: OffsetDateTime,
    within: Duration,
}

impl Moment {
    fn authority(&self, entry: &AuthorityEntry) -> Finding {
        let externally_managed = entry.is_externally_managed();
        let certificate = entry.certificate(self.now);
        let (state, evidence) = match (&entry.certificates, certificate) {
            (Err(error), _) => {
                let (state, evidence) = unreadable(error);
                let found = entry.found.as_ref();
                let found = found.map(|found| format!("; {} has a copy of it", found.source));
                let evidence = evidence.map(|text| text + &found.unwrap_or_default());
                (state, evidence)
            }
            (Ok(_), None) => (State::Missing, None),
            (Ok(_), Some(certificate)) => {
                self.authority_state(entry, certificate, externally_managed)
            }
        };
        Finding {
            name: entry.name.as_str(),
            authority: None,
            path: entry.certificate_path.clone(),
            state,
            validity: certificate.map(dates),
            externally_managed,
            evidence,
            missing_names: Vec::new(),
        }
    }

    fn authority_state(
        &self,
        entry: &AuthorityEntry,
        certificate: &Certificate,
        externally_managed: bool,
    ) -> (State, Option<String>) {
        match &entry.key {
            Err(error) if !error.is_not_found() => return unreadable(error),
            Ok(key) if !key.fits(certificate) => {
                let evidence = format!("{} is the key of another CA", entry.key_path.display());
                return (State::KeyMismatch, Some(evidence));
            }
            _ => {}
        }
        if !certificate.is_authority() || !certificate.may_sign_certificates() {
            let evidence = format!("{} may not sign certificates", certificate.subject());
            return (State::CannotSign, Some(evidence));
        }
        (self.dated(certificate, externally_managed), None)
    }

    fn credential(&self, inventory: &Inventory, entry: &CredentialEntry) -> Finding {
        let authority = entry.issuer.authority();
        let authority = authority.and_then(|name| inventory.authority(name));
        let externally_managed = entry.issuer == Issuer::Elsewhere
            || authority.is_some_and(AuthorityEntry::is_externally_managed);
        let leaf = entry.certificate();
        let (state, evidence) = match &entry.content {
            Err(error) => unreadable(error),
            Ok(content) => match (&content.key, leaf) {
                // It would be the model of the one for a new key, and nobody here says that it is to be one.
                (KeyState::Unusable(_) | KeyState::Differs { .. }, Some(leaf))
                    if let Some(words) = stranger_of(entry, leaf, content, authority) =>
                {
                    (State::WrongIssuer, Some(words))
                }
                (KeyState::Unusable(error), _) => unreadable(error),
                (KeyState::Differs { path }, _) => {
                    let evidence = format!("{} is the key of another certificate", path.display());
                    (State::KeyMismatch, Some(evidence))
                }
                (KeyState::Fits(_), None) => (State::Missing, None),
                (KeyState::Fits(_), Some(leaf)) => {
                    let chain = content.certificates.get(1..).unwrap_or_default();
                    self.leaf_state(leaf, chain, authority, externally_managed)
                }
            },
        };
        let missing_names = names::missing_names(inventory, entry);
        let (state, evidence) = match state {
            State::Valid | State::ExternallyManaged if !missing_names.is_empty() => {
                (State::NamesMissing, Some(lacking(&missing_names)))
            }
            State::Expiring | State::Expired if !missing_names.is_empty() => {
                (state, Some(lacking(&missing_names)))
            }
            state => (state, evidence),
        };
        Finding {
            name: entry.catalog.name,
            authority: entry.issuer.authority().map(AuthorityName::as_str),
            path: entry.location.path().to_owned(),
            state,
            validity: leaf.map(dates),
            externally_managed,
            evidence,
            missing_names,
        }
    }

    fn leaf_state(
        &self,
        leaf: &Certificate,
        chain: &[Certificate],
        authority: Option<&AuthorityEntry>,
        externally_managed: bool,
    ) -> (State, Option<String>) {
        let bundle = authority.and_then(AuthorityEntry::bundle);
        let Some(bundle) = bundle else {
            return (self.dated(leaf, externally_managed), None);
        };
        let Some(path) = path(leaf, chain, bundle) else {
            return (State::WrongIssuer, Some(stranger(leaf, bundle)));
        };
        if let Some(expired) = path.iter().find(|issuer| issuer.not_after() <= self.now) {
            let evidence = format!("`{}` expired itself", expired.subject());
            return (State::AuthorityExpired, Some(evidence));
        }
        (self.dated(leaf, externally_managed), None)
    }

    fn dated(&self, certificate: &Certificate, externally_managed: bool) -> State {
        let (not_before, not_after) = dates(certificate);
        if not_after <= self.now {
            State::Expired
        } else if self.now < not_before {
            State::NotYetValid
        } else if not_after - self.now <= self.within {
            State::Expiring
        } else if externally_managed {
            State::ExternallyManaged
        } else {
            State::Valid
        }
    }
}

/// What a certificate lacks, and who asks for it.
pub fn lacking(missing: &[MissingName]) -> String {
    let names: Vec<String> = missing
        .iter()
        .map(|one| format!("{} ({})", one.name, one.source))
        .collect();
    format!("it lacks {}", names.join(", "))
}

/// The issuers from `leaf` up to a member of `bundle`, by way of the chain that came with the leaf. Only the bundle is
/// trusted: whatever else stands in the leaf's own file may lead there, and proves nothing by itself.
fn path<'a>(
    leaf: &'a Certificate,
    chain: &'a [Certificate],
    bundle: &'a [Certificate],
) -> Option<Vec<&'a Certificate>> {
    let mut unused: Vec<&Certificate> = chain.iter().filter(|one| one.is_authority()).collect();
    let mut path = Vec::new();
    let mut current = leaf;
    loop {
        // A renewed authority has the name and the key of its predecessor: the one that lives longest counts.
        let anchors = bundle.iter().filter(|anchor| signed(current, anchor));
        if let Some(anchor) = anchors.max_by_key(|anchor| anchor.not_after()) {
            path.push(anchor);
            return Some(path);
        }
        let next = unused.iter().position(|member| signed(current, member))?;
        current = unused.swap_remove(next);
        path.push(current);
    }
}

/// Whether a member of `bundle` signed `leaf`.
pub fn chains_to(leaf: &Certificate, bundle: &[Certificate]) -> bool {
    bundle.iter().any(|anchor| {
        anchor.is_authority() && leaf.check_signature(anchor) == SignatureCheck::Valid
    })
}

/// An algorithm that cannot be checked here is no evidence against a signature: the name has to do.
fn signed(leaf: &Certificate, issuer: &Certificate) -> bool {
    match leaf.check_signature(issuer) {
        SignatureCheck::Valid => true,
        SignatureCheck::Invalid => false,
        SignatureCheck::Unsupported { .. } => leaf.issuer_der() == issuer.subject_der(),
    }
}

/// Who signed the certificate of a credential that gets a new key, where it is none of the authorities here.
fn stranger_of(
    entry: &CredentialEntry,
    leaf: &Certificate,
    content: &Credential,
    authority: Option<&AuthorityEntry>,
) -> Option<String> {
    entry.remains.as_ref()?;
    let bundle = authority?.bundle()?;
    let chain = content.certificates.get(1..).unwrap_or_default();
    match path(leaf, chain, bundle) {
        Some(_) => None,
        None => Some(stranger(leaf, bundle)),
    }
}

/// Who signed `leaf`, in words that do not repeat the name of the authority as if it were an answer.
fn stranger(leaf: &Certificate, bundle: &[Certificate]) -> String {
    let issuer = leaf.issuer();
    let mut namesakes = bundle
        .iter()
        .filter(|one| one.subject() == issuer)
        .peekable();
    if namesakes.peek().is_none() {
        let known: Vec<String> = bundle.iter().map(Certificate::subject).collect();
        format!(
            "signed by `{issuer}`; the CA here is `{}`",
            known.join("`, `")
        )
    } else if namesakes.any(|one| one.subject_der() == leaf.issuer_der()) {
        format!("signed by another `{issuer}`, with another key than the CA here")
    } else {
        format!("signed by `{issuer}`; the CA here writes that name in other string types")
    }
}

fn dates(certificate: &Certificate) -> (OffsetDateTime, OffsetDateTime) {
    (certificate.not_before(), certificate.not_after())
}

fn unreadable(error: &ObservationError) -> (State, Option<String>) {
    let state = if error.is_not_found() {
        State::Missing
    } else {
        State::Unreadable
    };
    (state, Some(with_causes(error)))
}
