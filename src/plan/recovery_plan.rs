//! The plan of a recovery, whole.

use super::{LeftAlone, ReSign, Rebuild, Refusal, ReissueAuthority, Step};
use crate::diagnosis::CopyFinding;
use crate::digest::Sha256Digest;
use crate::kubernetes::AuthorityName;
use crate::pki::KeyAlgorithm;

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
            Step::Rebuild(step) if step.shape.names_its_credential() => None,
            Step::Rebuild(step) => Some(step.name),
            Step::Mint(step) => Some(step.name),
            _ => None,
        })
    }

    /// The names of all whose files get another certificate: those that are renewed, and the authorities that get new dates.
    pub fn exchanged(&self) -> impl Iterator<Item = &'static str> {
        let authorities = self.reissued().map(|step| step.name.as_str());
        self.renewed().chain(authorities)
    }

    /// The credentials that get a new key, by kubeadm's names, and of which kind.
    pub fn re_keyed(&self) -> impl Iterator<Item = (&'static str, KeyAlgorithm)> {
        self.steps.iter().filter_map(|step| match step {
            Step::ReSign(step) => Some((step.name, step.new_key?)),
            Step::Rebuild(step) => Some((step.name, step.new_key?)),
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
