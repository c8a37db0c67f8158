//! Keys and the certificates beside them.

use std::collections::BTreeMap;

use crate::judge::Damage;
use crate::support::der::{Lasting, of_pem};
use crate::support::leaf::{Leaf, leaves};
use crate::support::tree::Tree;

/// The pairs of a node, by the file of the certificate.
pub struct Pairs(BTreeMap<String, Pair>);

#[derive(PartialEq, Eq)]
struct Pair {
    public: Vec<u8>,
    secret: Vec<u8>,
}

impl Pairs {
    /// Collects the pairs in `tree`, which must be good ones: whether they are, openssl says in `tests/recover_nodes`.
    pub fn of(tree: &Tree) -> Self {
        let leaves = leaves(&tree.without_staged());
        Self(
            leaves
                .iter()
                .map(|leaf| (name(leaf), Pair::of(leaf)))
                .collect(),
        )
    }

    /// Holds the pairs in `tree` against these: the public key in each certificate and the key beside it are the same.
    pub fn check(&self, tree: &Tree, damage: &mut Damage) {
        let mut now = Self::of(tree).0;
        for (name, before) in &self.0 {
            if now.remove(name).as_ref() != Some(before) {
                damage.mixed += 1;
                damage
                    .words
                    .push(format!("{name}: key and certificate do not fit"));
            }
        }
        for name in now.keys() {
            damage.words.push(format!("{name} is one more certificate"));
        }
    }
}

/// The kubelet's certificate moves to a new file.
fn name(leaf: &Leaf) -> String {
    match leaf.file.split_once("/kubelet-client-") {
        Some((folder, _)) => format!("{folder}/kubelet-client"),
        None => leaf.file.clone(),
    }
}

impl Pair {
    fn of(leaf: &Leaf) -> Self {
        let (der, _) = of_pem(&leaf.certificate, "CERTIFICATE").unwrap();
        let key = ["RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY"]
            .iter()
            .find_map(|label| of_pem(&leaf.key, label));
        Self {
            // Version, algorithm, subject, public key.
            public: Lasting::of(&der).rest[3].clone(),
            secret: key.unwrap().0,
        }
    }
}

/// Whether the private key in `key` is that of the certificate in `certificate`, both PEM; not if one of them is no such.
pub fn fit(certificate: &str, key: &str) -> bool {
    use std::io::Write;
    use std::process::{Command, Stdio};

    let public = |arguments: &[&str], text: &str| {
        let mut openssl = Command::new("openssl");
        openssl
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = openssl.spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        output.status.success().then_some(output.stdout)
    };
    let of_certificate = public(&["x509", "-noout", "-pubkey"], certificate);
    of_certificate.is_some() && of_certificate == public(&["pkey", "-pubout"], key)
}
