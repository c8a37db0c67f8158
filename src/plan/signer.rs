//! Which authority can sign on this node at this moment, and why not.

use time::OffsetDateTime;
use time::macros::format_description;

use super::{Refusal, RefusalCode};
use crate::diagnosis::{Diagnosis, Finding, State};
use crate::inventory::{AuthorityEntry, Inventory};
use crate::kubernetes::AuthorityName;
use crate::pki::Validity;
use crate::shell::quote;

/// The authorities of a node with what was found about them.
pub(super) struct Signers<'a> {
    inventory: &'a Inventory,
    authorities: Vec<(&'a AuthorityEntry, Finding)>,
    now: OffsetDateTime,
    /// Those that get new dates in this plan, and which.
    reissued: Vec<(AuthorityName, Validity)>,
}

/// Whether an authority can sign.
pub(super) enum Signer<'a> {
    /// Its key is here and fits; it is valid from when until when, or will be.
    Here(Validity),
    /// Its key is kept elsewhere: its certificates are somebody else's.
    Elsewhere(&'a AuthorityEntry),
    /// Something must be mended first.
    Unfit(Refusal),
}

impl<'a> Signers<'a> {
    pub(super) fn new(inventory: &'a Inventory, diagnosis: &Diagnosis) -> Self {
        Self {
            inventory,
            authorities: inventory
                .authorities
                .iter()
                .zip(diagnosis.authorities.iter().cloned())
                .collect(),
            now: diagnosis.at,
            reissued: Vec::new(),
        }
    }

    /// Notes that an authority gets new dates in this plan: with them it signs.
    pub(super) fn reissue(&mut self, name: AuthorityName, validity: Validity) {
        self.reissued.push((name, validity));
    }

    /// What keeps an authority from being signed again with its own key, besides its dates.
    pub(super) fn obstacle_to_reissue(&self, name: AuthorityName) -> Option<Refusal> {
        let found = self
            .authorities
            .iter()
            .find(|(entry, _)| entry.name == name);
        let Some((entry, finding)) = found else {
            return Some(missing(name, "it was not found"));
        };
        match finding.state {
            State::Unreadable | State::Missing => self.obstacle(entry, finding),
            _ if finding.externally_managed => Some(self.cannot_sign_itself(entry)),
            State::Expired | State::NotYetValid => None,
            _ => self.obstacle(entry, finding),
        }
    }

    fn cannot_sign_itself(&self, entry: &AuthorityEntry) -> Refusal {
        let (key, certificate) = (
            self.inventory.outside(&entry.key_path),
            self.inventory.outside(&entry.certificate_path),
        );
        Refusal {
            code: RefusalCode::AuthorityKeyMissing,
            subject: entry.name.to_string(),
            evidence: format!("{} is not there", key.display()),
            remedy: format!(
                "have its owner give {} new dates, or bring the key here for the time of the run: install -m 0600 ca.key {}",
                certificate.display(),
                quote(&key)
            ),
        }
    }

