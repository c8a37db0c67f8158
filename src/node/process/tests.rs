//! Looks for processes that the tests start, and for none but these.

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
    let found = running_components(&root);
    let [found] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!((found.pid, found.name.as_str()), (etcd.0.id(), "etcd"));
    assert_eq!(found.arguments[0], "/usr/local/bin/etcd");
    assert_eq!(found.arguments.last(), Some(&argument));
    assert!(found.certain);
    assert_eq!(running_components(&root), std::slice::from_ref(found));
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

/// As a container's, and as one within a node that is a container itself (kind on the host's network).
#[test]
fn a_component_is_at_most_one_process_namespace_below_and_the_kubelet_none() {
    if !crate::node::is_root() {
        println!("skipped: only root can make a process namespace");
        return;
    }
    let machine = Root::open(Path::new("/")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let found = |program: &str, levels: usize| {
        let copy = folder.path().join(program);
        // By another process: one that we had open for writing could not be started while a sibling test forks.
        let copied = Command::new("cp").arg("/bin/sh").arg(&copy).status();
        assert!(copied.unwrap().success());
        let mut command = Command::new("env");
        for _ in 0..levels {
            command.args(["unshare", "--pid", "--fork", "--kill-child"]);
        }
        command.arg(&copy).args(["-c", SCRIPT]);
        let _waiting = Waiting::started(command);
        let program = copy.to_string_lossy();
        running_components(&machine)
            .into_iter()
            .find(|component| component.arguments[0] == program)
    };
    for (program, levels, expected) in [
        ("kubelet", 0, true),
        ("kube-apiserver", 0, true),
        ("kube-apiserver", 1, true),
        ("etcd", 2, false),
        ("kubelet", 1, false),
    ] {
        let found = found(program, levels);
        assert_eq!(found.is_some(), expected, "{program} {levels}: {found:?}");
        assert!(found.is_none_or(|found| found.certain));
    }
}

#[test]
fn a_component_in_another_network_is_not_found() {
    if !crate::node::is_root() {
        println!("skipped: only root can make a network namespace");
        return;
    }
    let machine = Root::open(Path::new("/")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("etcd");
    let copied = Command::new("cp").arg("/bin/sh").arg(&copy).status();
    assert!(copied.unwrap().success());
    let mut command = Command::new("unshare");
    command.arg("--net").arg(&copy).args(["-c", SCRIPT]);
    let etcd = Waiting::started(command);
    let pid = etcd.0.id();
    let found = running_components(&machine);
    assert!(found.iter().all(|found| found.pid != pid), "{found:?}");
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
