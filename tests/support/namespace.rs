//! A mount namespace of its own: what is mounted there nobody else sees, and it ends with its processes. And a process
//! namespace: nobody else's control plane is seen there, let alone ended.

use std::path::Path;
use std::process::{Command, Stdio};

use super::program::{Run, binary};

/// The machine's own root, where `/etc` and `/var/lib` hold the node alone, and `/run` nothing: no systemd.
pub const MACHINE: &str = r#"
    mount -t tmpfs -o mode=755 tmpfs /etc
    mount -t tmpfs -o mode=755 tmpfs /var/lib
    mount -t tmpfs -o mode=755 tmpfs /run
    mkdir /etc/kubernetes
    mount --bind "$1/etc/kubernetes" /etc/kubernetes
    for folder in kubelet etcd rekindle; do
        [ -d "$1/var/lib/$folder" ] || continue
        mkdir "/var/lib/$folder"
        mount --bind "$1/var/lib/$folder" "/var/lib/$folder"
    done
"#;

/// Runs a shell script as root in new mount and process namespaces; `None` where this user may not have them.
///
/// The script's `$0` is the program, `$1` the root of the node. It ends at once if it finds itself in the namespace
/// of everybody.
pub fn run(script: &str, root: &Path) -> Option<Run> {
    const GUARD: &str = "[ \"$(readlink /proc/self/ns/mnt)\" != \"$OUTSIDE\" ] || exit 99\n";
    let outside = std::fs::read_link("/proc/self/ns/mnt").unwrap();
    let mut command = Command::new("unshare");
    command
        .args(NAMESPACES)
        .args(["sh", "-ec"])
        .arg(format!("{GUARD}{script}"))
        .arg(binary())
        .arg(root)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("OUTSIDE", outside)
        .stdin(Stdio::null());
    is_permitted().then(|| Run::of(command))
}

const NAMESPACES: [&str; 7] = [
    "--mount",
    "--propagation",
    "private",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
];

/// Whether the namespaces and a mount in them are allowed.
pub fn is_permitted() -> bool {
    Command::new("unshare")
        .args(NAMESPACES)
        .args(["mount", "-t", "tmpfs", "tmpfs", "/mnt"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
