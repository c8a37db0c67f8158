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

use super::Root;

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
}

/// The components that run for the node in `root`, by ascending process id.
///
/// For the machine's own root: those in the same network namespace as this process, for kubeadm's static pods have
/// `hostNetwork`, and a node nested in a container has not; a process whose namespace we may not see counts too. For a
/// node in a folder: those whose root is the folder, or that were given a path beneath it.
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
    /// The network namespace, as the kernel numbers it.
    Machine(Option<Identity>),
    Folder {
        folder: Option<Identity>,
        /// The path as it was named, and without links.
        paths: Vec<PathBuf>,
    },
}

/// Device and inode.
type Identity = (u64, u64);

impl Node {
    fn of(root: &Root) -> Self {
        if root.is_machine() {
            return Self::Machine(identity(Path::new("/proc/self/ns/net")));
        }
        let mut paths = vec![root.path().to_owned()];
        paths.extend(fs::canonicalize(root.path()));
        Self::Folder {
            folder: identity(root.path()),
            paths,
        }
    }

    fn component(&self, pid: u32) -> Option<RunningComponent> {
        let process = PathBuf::from(format!("/proc/{pid}"));
        let command_line = fs::read(process.join("cmdline")).ok()?;
        let arguments: Vec<&[u8]> = command_line.split(|byte| *byte == 0).collect();
        let program = Path::new(OsStr::from_bytes(arguments.first()?)).file_name()?;
        let name = COMPONENTS.into_iter().find(|name| program == *name)?;
        let belongs = match self {
            Self::Machine(network) => {
                let own = identity(&process.join("ns/net"));
                own.is_none() || own == *network
            }
            Self::Folder { folder, paths } => {
                let root = identity(&process.join("root"));
                (root.is_some() && root == *folder)
                    || arguments
                        .iter()
                        .any(|argument| paths.iter().any(|path| names(argument, path)))
            }
        };
        belongs.then(|| RunningComponent {
            pid,
            name: name.to_owned(),
        })
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
mod tests {
    use std::io::Read;
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command, Stdio};

    use super::*;

    /// What a process does: it says that it is there, and waits.
    const SCRIPT: &str = "echo started; read -r line";

    /// A process that is there until it is dropped.
    struct Waiting(Child);

    impl Waiting {
        fn start(program: &str, argument: &str) -> Self {
            let mut shell = Command::new("/bin/sh");
            shell.arg0(program).args(["-c", SCRIPT, "sh", argument]);
            Self::started(shell)
        }

        /// Not before it runs: until its program has begun, a process shows no arguments.
        fn started(mut command: Command) -> Self {
            let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut child = command.spawn().unwrap();
            let mut output = child.stdout.take().unwrap();
            let waiting = Self(child);
            let mut line = [0; 8];
            output.read_exact(&mut line).unwrap();
            assert_eq!(line, *b"started\n");
            waiting
        }
    }

    impl Drop for Waiting {
        fn drop(&mut self) {
            self.0.kill().unwrap();
            self.0.wait().unwrap();
        }
    }

    fn node() -> (tempfile::TempDir, Root) {
        let folder = tempfile::Builder::new().prefix("node").tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        (folder, root)
    }

    #[test]
    fn a_component_with_a_path_of_the_node_among_its_arguments_is_found() {
        let (folder, root) = node();
        let argument = format!("--data-dir={}/var/lib/etcd", folder.path().display());
        let etcd = Waiting::start("/usr/local/bin/etcd", &argument);
        let expected = RunningComponent {
            pid: etcd.0.id(),
            name: "etcd".to_owned(),
        };
        assert_eq!(running_components(&root), [expected]);
        drop(etcd);
        assert_eq!(running_components(&root), []);
    }

    #[test]
    fn it_is_found_through_a_link_to_the_folder_too() {
        let (folder, _) = node();
        let links = tempfile::tempdir().unwrap();
        let link = links.path().join("link");
        std::os::unix::fs::symlink(folder.path(), &link).unwrap();
        let root = Root::open(&link).unwrap();
        let _kubelet = Waiting::start("kubelet", &format!("{}/etc", folder.path().display()));
        assert_eq!(running_components(&root).len(), 1);
    }

    #[test]
    fn a_component_that_has_the_folder_for_its_root_is_found() {
        if !crate::node::is_root() {
            println!("skipped: only root can change the root of a process");
            return;
        }
        let (folder, root) = node();
        let libraries = Command::new("ldd").arg("/bin/sh").output().unwrap();
        let libraries = String::from_utf8(libraries.stdout).unwrap();
        for library in libraries
            .split_whitespace()
            .filter(|word| word.starts_with('/'))
        {
            let copy = folder.path().join(library.trim_start_matches('/'));
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(library, copy).unwrap();
        }
        fs::copy("/bin/sh", folder.path().join("etcd")).unwrap();
        let mut chroot = Command::new("chroot");
        chroot.arg(folder.path()).args(["/etcd", "-c", SCRIPT]);
        let etcd = Waiting::started(chroot);
        let found = running_components(&root);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].pid, etcd.0.id());
        let (_other, other) = node();
        assert_eq!(running_components(&other), []);
    }

    #[test]
    fn another_node_and_another_program_are_not_found() {
        let (folder, root) = node();
        let path = folder.path().display();
        let _others = [
            Waiting::start("etcd", "--data-dir=/var/lib/etcd"),
            Waiting::start("etcd", &format!("--data-dir={path}-other/var/lib/etcd")),
            Waiting::start("etcdctl", &format!("{path}/var/lib/etcd")),
            Waiting::start("sleep", &format!("{path}/etcd")),
        ];
        assert_eq!(running_components(&root), []);
    }

    #[test]
    fn on_the_machine_itself_every_component_in_its_network_is_found() {
        let machine = Root::open(Path::new("/")).unwrap();
        let scheduler = Waiting::start("kube-scheduler", "--leader-elect=true");
        let found = running_components(&machine);
        let pid = scheduler.0.id();
        assert!(
            found
                .iter()
                .any(|component| component.pid == pid && component.name == "kube-scheduler"),
            "{found:?}"
        );
    }

    #[test]
    fn a_path_is_found_whole_and_nowhere_else() {
        let folder = Path::new("/srv/node");
        for argument in [
            "/srv/node",
            "/srv/node/",
            "--config=/srv/node/etc",
            "unix:///srv/node/run/sock",
            "--files=/a,/srv/node,/b",
        ] {
            assert!(names(argument.as_bytes(), folder), "{argument}");
        }
        for argument in [
            "",
            "/srv",
            "/srv/nodes/etc",
            "/other/srv/node-1",
            "/mnt/srv/node",
        ] {
            assert!(!names(argument.as_bytes(), folder), "{argument}");
        }
    }
}
