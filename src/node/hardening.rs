//! Closes the ways by which a process that holds a CA key could lose it.

use nix::sys::prctl::set_dumpable;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::stat::{Mode, umask};

/// No core dump, no attaching debugger but root's, no file that others can read. Best effort: a kernel
/// that refuses one of them refuses it to everybody.
pub fn harden() {
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    let _ = set_dumpable(false);
    umask(Mode::S_IRWXG | Mode::S_IRWXO);
}
