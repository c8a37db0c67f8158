//! The keys that a plan asks for, made all at once: RSA takes its time, and a machine has several cores.

use super::IssuanceError;
use crate::pki::{GeneratedKey, KeyAlgorithm, generate_all};
use crate::plan::RecoveryPlan;

/// The new keys, by kubeadm's name of their certificate.
pub(super) struct NewKeys(Vec<(&'static str, GeneratedKey)>);

impl NewKeys {
    /// Makes all that `plan` asks for.
    pub(super) fn of_plan(plan: &RecoveryPlan) -> Result<Self, IssuanceError> {
        let wanted: Vec<(&'static str, KeyAlgorithm)> = plan.re_keyed().collect();
        let algorithms: Vec<KeyAlgorithm> = wanted.iter().map(|(_, one)| *one).collect();
        let keys = generate_all(&algorithms).map_err(|source| IssuanceError::Key {
            name: wanted.first().map_or("", |(name, _)| name),
            source,
        })?;
        let named = wanted.into_iter().map(|(name, _)| name).zip(keys);
        Ok(Self(named.collect()))
    }

    /// The new key of the certificate that kubeadm calls `name`, if it gets one.
    pub(super) fn of(&self, name: &str) -> Option<&GeneratedKey> {
        let found = self.0.iter().find(|(own, _)| *own == name);
        found.map(|(_, key)| key)
    }
}
