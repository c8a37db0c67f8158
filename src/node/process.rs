//! Which components of a control plane run on this machine, read from `/proc`.
//!
//! Needs no container runtime. A process that ends while it is looked at is passed over.
#![allow(
    clippy::disallowed_methods,
    reason = "reads /proc, which the kernel makes: there is no owner, mode or link to check"
)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Root;
use super::process_entry::{Identity, ProcessEntry};

/// The programs that make a control-plane node.
const COMPONENTS: [&str; 5] = [
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "etcd",
    "kubelet",
];

/// A component that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningComponent {
    /// Its process.
    pub pid: u32,
    /// The program, by the name under which it was started: `etcd`.
    pub name: String,
    /// When it started, since the machine booted, to a clock tick (10 ms): the clock of
    /// [`Clocks::since_boot`](super::Clocks::since_boot), which nobody can set. With `pid` it names the process for good.
    pub started: Duration,
    /// Its command line, the program first; what is not UTF-8 is replaced.
    pub arguments: Vec<String>,
    /// Whether it is known to be this node's. Not where this process may see no namespaces of others, because it is not
    /// root or is confined (Landlock): such a one is reported, and never to be ended.
    pub certain: bool,
}

/// The components that run for the node in `root`, by ascending process id.
///
/// For the machine's own root: those in the same network namespace as this process, for kubeadm's static pods have
/// `hostNetwork`, and a node nested in a container has not; a process whose namespace we may not see counts too, but is
/// not certain. `/proc` shows the processes of its own process namespace and of all below, those of nested nodes (kind)
/// too, and these may share the network (`docker run --network host`). So depth counts as well: the kubelet is a process
/// of our namespace, and a static pod's container is in one of its own, right below; what lies deeper is a node within
/// another. Where `/proc` is that of an outer namespace, nobody can tell what is below ours: then only what is in our
/// own counts, and [`Ending`](super::Ending) ends none, for the numbers are not ours.
///
/// For a node in a folder: those whose root is the folder, or that were given a path beneath it.
pub fn running_components(root: &Root) -> Vec<RunningComponent> {
    let node = Node::of(root);
    let mut running: Vec<RunningComponent> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| node.component(pid))
        .collect();
    running.sort_by_key(|component| component.pid);
    running
}

/// What a process of the node is known by.
enum Node {
    Machine(Namespaces),
    Folder {
        folder: Option<Identity>,
        /// The path as it was named, and without links.
        paths: Vec<PathBuf>,
    },
}

impl Node {
    fn of(root: &Root) -> Self {
        if root.is_machine() {
            return Self::Machine(Namespaces::own());
        }
        let mut paths = vec![root.path().to_owned()];
        paths.extend(fs::canonicalize(root.path()));
        Self::Folder {
            folder: identity(root.path()),
            paths,
        }
    }

    fn component(&self, pid: u32) -> Option<RunningComponent> {
        let process = ProcessEntry::open(pid).ok()?;
        let command_line = process.read(c"cmdline").ok()?;
        let command_line = command_line.strip_suffix(&[0]).unwrap_or(&command_line);
        let arguments: Vec<&[u8]> = command_line.split(|byte| *byte == 0).collect();
        let program = Path::new(OsStr::from_bytes(arguments.first()?)).file_name()?;
        let name = COMPONENTS.into_iter().find(|name| program == *name)?;
        let certain = match self {
            Self::Machine(own) => own.claim(&process, name)?,
            Self::Folder { folder, paths } => {
                let root = process.identity(c"root");
                let belongs = (root.is_some() && root == *folder)
                    || arguments
                        .iter()
                        .any(|argument| paths.iter().any(|path| names(argument, path)));
                belongs.then_some(true)?
            }
        };
        Some(RunningComponent {
            pid,
            name: name.to_owned(),
            started: process.status().ok()?.started,
            arguments: arguments
                .into_iter()
                .map(|argument| String::from_utf8_lossy(argument).into_owned())
                .collect(),
            certain,
        })
    }
}

/// Where the processes of the machine's own node run, as the kernel numbers it.
struct Namespaces {
    network: Option<Identity>,
    process: Option<Identity>,
    depth: usize,
}

impl Namespaces {
    fn own() -> Self {
        let own = ProcessEntry::own().ok();
        let own = own.as_ref();
        Self {
            network: own.and_then(|own| own.identity(c"ns/net")),
            process: own.and_then(|own| own.identity(c"ns/pid")),
            depth: own.and_then(ProcessEntry::namespace_depth).unwrap_or(1),
        }
    }

    /// Whether a process is certainly this node's; `None` where it is another's.
    fn claim(&self, process: &ProcessEntry, name: &str) -> Option<bool> {
        let network = process.identity(c"ns/net");
        if network.is_some() && network != self.network {
            return None;
        }
        let Some(depth) = process.namespace_depth() else {
            return Some(false);
        };
        let below = depth.checked_sub(self.depth)?;
        let procfs_is_ours = self.depth == 1;
        let deepest = usize::from(name != "kubelet" && procfs_is_ours);
        let namespace = process.identity(c"ns/pid");
        if below > deepest || (below == 0 && namespace.is_some() && namespace != self.process) {
            return None;
        }
        Some(network.is_some() && namespace.is_some())
    }
}

fn identity(path: &Path) -> Option<Identity> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Whether an argument such as `--data-dir=/folder/var/lib/etcd` holds the path of `folder` or of something in it.
fn names(argument: &[u8], folder: &Path) -> bool {
    let folder = folder.as_os_str().as_bytes();
    argument
        .windows(folder.len().max(1))
        .enumerate()
        .any(|(start, window)| {
            let before = start.checked_sub(1).and_then(|index| argument.get(index));
            let behind = argument.get(start + folder.len());
            window == folder
                && !before.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
                && !behind.is_some_and(|byte| *byte != b'/' && !b",:;".contains(byte))
        })
}

#[cfg(test)]
mod tests;
