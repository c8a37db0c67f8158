//! From findings to steps. Every obstacle is named at once: one broken certificate does not hide another.

use time::{Duration, OffsetDateTime};

use super::another_node::another_nodes;
use super::authorities::decide_authorities;
use super::copies::decide_copies;
use super::draft::Draft;
use super::install::refuse_strangers;
use super::shared_key::refuse_shared_keys;
use super::{RecoveryPlan, Request, Restart, Step};
use crate::diagnosis::{Finding, State, diagnose};
use crate::inventory::{CredentialEntry, Inventory};
use crate::kubernetes::{CATALOG, Component};

/// Plans the recovery of the node in `inventory` at `now`.
pub fn plan(inventory: &Inventory, now: OffsetDateTime, request: &Request) -> RecoveryPlan {
    let within = Duration::try_from(request.within).unwrap_or(Duration::MAX);
    let diagnosis = diagnose(inventory, now, within);
    let mut planner = Planner {
        request,
        within,
        draft: Draft::new(inventory, request.digest(inventory), &diagnosis, now),
    };
    if planner.draft.check_node(request.accept_clock) {
        decide_authorities(&mut planner.draft, request, &diagnosis.authorities);
        planner.decide_certificates(&diagnosis.certificates);
        refuse_shared_keys(&mut planner.draft);
        decide_copies(&mut planner.draft, request, &diagnosis.copies);
        planner.draft.check_whole();
        planner.decide_touches();
    }
    planner.draft.plan
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
        | State::NamesMissing
        | State::Expiring
        | State::Expired
        | State::NotYetValid
        | State::ExternallyManaged
        | State::AuthorityExpired => true,
    }
}

/// A plan in the making, with the wishes that it has to meet.
pub(super) struct Planner<'a> {
    pub(super) request: &'a Request,
    pub(super) within: Duration,
    pub(super) draft: Draft<'a>,
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
            && is_read_and_signed_here(finding.state)
            && let Some(evidence) = another_nodes(self.draft.inventory, entry)
        {
            return self.draft.refuse_another_nodes(finding, &evidence);
        }
        match finding.state {
            State::Valid | State::ExternallyManaged if !self.is_wanted(entry, finding) => {
                self.draft.plan.healthy.push(finding.name);
            }
            State::NamesMissing if !self.is_wanted(entry, finding) => {
                self.draft.leave_names(finding.name, &finding.missing_names);
            }
            State::Missing => self.draft.leave_missing(entry, finding),
            State::Unreadable | State::CannotSign => self.draft.refuse_unreadable(entry),
            State::KeyMismatch => self.draft.refuse_mismatch(finding),
            State::WrongIssuer if self.is_strange(finding) => self.refuse_issuer(finding),
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

    /// Whether another CA than those here signed it, and nobody said that it is to be signed all the same.
    pub(super) fn is_strange(&self, finding: &Finding) -> bool {
        finding.state == State::WrongIssuer && !self.request.force && !finding.externally_managed
    }

    pub(super) fn refuse_issuer(&mut self, finding: &Finding) {
        let remedy = format!(
            "find out who signed it; if this node's CA should have: --only {} --force",
            finding.name
        );
        self.draft.refuse_issuer(finding, &remedy);
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
