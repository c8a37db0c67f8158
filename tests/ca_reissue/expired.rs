//! Nodes whose authorities have expired: the same keys, subjects and extensions, other dates, in every file that has them.

use std::fs;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::node::Node;
use crate::support::openssl::openssl;
use crate::support::tree::{Content, Tree};

/// The names of the three, and what is said to confirm that all of them get new dates.
pub const ALL: &str = "ca,etcd-ca,front-proxy-ca";

/// `ca reissue` for all three.
pub const REISSUE: [&str; 5] = ["ca", "reissue", "--yes", "--confirm", ALL];

/// An authority that has expired.
pub struct Expired {
    /// The file of its certificates.
    pub file: String,
    /// The file of its key.
    pub key: String,
    /// Its certificate, PEM without anything around it.
    pub certificate: String,
}

/// The node of that name, its authorities expired five days ago.
pub fn node(name: &str) -> (Node, Vec<Expired>) {
    let node = Node::materialize(name);
    let folder = if name == "kubespray-ssl" {
        "ssl"
    } else {
        "pki"
    };
    let expired = ["ca", "etcd/ca", "front-proxy-ca"]
        .map(|stem| format!("/etc/kubernetes/{folder}/{stem}"))
        .into_iter()
        .filter(|stem| node.file(&format!("{stem}.key")).exists())
        .map(|stem| expire(&node, &stem))
        .collect();
    (node, expired)
}

/// Signs the certificate that fits the key once more, for ten years that are over, and puts it everywhere.
fn expire(node: &Node, stem: &str) -> Expired {
    let (file, key) = (format!("{stem}.crt"), format!("{stem}.key"));
    let bundle = String::from_utf8(node.read(&file)).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let (old, new) = (scratch.path().join("old"), scratch.path().join("new"));
    let public = public_half(node, &key);
    let own = blocks(&bundle).into_iter().find(|block| {
        fs::write(&old, block).unwrap();
        openssl(&["x509", "-in", old.to_str().unwrap(), "-noout", "-pubkey"]).unwrap() == public
    });
    let own = own.unwrap_or_else(|| panic!("{file}: no certificate of {key}"));
    let algorithm = openssl(&["x509", "-in", old.to_str().unwrap(), "-noout", "-text"]).unwrap();
    let digest = if algorithm.contains("ecdsa-with-SHA384") {
        "-sha384"
    } else {
        "-sha256"
    };
    let status = Command::new("faketime")
        .args(["-f", "-3660d", "openssl", "x509", "-days", "3655", digest])
        .args(["-set_serial", "4096", "-in"])
        .arg(&old)
        .arg("-signkey")
        .arg(node.file(&key))
        .arg("-out")
        .arg(&new)
        .output()
        .unwrap();
    assert!(status.status.success(), "{status:?}");
    let certificate = fs::read_to_string(&new).unwrap();
    exchange(node, &own, &certificate);
    Expired {
        file,
        key,
        certificate,
    }
}

/// Puts `new` for `old` in every file, and in every kubeconfig.
pub fn exchange(node: &Node, old: &str, new: &str) {
    let tree = Tree::read(node.path());
    for path in tree.paths() {
        let Some(Content::File(bytes)) = tree.get(path).map(|entry| &entry.content) else {
            continue;
        };
        let text = String::from_utf8_lossy(bytes).into_owned();
        let mut exchanged = text.replace(old, new);
        for line in text.lines() {
            let Some((_, data)) = line.split_once("certificate-authority-data: ") else {
                continue;
            };
            let pem = String::from_utf8(STANDARD.decode(data.trim()).unwrap()).unwrap();
            exchanged = exchanged.replace(data, &STANDARD.encode(pem.replace(old, new)));
        }
        if exchanged != text {
            node.write(path, exchanged);
        }
    }
}

/// The certificates of a PEM text, each with its armour and its last newline.
pub fn blocks(text: &str) -> Vec<String> {
    let end = "-----END CERTIFICATE-----\n";
    text.split_inclusive(end)
        .filter_map(|part| {
            let begin = part.find("-----BEGIN CERTIFICATE-----")?;
            Some(part[begin..].to_owned())
        })
        .collect()
}

/// The public half of the key at a node path.
pub fn public_half(node: &Node, key: &str) -> String {
    crate::support::openssl::public_half(&node.file(key))
}

/// What is written in a file of the node, base64 of kubeconfigs decoded: where to look for a certificate.
pub fn layers(text: &str) -> Vec<String> {
    let data = text.lines().filter_map(|line| {
        let (_, data) = line.split_once("certificate-authority-data: ")?;
        String::from_utf8(STANDARD.decode(data.trim()).ok()?).ok()
    });
    let mut layers: Vec<String> = data.collect();
    layers.push(text.to_owned());
    layers
}

/// The files outside the state folder that have the certificate, in whatever form.
pub fn holders(tree: &Tree, certificate: &str) -> Vec<String> {
    let tree = tree.without_state();
    tree.paths()
        .filter(|path| {
            let Some(Content::File(bytes)) = tree.get(path).map(|entry| &entry.content) else {
                return false;
            };
            let text = String::from_utf8_lossy(bytes);
            // Of the text, the second line is enough: whatever the armour around it is.
            let line = certificate.lines().nth(5).unwrap();
            layers(&text).iter().any(|layer| layer.contains(line))
        })
        .map(str::to_owned)
        .collect()
}
