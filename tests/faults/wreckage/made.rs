//! Wrecks made after what was measured of kubeadm, one for each file and length.

use std::path::Path;

use super::judge;
use crate::bench::Bench;
use crate::pool::{chosen, each};
use crate::support::openssl::openssl;
use crate::support::tree::{Content, Tree};
use crate::template::Workplace;

/// The node that kubeadm makes when nothing is said: its files are the longest.
const NODE: &str = "rsa2048-stacked";
/// What a file system may have written of a file: whole sectors.
const SECTOR: usize = 512;
const SLICE: usize = 10;

#[derive(Debug)]
enum Wreck {
    /// The file, cut to so many bytes.
    Cut(String, usize),
    /// A new key beside the old certificate, both without their ending.
    NewKey(String),
    /// A new certificate beside the old key.
    NewCertificate(String),
}

#[test]
fn each_wreck_is_mended_or_named_and_the_rest_finished() {
    let bench = Bench::new(NODE);
    let files = files(&bench.template.tree);
    assert_eq!(files.len(), 18, "{files:?}");
    let mut wrecks = Vec::new();
    for file in &files {
        let size = bench.template.tree.entry(&format!("/{file}")).bytes().len();
        wrecks.extend(
            (0..size)
                .step_by(SECTOR)
                .map(|length| Wreck::Cut(file.clone(), length)),
        );
    }
    let stems = files.iter().filter_map(|file| file.strip_suffix(".crt"));
    for stem in stems {
        wrecks.push(Wreck::NewKey(stem.to_owned()));
        wrecks.push(Wreck::NewCertificate(stem.to_owned()));
    }
    let name = |wreck: &Wreck| format!("{wreck:?}");
    let wrecks = chosen(wrecks, SLICE, name);
    let tally = each(&wrecks, name, |_, wreck, workplace, tally| {
        bench.template.copy(&workplace.root());
        let names = wreck.make(workplace);
        judge(&name(wreck), &workplace.root(), &names, tally);
    });
    assert!(tally.outcomes.contains_key("mended"), "{tally:?}");
    tally.close("wrecks of kubeadm's 18 files: cut at each 512 bytes, pairs mixed");
}

/// What `kubeadm certs renew all` writes, beneath the root.
pub fn files(tree: &Tree) -> Vec<String> {
    let is_renewed = |path: &&str| {
        let Some(path) = path.strip_prefix("/etc/kubernetes/") else {
            return false;
        };
        let name = path.rsplit('/').next().unwrap();
        let ends = [".crt", ".key", ".conf"]
            .iter()
            .any(|end| name.ends_with(end));
        ends && !["ca.", "front-proxy-ca.", "sa.", "kubelet.conf"]
            .iter()
            .any(|start| name.starts_with(start))
    };
    let files = tree
        .paths()
        .filter(|path| matches!(tree.entry(path).content, Content::File(_)));
    files
        .filter(is_renewed)
        .map(|path| path.trim_start_matches('/').to_owned())
        .collect()
}

impl Wreck {
    /// Wrecks the node in the workplace; the files that are to be named.
    fn make(&self, workplace: &Workplace) -> Vec<String> {
        let root = workplace.root();
        match self {
            Self::Cut(file, length) => {
                let path = root.join(file);
                let file_handle = std::fs::OpenOptions::new().write(true).open(path).unwrap();
                file_handle.set_len((*length).try_into().unwrap()).unwrap();
                vec![file.clone()]
            }
            Self::NewKey(stem) => {
                new_key(&root.join(format!("{stem}.key")));
                vec![format!("{stem}.crt"), format!("{stem}.key")]
            }
            Self::NewCertificate(stem) => {
                let key = workplace.scratch().join("new.key");
                new_key(&key);
                sign(&root, stem, &key);
                vec![format!("{stem}.crt"), format!("{stem}.key")]
            }
        }
    }
}

/// Writes over the file at `path`: its mode stays.
fn new_key(path: &Path) {
    let key = openssl(&["genrsa", "-traditional", "2048"]).unwrap();
    std::fs::write(path, key).unwrap();
}

/// Writes a certificate for `key` over that of `stem`, with the same subject and names, from the CA that signed it.
fn sign(root: &Path, stem: &str, key: &Path) {
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let pki = root.join("etc/kubernetes/pki");
    let certificate = root.join(format!("{stem}.crt"));
    let authority = match stem {
        stem if stem.contains("etcd") => pki.join("etcd/ca"),
        stem if stem.contains("front-proxy") => pki.join("front-proxy-ca"),
        _ => pki.join("ca"),
    };
    let request = root.with_file_name("request");
    let (crt, ca_key) = (
        text(&authority.with_extension("crt")),
        text(&authority.with_extension("key")),
    );
    let (certificate, key, request) = (text(&certificate), text(key), text(&request));
    openssl(&[
        "x509",
        "-x509toreq",
        "-in",
        &certificate,
        "-key",
        &key,
        "-copy_extensions",
        "copyall",
        "-out",
        &request,
    ])
    .unwrap();
    let arguments = [
        "x509",
        "-req",
        "-in",
        &request,
        "-CA",
        &crt,
        "-CAkey",
        &ca_key,
        "-days",
        "365",
        "-set_serial",
        "7",
        "-copy_extensions",
        "copyall",
        "-out",
        &certificate,
    ];
    openssl(&arguments).unwrap();
}
