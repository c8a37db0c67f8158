//! From findings to steps. Every obstacle is named at once: one broken certificate does not hide another.

use time::{Duration, OffsetDateTime};

use super::signer::{Signer, Signers, second};
use super::{LeftAlone, ReSign, Refusal, RefusalCode, Request, Restart, Step};
use crate::diagnosis::{Finding, State, diagnose};
use crate::digest::Sha256Digest;
use crate::inventory::{AuthorityEntry, CredentialEntry, Inventory, KeyState};
use crate::kubernetes::Component;
use crate::pki::Validity;

/// A right clock may be this far behind the newest file: the step of a time service after boot.
const CLOCK_TOLERANCE: Duration = Duration::minutes(5);

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
}

/// Plans the recovery of the node in `inventory` at `now`.
pub fn plan(inventory: &Inventory, now: OffsetDateTime, request: &Request) -> RecoveryPlan {
    let within = Duration::try_from(request.within).unwrap_or(Duration::MAX);
    let diagnosis = diagnose(inventory, now, within);
    let mut planner = Planner {
        inventory,
        now,
        request,
        signers: Signers::new(inventory, &diagnosis),
        plan: RecoveryPlan {
            inventory_digest: inventory.digest(),
            steps: Vec::new(),
            left: Vec::new(),
            refusals: Vec::new(),
            healthy: Vec::new(),
        },
    };
    if inventory.is_control_plane() {
        planner.check_clock();
        planner.check_layout();
        planner.decide_certificates(&diagnosis.certificates);
        planner.decide_touches();
    } else {
        planner.refuse_no_node();
    }
    planner.plan
}

impl RecoveryPlan {
    /// Whether there is nothing to do, for anybody.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.left.is_empty() && self.refusals.is_empty()
    }

    /// The certificates that will be signed again.
    pub fn re_signed(&self) -> impl Iterator<Item = &ReSign> {
        self.steps.iter().filter_map(|step| match step {
            Step::ReSign(step) => Some(step),
            Step::Touch { .. } => None,
        })
    }
}

struct Planner<'a> {
    inventory: &'a Inventory,
    now: OffsetDateTime,
    request: &'a Request,
    signers: Signers<'a>,
    plan: RecoveryPlan,
}

