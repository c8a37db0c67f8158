//! Programs of Kubernetes, where this machine has them.

use std::path::PathBuf;

use crate::support::api_server::programs;

/// Those that pages name: a story finds them in its search path.
pub const KUBERNETES: [&str; 5] = ["kubectl", "kubeadm", "kubelet", "etcd", "etcdctl"];
/// Those that a control plane consists of, in the order in which they are started.
pub const CONTROL_PLANE: [&str; 4] = [
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
];

/// What is not on every machine: where it is missing, the commands that begin with it are skipped.
const OPTIONAL: [&str; 11] = [
    "kubectl",
    "kubeadm",
    "etcdctl",
    "chattr",
    "dmesg",
    "fuser",
    "journalctl",
    "lsattr",
    "lsof",
    "ps",
    "who",
];

/// The optional programs that a command starts.
pub fn optional_in(command: &str) -> impl Iterator<Item = &'static str> {
    let words: Vec<&str> = command.split_whitespace().collect();
    OPTIONAL.into_iter().filter(move |program| {
        (0..words.len()).any(|at| {
            let is_first = at == 0 || words[at - 1].ends_with([';', '|', '&', '(']);
            words[at].trim_start_matches(['$', '(']) == *program
                && (is_first || words[at] != *program)
        })
    })
}

/// `KUBE_BIN_DIR` or the cache of the rehearsals, and the search path.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = programs(&[program])
        .into_iter()
        .chain(std::env::split_paths(&path));
    folders
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}
