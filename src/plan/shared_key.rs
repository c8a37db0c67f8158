//! Files of keys that are more than one credential's: a new key for the one would be none for the other.

use std::path::Path;

use super::draft::Draft;
use super::{RefusalCode, Step};
use crate::inventory::Inventory;

/// Refuses every step that would put a new key where an authority, the service accounts or another credential has its own.
pub(super) fn refuse_shared_keys(draft: &mut Draft<'_>) {
    let inventory = draft.inventory;
    let re_keyed = draft.plan.re_keyed().map(|(name, _)| name);
    let re_keyed: Vec<&'static str> = re_keyed.collect();
    for name in re_keyed {
        let Some(entry) = inventory.credential(name) else {
            continue;
        };
        let Some(slot) = entry.key_slot() else {
            continue;
        };
        let path = slot.path.as_path();
        if let Some(other) = other_owner(inventory, name, path) {
            draft.plan.steps.retain(|step| !is_of(step, name));
            let evidence = format!(
                "{} is the key of {other}, too: a new one would be none for that",
                inventory.outside(path).display()
            );
            draft.refuse(
                RefusalCode::KeyShared,
                name,
                evidence,
                "give each a file of its own, as kubeadm does; where the file is a link that leads astray, remove the link",
            );
        }
    }
}

fn is_of(step: &Step, name: &str) -> bool {
    match step {
        Step::ReSign(step) => step.name == name,
        Step::Rebuild(step) => step.name == name,
        _ => false,
    }
}

fn other_owner(inventory: &Inventory, name: &str, path: &Path) -> Option<String> {
    let authority = inventory.authorities.iter().find(|authority| {
        authority.key_path == path || authority.key_slot().is_some_and(|slot| slot.path == path)
    });
    if let Some(authority) = authority {
        return Some(authority.name.to_string());
    }
    if inventory.service_account_keys.iter().any(|own| own == path) {
        return Some("the service accounts".to_owned());
    }
    let mut others = inventory
        .credentials
        .iter()
        .filter(|other| other.catalog.name != name);
    let other = others.find(|other| other.key_slot().is_some_and(|slot| slot.path == path))?;
    Some(other.catalog.name.to_owned())
}
