//! Mounts that only one thread sees: they end with it.

use std::cell::Cell;
use std::path::Path;
use std::process::Command;

use nix::sched::{CloneFlags, unshare};

thread_local! {
    static PRIVATE: Cell<bool> = const { Cell::new(false) };
}

/// Gives this thread, and the programs that it starts, mounts of their own. False where it may not have them.
pub fn become_private() -> bool {
    if !PRIVATE.get() {
        if unshare(CloneFlags::CLONE_NEWNS).is_err() {
            return false;
        }
        mount(&["--make-rprivate", "/"]);
        PRIVATE.set(true);
    }
    true
}

/// Whether a thread may have mounts of its own.
pub fn are_permitted() -> bool {
    crate::support::namespace::is_permitted() && std::thread::spawn(become_private).join().unwrap()
}

/// `mount ARGUMENTS`, in a thread with mounts of its own.
pub fn mount(arguments: &[&str]) {
    run("mount", arguments);
}

/// Takes away what is mounted at `path`, at the latest when a program that another thread is just starting lets go of what
/// was open in this one.
pub fn unmount(path: &Path) {
    run("umount", &["--lazy", text(path)]);
}

/// Runs `program ARGUMENTS`, and expects it to succeed.
pub fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