    pub(super) fn judge(&self, name: AuthorityName) -> Signer<'a> {
        let found = self
            .authorities
            .iter()
            .find(|(entry, _)| entry.name == name);
        let Some((entry, finding)) = found else {
            return Signer::Unfit(missing(name, "it was not found"));
        };
        // The cluster's own CA signs the journal too: without its key there is no recovery at all.
        if finding.externally_managed && name != AuthorityName::Cluster {
            return Signer::Elsewhere(entry);
        }
        let reissued = self.reissued.iter().find(|(reissued, _)| *reissued == name);
        if let Some((_, validity)) = reissued {
            return Signer::Here(*validity);
        }
        if let (Some(found), Some(certificate)) = (&entry.found, entry.certificate(self.now)) {
            let validity = Validity::of(certificate);
            return if validity.contains(self.now) && certificate.may_sign_certificates() {
                Signer::Here(validity)
            } else {
                let copy = format!("the copy in {} is not valid now", found.source);
                Signer::Unfit(missing(name, &copy))
            };
        }
        match (self.obstacle(entry, finding), entry.certificate(self.now)) {
            (Some(refusal), _) => Signer::Unfit(refusal),
            (None, Some(certificate)) => Signer::Here(Validity::of(certificate)),
            (None, None) => Signer::Unfit(missing(name, "it was not found")),
        }
    }

    fn obstacle(&self, entry: &AuthorityEntry, finding: &Finding) -> Option<Refusal> {
        let path = self.inventory.outside(&entry.certificate_path);
        let path = path.display();
        let key_path = self.inventory.outside(&entry.key_path);
        let key = key_path.display();
        let (code, evidence, remedy) = match finding.state {
            State::Unreadable => return Some(unreadable(entry)),
            State::Missing => return Some(missing(entry.name, &path.to_string())),
            _ if finding.externally_managed => (
                RefusalCode::AuthorityKeyMissing,
                format!("{key} is not there"),
                format!(
                    "have them signed where it is ({}), or bring it here for the time of the recovery: install -m 0600 ca.key {}",
                    command(self.inventory, "csr export --out DIR"),
                    quote(&key_path)
                ),
            ),
            State::KeyMismatch => (
                RefusalCode::AuthorityKeyMismatch,
                format!("{key} does not belong to {path}"),
                "bring certificate and key of this CA back as a pair, from one backup".to_owned(),
            ),
            State::CannotSign => (
                RefusalCode::AuthorityCannotSign,
                format!(
                    "{path}: {}",
                    finding.evidence.as_deref().unwrap_or_default()
                ),
                "put the real CA certificate there: basicConstraints CA:TRUE, keyUsage keyCertSign"
                    .to_owned(),
            ),
            State::Expired => (
                RefusalCode::AuthorityExpired,
                format!(
                    "{path} expired at {}; now is {}",
                    end(finding),
                    second(self.now)
                ),
                format!(
                    "nothing that it signs would be valid; give the CA itself new dates: {}",
                    command(self.inventory, "ca reissue")
                ),
            ),
            State::NotYetValid => (
                RefusalCode::AuthorityNotYetValid,
                format!(
                    "{path} is valid from {}; now is {}",
                    begin(finding),
                    second(self.now)
                ),
                "see whether the clock is right: timedatectl; chronyc tracking".to_owned(),
            ),
            State::Valid
            | State::NamesMissing
            | State::Expiring
            | State::ExternallyManaged
            | State::WrongIssuer
            | State::AuthorityExpired => return None,
        };
        Some(Refusal {
            code,
            subject: entry.name.to_string(),
            evidence,
            remedy,
        })
    }
}

fn unreadable(entry: &AuthorityEntry) -> Refusal {
    match (&entry.certificates, &entry.key) {
        (Err(error), _) | (Ok(_), Err(error)) => {
            Refusal::of_observation(entry.name.as_str(), error)
        }
        (Ok(_), Ok(_)) => missing(entry.name, "it cannot be read"),
    }
}

fn missing(name: AuthorityName, evidence: &str) -> Refusal {
    let remedy = match name {
        AuthorityName::Cluster => {
            "bring it back: each kubeconfig holds a copy in certificate-authority-data"
        }
        AuthorityName::Etcd | AuthorityName::FrontProxy => {
            "bring it back from a backup, or from another control-plane node"
        }
    };
    Refusal {
        code: RefusalCode::AuthorityMissing,
        subject: name.to_string(),
        evidence: format!("the certificate of {name} is missing: {evidence}"),
        remedy: remedy.to_owned(),
    }
}

fn begin(finding: &Finding) -> String {
    finding
        .validity
        .map_or_else(String::new, |(not_before, _)| second(not_before))
}

fn end(finding: &Finding) -> String {
    finding
        .validity
        .map_or_else(String::new, |(_, not_after)| second(not_after))
}

/// A moment as people compare it: to the second, UTC.
pub fn second(moment: OffsetDateTime) -> String {
    moment
        .format(format_description!(
            "[year]-[month]-[day] [hour]:[minute]:[second] UTC"
        ))
        .unwrap_or_else(|_| moment.to_string())
}

/// A verb of this program's for the node of that inventory.
pub(super) fn command(inventory: &Inventory, verb: &str) -> String {
    let root = &inventory.root;
    let root = if root == std::path::Path::new("/") {
        String::new()
    } else {
        format!("--root {} ", quote(root))
    };
    format!("rekindle {root}{verb}")
}
