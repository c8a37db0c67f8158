//! Carries a whole plan out in memory.

use time::OffsetDateTime;

use super::mint::mint;
use super::new_keys::NewKeys;
use super::placement::Placement;
use super::rebuild::Rebuilding;
use super::refresh::refresh;
use super::reissue_authority::Reissued;
use super::renewal::Renewal;
use super::restore_authority::restore_authority;
use super::{FileChange, IssuanceError};
use crate::inventory::{CredentialEntry, Inventory};
use crate::kubernetes::AuthorityName;
use crate::pki::{Authority, Certificate};
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
    let Signers {
        authorities,
        reissued,
        bundle,
    } = Signers::open(&mut inventory, plan, now)?;
    let keys = NewKeys::of_plan(plan)?;
    let mut changes: Vec<FileChange> = Vec::new();
    for step in &plan.steps {
        match step {
            Step::RestoreAuthority(step) => {
                let entry = inventory.authority(step.name);
                let entry = entry
                    .ok_or_else(|| IssuanceError::not_of_this_inventory(step.name.as_str()))?;
                changes.push(restore_authority(step, entry)?);
            }
            Step::ReSign(step) => {
                let entry = credential(&inventory, step.name)?;
                let reader = inventory.layout.reader(entry.catalog);
                let renewal = Renewal::of(step, entry, keys.of(step.name), reader)?;
                changes.extend(renewal.changes(&authorities, now)?);
            }
            Step::Install(step) => {
                let entry = credential(&inventory, step.name)?;
                let placement = Placement::of(entry, &step.location, false, None, None)?;
                changes.extend(placement.put(&step.certificate, now)?);
            }
            Step::Rebuild(step) => {
                let rebuilding = Rebuilding {
                    step,
                    entry: credential(&inventory, step.name)?,
                    inventory: &inventory,
                    new_key: keys.of(step.name),
                    bundle: &bundle,
                };
                changes.extend(rebuilding.changes(&authorities)?);
            }
            Step::Mint(step) => changes.extend(mint(step, &authorities, now)?),
            Step::Refresh(step) => {
                let change = refresh(step, &inventory, &changes)?;
                changes.push(change);
            }
            // Its copies are exchanged in what all others make of their files.
            Step::ReissueAuthority(_) | Step::Touch { .. } => {}
        }
    }
    for reissued in &reissued {
        reissued.spread(&inventory, &mut changes)?;
    }
    let cluster = authorities
        .into_iter()
        .find(|(name, _)| *name == AuthorityName::Cluster)
        .map(|(_, authority)| authority);
    Ok(Issuance { changes, cluster })
}

fn credential<'a>(
    inventory: &'a Inventory,
    name: &str,
) -> Result<&'a CredentialEntry, IssuanceError> {
    let entry = inventory.credential(name);
    entry.ok_or_else(|| IssuanceError::not_of_this_inventory(name))
}

/// Those who sign, and what became of their own certificates.
struct Signers<'a> {
    authorities: Vec<(AuthorityName, Authority)>,
    reissued: Vec<Reissued<'a>>,
    /// The certificates of the cluster's authority, as they will be.
    bundle: Vec<Certificate>,
}

impl<'a> Signers<'a> {
    /// The authorities that the plan needs; the cluster's for the journal too, if it can be had.
    fn open(
        inventory: &mut Inventory,
        plan: &'a RecoveryPlan,
        now: OffsetDateTime,
    ) -> Result<Self, IssuanceError> {
        let mut signers = Self {
            authorities: Vec::new(),
            reissued: Vec::new(),
            bundle: Vec::new(),
        };
        for entry in &mut inventory.authorities {
            let name = entry.name;
            let needed = plan.needs(name);
            if !needed && name != AuthorityName::Cluster {
                continue;
            }
            let key = entry.take_key();
            let mut bundle = entry.bundle().unwrap_or_default().to_vec();
            let step = plan.reissued().find(|step| step.name == name);
            if let Some(step) = step {
                let missing = || IssuanceError::not_of_this_inventory(name.as_str());
                let key = key.as_ref().ok_or_else(missing)?;
                let reissued = Reissued::sign(step, entry, key)?;
                bundle = reissued.renew(&bundle);
                signers.reissued.push(reissued);
            }
            if name == AuthorityName::Cluster {
                signers.bundle.clone_from(&bundle);
            }
            let Some(key) = key else {
                continue;
            };
            match Authority::new(&bundle, key, now) {
                Ok(authority) => signers.authorities.push((name, authority)),
                Err(source) if needed => return Err(IssuanceError::Authority { name, source }),
                Err(_) => {}
            }
        }
        Ok(signers)
    }
}
