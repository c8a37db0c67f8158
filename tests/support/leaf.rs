//! The certificates of a node that are not authorities, found by looking at the files.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::tree::{Content, Entry, Tree};

/// One certificate that somebody logs on or serves with.
pub struct Leaf {
    /// The file that holds it, a node path; where that is behind a link, the file and not the link.
    pub file: String,
    /// What may be done with it, in openssl's words.
    pub purposes: &'static [&'static str],
    /// The file with the authority that signs it; `None` where it signs itself.
    pub authority: Option<String>,
    /// The certificate, PEM, perhaps with a chain.
    pub certificate: String,
    /// Its private key, PEM.
    pub key: String,
}

/// Every leaf in `tree`; the copies in a backup are none. Each certificate must have a key.
pub fn leaves(tree: &Tree) -> Vec<Leaf> {
    let leaves = whole_leaves(tree);
    let without_key = tree.without_state();
    let certificates = without_key
        .paths()
        .filter(|path| path.ends_with(".crt") && !path.ends_with("ca.crt"));
    for path in certificates {
        assert!(
            leaves.iter().any(|leaf| leaf.file == path),
            "{path} has no key"
        );
    }
    leaves
}

/// The same where some certificates may have no key.
pub fn whole_leaves(tree: &Tree) -> Vec<Leaf> {
    let tree = &tree.without_state();
    let folder = ["/etc/kubernetes/pki", "/etc/kubernetes/ssl"]
        .into_iter()
        .find(|folder| tree.get(&format!("{folder}/ca.crt")).is_some())
        .expect("a cluster CA");
    let mut leaves = Vec::new();
    for path in tree.paths() {
        if !matches!(
            tree.get(path).map(|entry| &entry.content),
            Some(Content::File(_))
        ) {
            continue;
        }
        let authority = |name: &str| Some(format!("{folder}/{name}"));
        if let Some(stem) = path.strip_suffix(".crt") {
            let name = stem.rsplit('/').next().unwrap();
            let (purposes, authority): (&'static [&str], _) = match name {
                "ca" | "front-proxy-ca" => continue,
                "apiserver" => (&["sslserver"], authority("ca.crt")),
                "server" | "peer" => (&["sslserver", "sslclient"], authority("etcd/ca.crt")),
                "healthcheck-client" | "apiserver-etcd-client" => {
                    (&["sslclient"], authority("etcd/ca.crt"))
                }
                "front-proxy-client" => (&["sslclient"], authority("front-proxy-ca.crt")),
                "apiserver-kubelet-client" => (&["sslclient"], authority("ca.crt")),
                "kubelet" => (&["sslserver"], None),
                other => panic!("an unexpected certificate: {other}"),
            };
            if let Some(key) = tree.get(&format!("{stem}.key")) {
                leaves.push(Leaf {
                    file: path.to_owned(),
                    purposes,
                    authority,
                    certificate: text(tree.entry(path)),
                    key: text(key),
                });
            }
        } else if path.ends_with(".conf") {
            let text = text(tree.entry(path));
            let credential = ["client-certificate-data", "client-key-data"];
            if let [Some(certificate), Some(key)] = credential.map(|field| embedded(&text, field)) {
                leaves.push(Leaf {
                    file: path.to_owned(),
                    purposes: &["sslclient"],
                    authority: authority("ca.crt"),
                    certificate,
                    key,
                });
            }
        }
    }
    if let Some(link) = tree.get("/var/lib/kubelet/pki/kubelet-client-current.pem") {
        let file = link.destination().to_str().unwrap().to_owned();
        let text = text(tree.entry(&file));
        leaves.push(Leaf {
            file,
            purposes: &["sslclient"],
            authority: Some(format!("{folder}/ca.crt")),
            certificate: text.clone(),
            key: text,
        });
    }
    leaves
}

/// The value of a `…-data` field of a kubeconfig with one user.
pub fn embedded(kubeconfig: &str, field: &str) -> Option<String> {
    let value = kubeconfig.lines().find_map(|line| {
        let (name, value) = line.trim().split_once(':')?;
        (name == field).then_some(value)
    })?;
    let value = value.trim().trim_matches(['"', '\'']);
    let bytes = STANDARD.decode(value).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The text of a file in which somebody may have put a byte that is none.
fn text(entry: &Entry) -> String {
    String::from_utf8_lossy(entry.bytes()).into_owned()
}

impl Leaf {
    /// Writes certificate and key to two files in `folder`, for openssl to read.
    pub fn write(&self, folder: &Path) -> (PathBuf, PathBuf) {
        let paths = (folder.join("leaf.crt"), folder.join("leaf.key"));
        std::fs::write(&paths.0, &self.certificate).unwrap();
        std::fs::write(&paths.1, &self.key).unwrap();
        paths
    }
}
