//! Closes the ways by which a process that holds a CA key could lose it.

use nix::sys::prctl::set_dumpable;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::stat::{Mode, umask};

/// No core dump, no attaching debugger but root's, no file that others can read; and a file that grows past its limit
/// is an error, not the end. Best effort: a kernel that refuses one of them refuses it to everybody.
pub fn harden() {
    // Both: a program that core dumps are piped to does not care for the limit, and root's processes stay readable
    // to root whatever the flag says.
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    let _ = set_dumpable(false);
    umask(Mode::S_IRWXG | Mode::S_IRWXO);
    // Not handled: blocked, the signal waits for ever, and the write says EFBIG.
    let mut held = SigSet::empty();
    held.add(Signal::SIGXFSZ);
    let _ = held.thread_block();
}

/// How large a file this process may write, in bytes (`ulimit -f`); `None` where there is no limit.
pub fn file_size_limit() -> Option<u64> {
    let (limit, _) = getrlimit(Resource::RLIMIT_FSIZE).ok()?;
    (limit != RLIM_INFINITY).then_some(limit)
}
