//! From findings to steps. Every obstacle is named at once: one broken certificate does not hide another.

use time::{Duration, OffsetDateTime};

use super::another_node::another_nodes;
use super::authorities::decide_authorities;
use super::copies::decide_copies;
use super::draft::Draft;
use super::install::{fitting, refuse_strangers};
use super::node_name::agreed;
use super::rebuild::{algorithm_of, rebuild};
use super::signer::second;
use super::{
    Install, LeftAlone, Mint, ReSign, Rebuild, Refusal, RefusalCode, ReissueAuthority, Request,
    Restart, Step,
};
use crate::diagnosis::{CopyFinding, Finding, State, diagnose};
use crate::digest::Sha256Digest;
use crate::inventory::{CredentialEntry, Inventory, Issuer, MissingPem, Remains};
use crate::kubernetes::{AuthorityName, CATALOG, Component};
use crate::pki::{AlternativeName, KeyAlgorithm, Validity};

/// All that a recovery will do, all that it will not, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryPlan {
    /// SHA-256 of the inventory that the plan rests on: another inventory makes another plan.
    pub inventory_digest: Sha256Digest,
    /// What is done, in this order.
    pub steps: Vec<Step>,
    /// What needs something, but from a person.
    pub left: Vec<LeftAlone>,
    /// Why nothing is done: empty, or there is no recovery.
    pub refusals: Vec<Refusal>,
    /// What needs nothing.
    pub healthy: Vec<&'static str>,
    /// The copies that people have of what was renewed, or will be, and that stay as they are.
    pub copies: Vec<CopyFinding>,
    /// What was doubtful, and was accepted.
    pub warnings: Vec<String>,
}

/// Plans the recovery of the node in `inventory` at `now`.
pub fn plan(inventory: &Inventory, now: OffsetDateTime, request: &Request) -> RecoveryPlan {
    let within = Duration::try_from(request.within).unwrap_or(Duration::MAX);
    let diagnosis = diagnose(inventory, now, within);
    let mut planner = Planner {
        request,
        within,
        draft: Draft::new(inventory, &diagnosis, now),
    };
    if planner.draft.check_node(request.accept_clock) {
        decide_authorities(&mut planner.draft, request, &diagnosis.authorities);
        planner.decide_certificates(&diagnosis.certificates);
        decide_copies(&mut planner.draft, request, &diagnosis.copies);
        planner.draft.check_whole();
        planner.decide_touches();
    }
    let mut plan = planner.draft.plan;
    plan.inventory_digest = request.digest(inventory);
    plan
}

impl RecoveryPlan {
    /// The certificates that will be signed again.
    pub fn re_signed(&self) -> impl Iterator<Item = &ReSign> {
        self.steps.iter().filter_map(|step| match step {
            Step::ReSign(step) => Some(step),
            _ => None,
        })
    }

    /// The credentials that are made as kubeadm makes them.
    pub fn rebuilt(&self) -> impl Iterator<Item = &Rebuild> {
        self.steps.iter().filter_map(|step| match step {
            Step::Rebuild(step) => Some(&**step),
            _ => None,
        })
    }

    /// Whether that authority signs something.
    pub fn needs(&self, authority: AuthorityName) -> bool {
        self.steps.iter().any(|step| match step {
            Step::ReissueAuthority(step) => step.name == authority,
            Step::ReSign(step) => step.authority == Some(authority),
            Step::Rebuild(step) => step.authority == authority,
            Step::Mint(step) => step.authority == authority,
            Step::RestoreAuthority(_)
            | Step::Install(_)
            | Step::Refresh(_)
            | Step::Touch { .. } => false,
        })
    }

    /// The credentials of which the node will have others than now, by kubeadm's names.
    pub fn renewed(&self) -> impl Iterator<Item = &'static str> {
        self.steps.iter().filter_map(|step| match step {
            Step::ReSign(step) => Some(step.name),
            Step::Install(step) => Some(step.name),
            // Its credential is a step of its own.
            Step::Rebuild(step) if step.names_its_credential() => None,
            Step::Rebuild(step) => Some(step.name),
            Step::Mint(step) => Some(step.name),
            _ => None,
        })
    }

    /// The authorities that get new dates.
    pub fn reissued(&self) -> impl Iterator<Item = &ReissueAuthority> {
        self.steps.iter().filter_map(|step| match step {
            Step::ReissueAuthority(step) => Some(&**step),
            _ => None,
        })
    }
}

