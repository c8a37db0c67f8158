//! What every verb begins with: a node that may be looked at, and what was found on it.

use super::failure::Failure;
use crate::inventory::Inventory;
use crate::node::{self, Root};

/// Reads the node, if this user may.
pub(super) fn observe(root: &Root) -> Result<Inventory, Failure> {
    if root.is_machine() && !node::is_root() {
        return Err(Failure::not_root());
    }
    Ok(Inventory::observe(root))
}
