//! Keys and the certificates beside them.

use std::collections::BTreeMap;

use crate::judge::Damage;
use crate::support::der::{Lasting, of_pem, public_key_of};
use crate::support::leaf::{Leaf, whole_leaves};
use crate::support::tree::Tree;

/// The pairs of a node, by the file of the certificate.
pub struct Pairs(BTreeMap<String, Pair>);

#[derive(PartialEq, Eq)]
struct Pair {
    /// That of the certificate.
    public: Vec<u8>,
    secret: Vec<u8>,
    /// That of the secret one.
    half: Option<Vec<u8>>,
}

impl Pairs {
    /// Collects the pairs in `tree`: whether they are good, openssl says in `tests/recover_nodes`. One that lost a half is none.
    pub fn of(tree: &Tree) -> Self {
        let leaves = whole_leaves(&tree.without_staged());
        let pairs = leaves
            .iter()
            .filter_map(|leaf| Some((name(leaf), Pair::of(leaf)?)));
        Self(pairs.collect())
    }

    /// Holds the pairs in `tree` against these: each is the same pair, or one that a run which has `targets` made new; and then the
    /// public key in the certificate is that of the key beside it. Only while that run is under way one half may wait for the other.
    pub fn check(
        &self,
        tree: &Tree,
        targets: &dyn Fn(&str) -> bool,
        is_under_way: bool,
        damage: &mut Damage,
    ) {
        let leaves = whole_leaves(&tree.without_staged());
        let mut gone: Vec<&String> = self.0.keys().collect();
        for leaf in &leaves {
            let (name, now) = (name(leaf), Pair::of(leaf));
            gone.retain(|known| **known != name);
            let before = self.0.get(&name);
            let is_target =
                targets(&leaf.file) || leaf.file.ends_with(".crt") && targets(&key_of(&leaf.file));
            let is_good = match (&now, before) {
                (Some(now), Some(before)) if now == before => true,
                (Some(now), _) => is_target && (is_under_way || now.fits()),
                // It was of no use before.
                (None, None) => true,
                (None, Some(_)) => false,
            };
            if !is_good {
                damage.mixed += 1;
                damage
                    .words
                    .push(format!("{name}: key and certificate do not fit"));
            }
        }
        for name in gone {
            damage.mixed += 1;
            damage.words.push(format!("{name} is no pair any more"));
        }
    }
}

fn key_of(certificate: &str) -> String {
    format!("{}.key", certificate.trim_end_matches(".crt"))
}

/// The kubelet's certificate moves to a new file.
fn name(leaf: &Leaf) -> String {
    match leaf.file.split_once("/kubelet-client-") {
        Some((folder, _)) => format!("{folder}/kubelet-client"),
        None => leaf.file.clone(),
    }
}

impl Pair {
    fn of(leaf: &Leaf) -> Option<Self> {
        let (der, _) = of_pem(&leaf.certificate, "CERTIFICATE")?;
        let key = ["RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY"]
            .iter()
            .find_map(|label| of_pem(&leaf.key, label));
        Some(Self {
            // Version, algorithm, subject, public key.
            public: Lasting::of(&der).rest[3].clone(),
            secret: key?.0,
            half: public_key_of(&leaf.key),
        })
    }

    fn fits(&self) -> bool {
        self.half.as_ref() == Some(&self.public)
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