impl Planner<'_> {
    fn refuse_no_node(&mut self) {
        let evidence = format!(
            "{} has neither manifests of static pods nor a cluster CA",
            self.inventory.root.display()
        );
        self.refuse(
            RefusalCode::NoNode,
            "node",
            evidence,
            "run this on a control-plane node that kubeadm made, or name its folder with --root",
        );
    }

    fn check_clock(&mut self) {
        let Some((path, modified)) = self.inventory.newest_file() else {
            return;
        };
        if self.now + CLOCK_TOLERANCE >= modified {
            return;
        }
        let evidence = format!(
            "the clock says {}, but {} was written at {}",
            second(self.now),
            path.display(),
            second(modified)
        );
        let remedy =
            "set the clock right (timedatectl; chronyc tracking); if it is right, touch the file";
        self.refuse(RefusalCode::ClockBehind, "clock", evidence, remedy);
    }

    fn check_layout(&mut self) {
        for obstacle in &self.inventory.layout.obstacles {
            let subject = "configuration of the node";
            self.plan
                .refusals
                .push(Refusal::of_observation(subject, obstacle));
        }
    }

    fn decide_certificates(&mut self, findings: &[Finding]) {
        for (entry, finding) in self.inventory.credentials.iter().zip(findings) {
            if self.request.selects(finding.name) {
                self.decide(entry, finding);
            }
        }
    }

    fn decide(&mut self, entry: &CredentialEntry, finding: &Finding) {
        match finding.state {
            State::Valid | State::ExternallyManaged if !self.request.force => {
                self.plan.healthy.push(finding.name);
            }
            State::Missing => self.leave_missing(entry, finding),
            State::Unreadable | State::CannotSign => self.refuse_unreadable(entry),
            State::KeyMismatch => self.refuse(
                RefusalCode::KeyMismatch,
                finding.name,
                evidence(finding),
                "bring certificate and key back as a pair from one backup",
            ),
            State::WrongIssuer if !self.request.force && !finding.externally_managed => {
                let remedy = format!(
                    "find out who signed it; if this node's CA should have: --only {} --force",
                    finding.name
                );
                let evidence = format!("{}: {}", finding.path.display(), evidence(finding));
                self.refuse(RefusalCode::WrongIssuer, finding.name, evidence, &remedy);
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

    fn leave_missing(&mut self, entry: &CredentialEntry, finding: &Finding) {
        let what = match entry.location.path().extension() {
            Some(extension) if extension == "conf" => "the kubeconfig",
            _ => "certificate and key",
        };
        self.plan.left.push(LeftAlone {
            name: finding.name,
            reason: evidence(finding),
            needs: format!(
                "{what}, from a backup or from kubeadm: there is nothing on the node to renew"
            ),
        });
    }

    fn refuse_unreadable(&mut self, entry: &CredentialEntry) {
        let error = match &entry.content {
            Err(error) => error,
            Ok(content) => match &content.key {
                KeyState::Unusable(error) => error,
                KeyState::Fits(_) | KeyState::Differs { .. } => return,
            },
        };
        self.plan
            .refusals
            .push(Refusal::of_observation(entry.catalog.name, error));
    }

    fn re_sign(&mut self, entry: &CredentialEntry, finding: &Finding) {
        let signer = match entry.authority.map(|name| self.signers.judge(name)) {
            None => None,
            Some(Signer::Here(certificate)) => Some(certificate),
            Some(Signer::Elsewhere(authority)) => {
                self.leave_to_authority(entry, finding, authority);
                return;
            }
            Some(Signer::Unfit(refusal)) => {
                // One bad authority concerns many certificates, and is named once.
                if !self.plan.refusals.contains(&refusal) {
                    self.plan.refusals.push(refusal);
                }
                return;
            }
        };
        let validity = Validity::starting_at(self.now, self.request.validity, signer);
        let gains_nothing = matches!(
            finding.state,
            State::Valid | State::Expiring | State::ExternallyManaged
        ) && finding
            .validity
            .is_some_and(|(_, not_after)| validity.not_after <= not_after);
        if gains_nothing {
            self.plan.left.push(LeftAlone {
                name: finding.name,
                reason: format!("it already lives until {}", second(validity.not_after)),
                needs: "a CA that lives longer, or a longer --validity".to_owned(),
            });
            return;
        }
        self.plan.steps.push(Step::ReSign(ReSign {
            name: finding.name,
            authority: entry.authority,
            location: entry.location.clone(),
            state: finding.state,
            validity,
        }));
    }

    fn decide_touches(&mut self) {
        if self.request.restart != Restart::Touch {
            return;
        }
        let renewed: Vec<&str> = self.plan.re_signed().map(|step| step.name).collect();
        for component in Component::STATIC_PODS {
            let concerned = self.inventory.credentials.iter().any(|entry| {
                renewed.contains(&entry.catalog.name) && entry.catalog.readers.contains(&component)
            });
            if let (true, Some(manifest)) = (concerned, self.inventory.layout.manifest(component)) {
                self.plan.steps.push(Step::Touch {
                    component,
                    path: manifest.path.clone(),
                });
            }
        }
    }

    fn refuse(&mut self, code: RefusalCode, subject: &str, evidence: String, remedy: &str) {
        let refusal = Refusal {
            code,
            subject: subject.to_owned(),
            evidence,
            remedy: remedy.to_owned(),
        };
        self.plan.refusals.push(refusal);
    }

    fn leave_to_authority(
        &mut self,
        entry: &CredentialEntry,
        finding: &Finding,
        authority: &AuthorityEntry,
    ) {
        self.plan.left.push(LeftAlone {
            name: finding.name,
            reason: format!(
                "it is {}, and the key of {} is not on this node ({})",
                finding.state,
                authority.name,
                authority.key_path.display()
            ),
            needs: format!(
                "a certificate for the key of {}, signed by whoever keeps the key of {}",
                entry.location.path().display(),
                authority.name
            ),
        });
    }
}

/// What a finding rests on, in words.
fn evidence(finding: &Finding) -> String {
    finding
        .evidence
        .clone()
        .unwrap_or_else(|| finding.state.to_string())
}
