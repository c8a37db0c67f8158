//! A mount namespace of its own: what is mounted there nobody else sees, and it ends with its processes.

use std::path::Path;
use std::process::{Command, Stdio};

use super::program::{Run, binary};

/// Runs a shell script as root in a new mount namespace; `None` where this user may not have one.
///
/// The script's `$0` is the program, `$1` the root of the node. It ends at once if it finds itself in the namespace
/// of everybody.
pub fn run(script: &str, root: &Path) -> Option<Run> {
    const GUARD: &str = "[ \"$(readlink /proc/self/ns/mnt)\" != \"$OUTSIDE\" ] || exit 99\n";
    let outside = std::fs::read_link("/proc/self/ns/mnt").unwrap();
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "--propagation", "private", "sh", "-ec"])
        .arg(format!("{GUARD}{script}"))
        .arg(binary())
        .arg(root)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("OUTSIDE", outside)
        .stdin(Stdio::null());
    is_permitted().then(|| Run::of(command))
}

/// Whether a mount namespace and a mount in it are allowed.
pub fn is_permitted() -> bool {
    Command::new("unshare")
        .args(["--mount", "--propagation", "private"])
        .args(["mount", "-t", "tmpfs", "tmpfs", "/mnt"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
