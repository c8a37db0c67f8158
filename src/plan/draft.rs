//! A plan in the making: what every plan looks at, and how it notes what stands in the way.

use std::path::Path;

use time::OffsetDateTime;

use super::clock::{accepted_clock_doubts, clock_doubts};
use super::signer::{Signer, Signers, command};
use super::{RecoveryPlan, Refusal, RefusalCode};
use crate::diagnosis::{Diagnosis, Finding, State};
use crate::digest::Sha256Digest;
use crate::inventory::{CredentialEntry, Inventory, Issuer, KeyState};
use crate::kubernetes::{AUTHORITIES, AuthorityName};
use crate::node::MACHINE_ID;
use crate::pki::Validity;

/// The plan so far, and what it rests on.
pub(super) struct Draft<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) now: OffsetDateTime,
    pub(super) plan: RecoveryPlan,
    pub(super) signers: Signers<'a>,
    /// Something concerns the node as a whole.
    is_blocked: bool,
}

/// Nobody here can sign, and the plan says why.
pub(super) struct Noted;

impl<'a> Draft<'a> {
    /// An empty plan, which rests on all of `inventory` that `inventory_digest` covers.
    pub(super) fn new(
        inventory: &'a Inventory,
        inventory_digest: Sha256Digest,
        diagnosis: &Diagnosis,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            inventory,
            now,
            signers: Signers::new(inventory, diagnosis),
            is_blocked: false,
            plan: RecoveryPlan {
                inventory_digest,
                steps: Vec::new(),
                left: Vec::new(),
                refusals: Vec::new(),
                healthy: Vec::new(),
                copies: Vec::new(),
                warnings: Vec::new(),
            },
        }
    }

    /// Whether there is a node to plan for; what is wrong with it as a whole is noted.
    pub(super) fn check_node(&mut self, accepts_clock: bool) -> bool {
        if self.inventory.is_worker() {
            self.refuse_worker();
            return false;
        }
        if !self.inventory.is_control_plane() {
            self.refuse_no_node();
            return false;
        }
        self.check_clock(accepts_clock);
        self.check_layout();
        self.is_blocked = !self.plan.refusals.is_empty();
        true
    }

    /// The authority that signs the certificate of `entry`; `None` where it signs itself.
    pub(super) fn signer(
        &mut self,
        entry: &CredentialEntry,
        finding: &Finding,
    ) -> Result<Option<Validity>, Noted> {
        let name = match entry.issuer {
            Issuer::Authority(name) => name,
            Issuer::Itself => return Ok(None),
            Issuer::Elsewhere => {
                self.leave_to_stranger(entry, finding);
                return Err(Noted);
            }
        };
        match self.signers.judge(name) {
            Signer::Here(validity) => Ok(Some(validity)),
            Signer::Elsewhere(authority) => {
                self.leave_to_authority(entry, finding, authority);
                Err(Noted)
            }
            Signer::Unfit(refusal) => {
                self.note(refusal);
                Err(Noted)
            }
        }
    }

    /// One bad authority or folder concerns many certificates: it is told once, with all that it concerns.
    pub(super) fn note(&mut self, refusal: Refusal) {
        let known = self
            .plan
            .refusals
            .iter_mut()
            .find(|known| (known.code, &known.evidence) == (refusal.code, &refusal.evidence));
        match known {
            None => self.plan.refusals.push(refusal),
            Some(known) if known.subject.split(", ").any(|one| one == refusal.subject) => {}
            Some(known) => known.subject = format!("{}, {}", known.subject, refusal.subject),
        }
    }

    /// What is wrong with the node as a whole stops every step, so that none is offered to go on with. The authority of
    /// the cluster belongs to the whole: it signs the journal, whoever signs the certificates.
    pub(super) fn check_whole(&mut self) {
        if self.plan.steps.is_empty() {
            return;
        }
        let names = AUTHORITIES.iter().map(|entry| entry.name);
        let signs_something = names.into_iter().any(|name| self.plan.needs(name));
        if signs_something
            && let Signer::Unfit(refusal) = self.signers.judge(AuthorityName::Cluster)
        {
            self.note(refusal);
            self.is_blocked = true;
        }
        if self.is_blocked {
            self.plan.steps.clear();
        }
    }

    /// What keeps the cluster's authority from signing, whatever it is to sign.
    pub(super) fn check_signing(&mut self) {
        if let Signer::Unfit(refusal) = self.signers.judge(AuthorityName::Cluster) {
            self.note(refusal);
        }
    }

    pub(super) fn refuse_unreadable(&mut self, entry: &CredentialEntry) {
        let error = match &entry.content {
            Err(error) => error,
            Ok(content) => match &content.key {
                KeyState::Unusable(error) => error,
                KeyState::Fits(_) | KeyState::Differs { .. } => return,
            },
        };
        self.note(Refusal::of_observation(entry.catalog.name, error));
    }

    /// A key that is lost or another's, beside a certificate that does not say for certain what the credential was.
    pub(super) fn refuse_lost_key(&mut self, entry: &CredentialEntry, finding: &Finding) {
        match finding.state {
            State::KeyMismatch => self.refuse_mismatch(finding),
            State::Missing => self.leave_missing(entry, finding),
            _ => self.refuse_unreadable(entry),
        }
    }

    pub(super) fn refuse_mismatch(&mut self, finding: &Finding) {
        self.refuse(
            RefusalCode::KeyMismatch,
            finding.name,
            self.evidence_at_path(finding),
            "bring certificate and key back as a pair from one backup",
        );
    }

    pub(super) fn refuse_another_nodes(&mut self, finding: &Finding, evidence: &str) {
        let path = self.inventory.outside(&finding.path);
        let evidence = format!("{}: {evidence}", path.display());
        let remedy = format!(
            "bring this node's own certificate and key back from a backup; if this one is right: --only {} --force",
            finding.name
        );
        self.refuse(
            RefusalCode::AnotherNodesCertificate,
            finding.name,
            evidence,
            &remedy,
        );
    }

    pub(super) fn refuse_issuer(&mut self, finding: &Finding, remedy: &str) {
        let evidence = self.evidence_at_path(finding);
        self.refuse(RefusalCode::WrongIssuer, finding.name, evidence, remedy);
    }

    fn evidence_at_path(&self, finding: &Finding) -> String {
        let path = self.inventory.outside(&finding.path);
        format!("{}: {}", path.display(), evidence(finding))
    }

    pub(super) fn refuse(
        &mut self,
        code: RefusalCode,
        subject: &str,
        evidence: String,
        remedy: &str,
    ) {
        let refusal = Refusal {
            code,
            subject: subject.to_owned(),
            evidence,
            remedy: remedy.to_owned(),
        };
        self.note(refusal);
    }

    fn refuse_worker(&mut self) {
        self.note(Refusal::of_worker(self.inventory));
    }

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

    fn check_clock(&mut self, accepts_clock: bool) {
        if accepts_clock {
            self.plan.warnings = accepted_clock_doubts(self.inventory, self.now);
            return;
        }
        for doubt in clock_doubts(self.inventory, self.now) {
            self.note(doubt);
        }
    }

    fn check_layout(&mut self) {
        for obstacle in &self.inventory.layout.obstacles {
            let subject = "configuration of the node";
            self.note(Refusal::of_observation(subject, obstacle));
        }
    }
}

impl Refusal {
    /// The refusal for a node on which nothing can be signed, and never could.
    pub fn of_worker(inventory: &Inventory) -> Self {
        let name = inventory.node_names.taken.name.as_deref().unwrap_or("NAME");
        let issue = match &inventory.machine_id {
            Some(machine_id) => format!("rekindle node issue {name}={machine_id} --out DIR"),
            None => format!(
                "rekindle node issue {name}=MACHINE-ID --out DIR, with the machine id of this host, which {} does not say",
                inventory.outside(Path::new(MACHINE_ID)).display()
            ),
        };
        Self {
            code: RefusalCode::WorkerNode,
            subject: "node".to_owned(),
            evidence: format!(
                "{} is a worker: it has a kubelet and no control plane, and the CA's key, which signs its certificate, is never on it",
                inventory.root.display()
            ),
            remedy: format!(
                "have a control-plane node make its credential: {issue}; bring the file here, and: {}",
                command(inventory, "node install FILE")
            ),
        }
    }
}

/// What a finding rests on, in words.
pub(super) fn evidence(finding: &Finding) -> String {
    finding
        .evidence
        .clone()
        .unwrap_or_else(|| finding.state.to_string())
}
