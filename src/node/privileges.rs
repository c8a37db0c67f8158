//! Whose files are trusted: root's, and those of the user that this process acts for.

use nix::unistd::geteuid;

/// Whether this process acts as root.
pub fn is_root() -> bool {
    geteuid().is_root()
}

pub(super) fn effective_user() -> u32 {
    geteuid().as_raw()
}

/// Root can change everything anyway; any other owner but ourselves could change a file under our hands.
pub(super) fn is_trusted(owner: u32) -> bool {
    owner == 0 || owner == effective_user()
}
