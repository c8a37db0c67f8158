//! Carries a whole plan out in memory.

use time::OffsetDateTime;

use super::mint::mint;
use super::new_keys::NewKeys;
use super::rebuild::Rebuilding;
use super::refresh::refresh;
use super::renewal::Renewal;
use super::{FileChange, IssuanceError};
use crate::inventory::Inventory;
use crate::kubernetes::AuthorityName;
use crate::pki::Authority;
use crate::plan::{RecoveryPlan, Step};

/// Every file that will be replaced, and the authority that vouches for the journal.
#[derive(Debug)]
pub struct Issuance {
    /// The changes, in the order in which they are made.
    pub changes: Vec<FileChange>,
    /// The cluster's authority, for the journal's certificate; its key is wiped when this is dropped. `None`
    /// where it cannot sign, and nothing that it would sign was asked for.
    pub cluster: Option<Authority>,
}

/// Carries out `plan` in memory. Takes the inventory, and with it the keys: they are wiped on return, but
/// for the one that the journal's certificate still needs.
pub fn issue(
    mut inventory: Inventory,
    plan: &RecoveryPlan,
    now: OffsetDateTime,
) -> Result<Issuance, IssuanceError> {
    let bundle = inventory.authority(AuthorityName::Cluster);
    let bundle = bundle.and_then(|authority| authority.certificates.as_ref().ok());
    let bundle = bundle.cloned().unwrap_or_default();
    let authorities = open_authorities(&mut inventory, plan, now)?;
    let keys = NewKeys::of_plan(plan)?;
    let mut changes: Vec<FileChange> = Vec::new();
    for step in &plan.steps {
        match step {
            Step::ReSign(step) => {
                let entry = inventory.credential(step.name);
                let found = entry.and_then(|entry| Some((entry, entry.content.as_ref().ok()?)));
                let (entry, content) =
                    found.ok_or_else(|| IssuanceError::not_of_this_inventory(step.name))?;
                let remains = entry.remains.as_ref();
                let renewal = Renewal {
                    step,
                    content,
                    key_slot: content
                        .key_slot()
                        .or_else(|| remains.and_then(|remains| remains.key_file.as_ref())),
                    new_key: keys.of(step.name),
                };
                changes.extend(renewal.changes(&authorities, now)?);
            }
            Step::Rebuild(step) => {
                let entry = inventory.credential(step.name);
                let entry = entry.ok_or_else(|| IssuanceError::not_of_this_inventory(step.name))?;
                let rebuilding = Rebuilding {
                    step,
                    entry,
                    inventory: &inventory,
                    new_key: keys.of(step.name),
                    bundle: &bundle,
                    now,
                };
                changes.extend(rebuilding.changes(&authorities)?);
            }
            Step::Mint(step) => changes.extend(mint(step, &authorities, now)?),
            Step::Refresh(step) => {
                let change = refresh(step, &inventory, &changes)?;
                changes.push(change);
            }
            Step::Touch { .. } => {}
        }
    }
    let cluster = authorities
        .into_iter()
        .find(|(name, _)| *name == AuthorityName::Cluster)
        .map(|(_, authority)| authority);
    Ok(Issuance { changes, cluster })
}

/// The authorities that the plan needs; the cluster's for the journal too, if it can be had.
fn open_authorities(
    inventory: &mut Inventory,
    plan: &RecoveryPlan,
    now: OffsetDateTime,
) -> Result<Vec<(AuthorityName, Authority)>, IssuanceError> {
    let mut authorities = Vec::new();
    for entry in &mut inventory.authorities {
        let name = entry.name;
        let needed = plan.needs(name);
        if !needed && name != AuthorityName::Cluster {
            continue;
        }
        let key = entry.take_key();
        let (Ok(bundle), Some(key)) = (&entry.certificates, key) else {
            continue;
        };
        match Authority::new(bundle, key, now) {
            Ok(authority) => authorities.push((name, authority)),
            Err(source) if needed => return Err(IssuanceError::Authority { name, source }),
            Err(_) => {}
        }
    }
    Ok(authorities)
}
