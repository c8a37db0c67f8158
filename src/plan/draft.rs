//! A plan in the making: what every plan looks at, and how it notes what stands in the way.

use time::{Duration, OffsetDateTime};

use super::signer::{Signer, Signers, second};
use super::{LeftAlone, RecoveryPlan, Refusal, RefusalCode};
use crate::diagnosis::{Diagnosis, Finding};
use crate::inventory::{AuthorityEntry, CredentialEntry, Inventory, KeyState};
use crate::pki::Certificate;

/// A right clock may be this far behind the newest file: the step of a time service after boot.
const CLOCK_TOLERANCE: Duration = Duration::minutes(5);

/// The plan so far, and what it rests on.
pub(super) struct Draft<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) now: OffsetDateTime,
    pub(super) plan: RecoveryPlan,
    signers: Signers<'a>,
}

/// Nobody here can sign, and the plan says why.
pub(super) struct Noted;

impl<'a> Draft<'a> {
    /// An empty plan.
    pub(super) fn new(
        inventory: &'a Inventory,
        diagnosis: &Diagnosis,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            inventory,
            now,
            signers: Signers::new(inventory, diagnosis),
            plan: RecoveryPlan {
                inventory_digest: inventory.digest(),
                steps: Vec::new(),
                left: Vec::new(),
                refusals: Vec::new(),
                healthy: Vec::new(),
            },
        }
    }

    /// Whether there is a node to plan for; what is wrong with it as a whole is noted.
    pub(super) fn check_node(&mut self) -> bool {
        if !self.inventory.is_control_plane() {
            self.refuse_no_node();
            return false;
        }
        self.check_clock();
        self.check_layout();
        true
    }

    /// The authority that signs the certificate of `entry`; `None` where it signs itself.
    pub(super) fn signer(
        &mut self,
        entry: &CredentialEntry,
        finding: &Finding,
    ) -> Result<Option<&'a Certificate>, Noted> {
        match entry.authority.map(|name| self.signers.judge(name)) {
            None => Ok(None),
            Some(Signer::Here(certificate)) => Ok(Some(certificate)),
            Some(Signer::Elsewhere(authority)) => {
                self.leave_to_authority(entry, finding, authority);
                Err(Noted)
            }
            Some(Signer::Unfit(refusal)) => {
                // One bad authority concerns many certificates, and is named once.
                if !self.plan.refusals.contains(&refusal) {
                    self.plan.refusals.push(refusal);
                }
                Err(Noted)
            }
        }
    }

    pub(super) fn leave_missing(&mut self, entry: &CredentialEntry, finding: &Finding) {
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

    pub(super) fn refuse_unreadable(&mut self, entry: &CredentialEntry) {
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

    pub(super) fn refuse_mismatch(&mut self, finding: &Finding) {
        self.refuse(
            RefusalCode::KeyMismatch,
            finding.name,
            evidence(finding),
            "bring certificate and key back as a pair from one backup",
        );
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
        self.plan.refusals.push(refusal);
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
pub(super) fn evidence(finding: &Finding) -> String {
    finding
        .evidence
        .clone()
        .unwrap_or_else(|| finding.state.to_string())
}
