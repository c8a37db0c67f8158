//! From findings to steps. Every obstacle is named at once: one broken certificate does not hide another.

use time::{Duration, OffsetDateTime};

use super::another_node::another_nodes;
use super::copies::decide_copies;
use super::draft::Draft;
use super::node_name::agreed;
use super::signer::second;
use super::{LeftAlone, Mint, ReSign, Refusal, Request, Restart, Step};
use crate::diagnosis::{CopyFinding, Finding, State, diagnose};
use crate::digest::Sha256Digest;
use crate::inventory::{CredentialEntry, Inventory, MissingPem};
use crate::kubernetes::{AuthorityName, CATALOG, Component};
use crate::pki::Validity;

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
    if planner.draft.check_node() {
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
            Step::Mint(_) | Step::Refresh(_) | Step::Touch { .. } => None,
        })
    }

    /// Whether that authority signs something.
    pub fn needs(&self, authority: AuthorityName) -> bool {
        self.steps.iter().any(|step| match step {
            Step::ReSign(step) => step.authority == Some(authority),
            Step::Mint(step) => step.authority == authority,
            Step::Refresh(_) | Step::Touch { .. } => false,
        })
    }

    /// The credentials of which the node will have others than now, by kubeadm's names.
    pub fn renewed(&self) -> impl Iterator<Item = &'static str> {
        self.steps.iter().filter_map(|step| match step {
            Step::ReSign(step) => Some(step.name),
            Step::Mint(step) => Some(step.name),
            Step::Refresh(_) | Step::Touch { .. } => None,
        })
    }
}

/// Whether nothing else than its dates, or its authority's, may be wrong with a certificate: whose it is comes after that.
fn is_read_and_signed_here(state: State) -> bool {
    match state {
        State::Missing
        | State::Unreadable
        | State::CannotSign
        | State::KeyMismatch
        | State::WrongIssuer => false,
        State::Valid
        | State::Expiring
        | State::Expired
        | State::NotYetValid
        | State::ExternallyManaged
        | State::AuthorityExpired => true,
    }
}

struct Planner<'a> {
    request: &'a Request,
    within: Duration,
    draft: Draft<'a>,
}

impl Planner<'_> {
    fn decide_certificates(&mut self, findings: &[Finding]) {
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
        if let Some(missing) = &entry.missing {
            return self.mint(entry, finding, missing);
        }
        if !self.request.force
            && is_read_and_signed_here(finding.state)
            && let Some(evidence) = another_nodes(self.draft.inventory, entry)
        {
            return self.draft.refuse_another_nodes(finding, &evidence);
        }
        match finding.state {
            State::Valid | State::ExternallyManaged if !self.request.force => {
                self.draft.plan.healthy.push(finding.name);
            }
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
            | State::Expiring
            | State::Expired
            | State::NotYetValid
            | State::WrongIssuer
            | State::ExternallyManaged
            | State::AuthorityExpired => self.re_sign(entry, finding),
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
        let validity = Validity::starting_at(self.draft.now, self.request.validity, signer);
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
        let Ok(signer) = self.draft.signer(entry, finding) else {
            return;
        };
        let validity = Validity::starting_at(self.draft.now, self.request.validity, signer);
        let gains_nothing = matches!(
            finding.state,
            State::Valid | State::Expiring | State::ExternallyManaged
        ) && finding
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
        self.draft
            .leave_short_lived(finding.name, &validity, self.within);
        self.draft.plan.steps.push(Step::ReSign(ReSign {
            name: finding.name,
            authority: entry.issuer.authority(),
            location: entry.location.clone(),
            state: finding.state,
            validity,
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
