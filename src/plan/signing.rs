//! Whether the cluster's authority can sign on this node now, for something that no plan of a recovery is about.

use time::{Duration, OffsetDateTime};

use super::Refusal;
use super::draft::Draft;
use crate::diagnosis::diagnose;
use crate::inventory::Inventory;

/// Why not; the same as what would stop a recovery. Whoever `accepts_clock` says that it is right, whatever else tells the time.
pub fn signing_obstacles(
    inventory: &Inventory,
    now: OffsetDateTime,
    accepts_clock: bool,
) -> Vec<Refusal> {
    let diagnosis = diagnose(inventory, now, Duration::ZERO);
    let mut draft = Draft::new(inventory, inventory.digest(), &diagnosis, now);
    if draft.check_node(accepts_clock) {
        draft.check_signing();
    }
    draft.plan.refusals
}
