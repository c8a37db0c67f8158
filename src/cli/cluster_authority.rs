//! The cluster's authority with its key, for a verb that signs something that no plan of a recovery is about.

use time::OffsetDateTime;

use super::exit::Exit;
use super::failure::Failure;
use crate::inventory::Inventory;
use crate::kubernetes::AuthorityName;
use crate::node::Root;
use crate::pki::{Authority, Certificate};

/// Takes the key out of the inventory, where all else stays as it is, and gives it with the bundle that its certificate is of. For
/// after [`signing_obstacles`](crate::plan::signing_obstacles) has found none; whoever records the inventory's digest takes it before.
pub(super) fn take_cluster_authority(
    root: &Root,
    inventory: &mut Inventory,
    now: OffsetDateTime,
) -> Result<(Vec<Certificate>, Authority), Failure> {
    let cannot_sign = || {
        Failure::new(Exit::Refused, "the cluster's CA cannot sign").hint(format!(
            "its certificate or its key is not here; what is wrong with it: {}",
            root.command("check")
        ))
    };
    let entry = inventory
        .authorities
        .iter_mut()
        .find(|entry| entry.name == AuthorityName::Cluster)
        .ok_or_else(cannot_sign)?;
    let key = entry.take_key().ok_or_else(cannot_sign)?;
    let bundle = entry.bundle().ok_or_else(cannot_sign)?.to_vec();
    let authority = Authority::new(&bundle, key, now)
        .map_err(|error| Failure::of(Exit::Refused, &error).hint("nothing was changed"))?;
    Ok((bundle, authority))
}
