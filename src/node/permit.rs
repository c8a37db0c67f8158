//! What it takes to change a file of the node.

use std::path::Path;

/// Permission to change one file. Nothing in this module makes one: `recovery` has it from the journal, which hands it
/// out when the announcement is on the disk.
pub trait Permit {
    /// The one file, as it was named when its successor was staged.
    fn target(&self) -> &Path;
}