struct Planner<'a> {
    request: &'a Request,
    within: Duration,
    draft: Draft<'a>,
}

impl Planner<'_> {
    fn decide_certificates(&mut self, findings: &[Finding]) {
        refuse_strangers(&mut self.draft, self.request);
        for (entry, finding) in self.draft.inventory.credentials.iter().zip(findings) {
            if self.request.selects(finding.name) {
                self.decide(entry, finding);
            }
        }
        let inventory = self.draft.inventory;
        for entry in CATALOG {
            let named = self
                .request
                .only
                .iter()
                .flatten()
                .any(|name| name == entry.name);
            if named && inventory.credential(entry.name).is_none() {
                self.draft.leave_absent(entry.name);
            }
        }
    }

    fn decide(&mut self, entry: &CredentialEntry, finding: &Finding) {
        if !self.request.certificates.is_empty() {
            return self.install(entry, finding);
        }
        if let Some(remains) = &entry.remains {
            return self.make_anew(entry, finding, remains);
        }
        if let Some(missing) = &entry.missing {
            return self.mint(entry, finding, missing);
        }
        if !self.request.force
            && let Some(evidence) = another_nodes(self.draft.inventory, entry)
        {
            return self.draft.refuse_another_nodes(finding, &evidence);
        }
        match finding.state {
            State::Valid | State::ExternallyManaged if !self.is_wanted(finding) => {
                self.draft.plan.healthy.push(finding.name);
            }
            State::NamesMissing if !self.is_wanted(finding) => self.draft.leave_names(finding),
            State::Missing => self.draft.leave_missing(entry, finding),
            State::Unreadable | State::CannotSign => self.draft.refuse_unreadable(entry),
            State::KeyMismatch => self.draft.refuse_mismatch(finding),
            State::WrongIssuer if !self.request.force && !finding.externally_managed => {
                let remedy = format!(
                    "find out who signed it; if this node's CA should have: --only {} --force",
                    finding.name
                );
                self.draft.refuse_issuer(finding, &remedy);
            }
            State::Valid
            | State::NamesMissing
            | State::Expiring
            | State::Expired
            | State::NotYetValid
            | State::WrongIssuer
            | State::ExternallyManaged
            | State::AuthorityExpired => self.re_sign(entry, finding),
        }
    }

    /// From now on, for as long as was asked for and its `signer` lives.
    fn validity(&self, signer: Option<Validity>) -> Validity {
        let own = Validity::starting_at(self.draft.now, self.request.validity, None);
        signer.map_or(own, |signer| own.within(&signer))
    }

    /// Whether something was asked for that concerns even a certificate that is good.
    fn is_wanted(&self, finding: &Finding) -> bool {
        let request = self.request;
        request.force
            || request.rekey
            || request.names_of(finding.name).next().is_some()
            || request.fix_names && !finding.missing_names.is_empty()
    }

    /// A certificate that was signed elsewhere; no authority signs anything here then.
    fn install(&mut self, entry: &CredentialEntry, finding: &Finding) {
        let certificates = self.request.certificates.iter();
        let mut own = certificates.filter(|(name, _)| *name == finding.name);
        let Some((_, certificate)) = own.next() else {
            // The kubelet's own needs nobody else.
            if entry.issuer == Issuer::Itself
                && matches!(finding.state, State::Expired | State::Expiring)
            {
                self.re_sign(entry, finding);
            }
            return;
        };
        match fitting(self.draft.inventory, entry, certificate, self.draft.now) {
            Ok(()) => self.draft.plan.steps.push(Step::Install(Box::new(Install {
                name: finding.name,
                certificate: certificate.clone(),
                location: entry.location.clone(),
                state: finding.state,
            }))),
            Err(reason) => self.draft.refuse(
                RefusalCode::CertificateUnfit,
                finding.name,
                reason,
                "have it signed again, as it was asked for: rekindle csr export",
            ),
        }
    }

    /// A credential of which a part is gone or ruined.
    fn make_anew(&mut self, entry: &CredentialEntry, finding: &Finding, remains: &Remains) {
        // With its certificate there is a model: only the key is another one.
        if let Ok(content) = &entry.content {
            let algorithm = content.certificate().and_then(|leaf| leaf.key_algorithm());
            let new_key = algorithm.or_else(|| algorithm_of(self.draft.inventory, entry));
            return self.renew(entry, finding, new_key);
        }
        let Ok(signer) = self.draft.signer(entry, finding) else {
            return;
        };
        let validity = self.validity(signer);
        let step = match rebuild(self.draft.inventory, self.request, entry, finding, remains) {
            Ok(step) => Rebuild { validity, ..step },
            Err(left) => return self.draft.plan.left.push(left),
        };
        self.draft
            .leave_short_lived(finding.name, &validity, self.within);
        let names_its_credential = step.names_its_credential();
        self.draft.plan.steps.push(Step::Rebuild(Box::new(step)));
        if names_its_credential {
            match &entry.missing {
                Some(missing) => self.mint(entry, finding, missing),
                None => self.draft.refuse_unreadable(entry),
            }
        }
    }

    fn mint(&mut self, entry: &CredentialEntry, finding: &Finding, missing: &MissingPem) {
        let Ok(signer) = self.draft.signer(entry, finding) else {
            return;
        };
        let node = match &self.request.node_name {
            Some(name) => Ok(name.clone()),
            None => agreed(&self.draft.inventory.node_names),
        };
        let node = match node {
            Ok(node) => node,
            Err(doubt) => return self.draft.leave_nameless(finding, &doubt),
        };
        let validity = self.validity(signer);
        self.draft
            .leave_short_lived(finding.name, &validity, self.within);
        self.draft.plan.steps.push(Step::Mint(Mint {
            name: finding.name,
            authority: AuthorityName::Cluster,
            node,
            link: missing.link.clone(),
            found: missing.found.clone(),
            state: finding.state,
            validity,
        }));
    }

    fn re_sign(&mut self, entry: &CredentialEntry, finding: &Finding) {
        let algorithm = entry.content.as_ref().ok().and_then(|content| {
            let leaf = content.certificate()?;
            leaf.key_algorithm()
        });
        let new_key = algorithm
            .or_else(|| algorithm_of(self.draft.inventory, entry))
            .filter(|_| self.request.rekey);
        self.renew(entry, finding, new_key);
    }

    /// The names that the certificate is to have besides its own.
    fn additional_names(&self, finding: &Finding) -> Vec<AlternativeName> {
        let missing = finding.missing_names.iter().map(|one| &one.name);
        let fixed = missing.filter(|_| self.request.fix_names);
        let mut names: Vec<AlternativeName> = fixed
            .chain(self.request.names_of(finding.name))
            .cloned()
            .collect();
        names.dedup();
        names
    }

    fn renew(&mut self, entry: &CredentialEntry, finding: &Finding, new_key: Option<KeyAlgorithm>) {
        let Ok(signer) = self.draft.signer(entry, finding) else {
            return;
        };
        let validity = self.validity(signer);
        let additional_names = self.additional_names(finding);
        let is_other = new_key.is_some() || !additional_names.is_empty();
        let gains_nothing = !is_other
            && matches!(
                finding.state,
                State::Valid | State::Expiring | State::ExternallyManaged
            )
            && finding
                .validity
                .is_some_and(|(_, not_after)| validity.not_after <= not_after);
        if gains_nothing {
            self.draft.plan.left.push(LeftAlone {
                name: finding.name.to_owned(),
                reason: format!("it already lives until {}", second(validity.not_after)),
                needs: "a CA that lives longer, or a longer --validity".to_owned(),
            });
            return;
        }
        if !self.request.fix_names && !finding.missing_names.is_empty() {
            self.draft.leave_names(finding);
        }
        self.draft
            .leave_short_lived(finding.name, &validity, self.within);
        self.draft.plan.steps.push(Step::ReSign(ReSign {
            name: finding.name,
            authority: entry.issuer.authority(),
            location: entry.location.clone(),
            state: finding.state,
            validity,
            new_key,
            additional_names,
        }));
    }

    fn decide_touches(&mut self) {
        if self.request.restart != Restart::Touch {
            return;
        }
        let renewed: Vec<&str> = self.draft.plan.renewed().collect();
        for component in Component::STATIC_PODS {
            let concerned = self.draft.inventory.credentials.iter().any(|entry| {
                renewed.contains(&entry.catalog.name) && entry.catalog.readers.contains(&component)
            });
            if let (true, Some(manifest)) =
                (concerned, self.draft.inventory.layout.manifest(component))
            {
                self.draft.plan.steps.push(Step::Touch {
                    component,
                    path: manifest.path.clone(),
                });
            }
        }
    }
}
