//! Programs of Kubernetes that pages name, where this machine has them.

use std::path::PathBuf;

/// Those that a story finds in its search path.
pub const KUBERNETES: [&str; 4] = ["kubectl", "kubeadm", "etcd", "etcdctl"];

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

/// `KUBE_BIN_DIR`, the cache of the rehearsals, that of etcd, and the search path.
pub fn find(program: &str) -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    folders.extend(std::env::var_os("KUBE_BIN_DIR").map(PathBuf::from));
    let caches = std::env::var_os("XDG_CACHE_HOME").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache"),
        PathBuf::from,
    );
    let kept = std::fs::read_dir(caches.join("rekindle/rehearsal"))
        .into_iter()
        .flatten();
    let mut kept: Vec<PathBuf> = kept.flatten().map(|entry| entry.path()).collect();
    kept.sort();
    folders.extend(kept.into_iter().rev());
    folders.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    folders
        .into_iter()
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}
