//! Which machine this is, and who runs this process: for the journal.

use std::path::Path;

use nix::unistd::{gethostname, getuid};

use super::read::read_kernel_file;
use crate::digest::Sha256Digest;

/// machine-id(5).
pub const MACHINE_ID: &str = "/etc/machine-id";

/// The machine, as it names itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Host name.
    pub name: String,
    /// machine-id(5), where there is one.
    pub machine_id: Option<String>,
    /// A new one after each boot, where there is one.
    pub boot_id: Option<String>,
}

/// The person or service behind this process, as far as the kernel knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Real user id.
    pub uid: u32,
    /// The user id of the login, which survives `su` and `sudo`; `None` where none was recorded.
    pub login_uid: Option<u32>,
    /// `SUDO_USER`: a claim, since anybody can set an environment variable.
    pub claimed_sudo_user: Option<String>,
}

/// Reads the identity of this machine.
pub fn machine() -> Machine {
    let word = |path| read_kernel_file(Path::new(path)).map(|text| text.trim().to_owned());
    Machine {
        name: gethostname()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default(),
        machine_id: word(MACHINE_ID).filter(|id| !id.is_empty()),
        boot_id: word("/proc/sys/kernel/random/boot_id"),
    }
}

/// Reads who runs this process.
#[allow(
    clippy::disallowed_methods,
    reason = "the claim is recorded as one; whose files it leads to, the node's own files decide"
)]
pub fn operator() -> Operator {
    let login = read_kernel_file(Path::new("/proc/self/loginuid"))
        .and_then(|text| text.trim().parse().ok())
        // The kernel's way to say that nobody logged in.
        .filter(|uid| *uid != u32::MAX);
    Operator {
        uid: getuid().as_raw(),
        login_uid: login,
        claimed_sudo_user: std::env::var("SUDO_USER").ok(),
    }
}

/// SHA-256 of the running program's own file, where it can be read.
#[allow(
    clippy::disallowed_methods,
    reason = "the program's own file, not the node's"
)]
pub fn binary_digest() -> Option<Sha256Digest> {
    let program = std::fs::File::open("/proc/self/exe").ok()?;
    Sha256Digest::of_reader(program).ok()
}
