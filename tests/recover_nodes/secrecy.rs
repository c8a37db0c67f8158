//! No piece of a private key in anything that a run prints or keeps.

use crate::support::node::Node;
use crate::support::program::{Run, rekindle};
use crate::support::secrets::Secrets;
use crate::support::tree::{Content, Tree};

#[test]
fn no_piece_of_a_key_is_printed_or_written_down() {
    for name in [
        "rsa2048-stacked",
        "joined-control-plane",
        "pkcs8-keys",
        "embedded-kubelet",
    ] {
        let node = Node::materialize(name);
        let secrets = Secrets::of(&Tree::read(node.path()));
        let runs: [&[&str]; 7] = [
            &["check"],
            &["plan", "-o", "json"],
            &["recover", "--yes", "--reason", "test"],
            &["check", "-o", "json"],
            &["journal", "verify"],
            &["journal", "show"],
            &["recover", "--yes"],
        ];
        for arguments in runs {
            let Run { stdout, stderr, .. } = rekindle(node.path(), arguments);
            for output in [stdout, stderr] {
                assert!(
                    !secrets.are_in(output.as_bytes()),
                    "{name} {arguments:?}\n{output}"
                );
            }
        }
        let tree = Tree::read(node.path());
        let mut searched = 0;
        for path in tree
            .paths()
            .filter(|path| path.starts_with("/var/lib/rekindle/journal/"))
        {
            for text in layers(tree.entry(path).bytes()) {
                assert!(!secrets.are_in(&text), "{name} {path}");
            }
            searched += 1;
        }
        assert_eq!(searched, 2, "a journal and its checkpoint");
        // What must hold keys is closed to others.
        for path in tree
            .paths()
            .filter(|path| path.starts_with("/var/lib/rekindle"))
        {
            let entry = tree.entry(path);
            let open = entry.mode & 0o077 != 0;
            let secret = matches!(&entry.content, Content::File(bytes) if secrets.are_in(bytes));
            let folder = entry.content == Content::Folder;
            assert!(
                !open || !(secret || folder),
                "{name} {path} {:o}",
                entry.mode
            );
        }
    }
}

/// Ways to runs that make keys, and a shell script that ruins something before.
const KEYS_MADE: [(&str, &str, &[&str]); 4] = [
    ("rsa2048-stacked", "true", &["recover", "--yes", "--rekey"]),
    ("pkcs8-keys", "true", &["recover", "--yes", "--rekey", "-o", "json"]),
    ("embedded-kubelet", "true", &["recover", "--yes", "--rekey", "--only", "kubelet.conf,apiserver,admin.conf"]),
    (
        "ecdsa-p256-stacked",
        // Half a key is a part of one: what of it could be had is as secret as the whole.
        "cd etc/kubernetes; rm pki/apiserver.crt scheduler.conf; truncate -s 150 pki/etcd/server.key pki/front-proxy-client.key
         truncate -s -600 admin.conf; cat pki/sa.key >pki/etcd/peer.key",
        &["recover", "--yes"],
    ),
];

/// Neither of the old keys nor of the new ones, nor what tells one file of a key from another: its digest.
#[test]
fn no_piece_and_no_digest_of_a_key_is_told_of_that_was_replaced_or_made() {
    for (name, script, recover) in KEYS_MADE {
        let node = Node::materialize(name);
        let good = Tree::read(node.path());
        node.shell(script);
        let broken = Tree::read(node.path());
        let mut told: Vec<(String, Vec<u8>)> = Vec::new();
        for arguments in [
            &["check"][..],
            &["plan", "-o", "json"],
            &["plan", "--rekey"],
            recover,
            &["check", "-o", "json"],
            &["journal", "verify"],
            &["journal", "show"],
            &["backups", "list"],
        ] {
            let Run {
                stdout,
                stderr,
                code,
            } = rekindle(node.path(), arguments);
            assert!(
                matches!(code, Some(0 | 1)),
                "{name} {arguments:?} {stdout} {stderr}"
            );
            told.push((format!("{arguments:?}"), (stdout + &stderr).into_bytes()));
        }
        let after = Tree::read(node.path());
        for path in after
            .paths()
            .filter(|path| path.starts_with("/var/lib/rekindle/journal/"))
        {
            for layer in layers(after.entry(path).bytes()) {
                told.push((path.to_owned(), layer));
            }
        }
        assert!(told.len() > 20, "each line of a journal has its own");
        let all = [&good, &broken, &after];
        let secrets = [&good, &after].map(|tree| Secrets::of(&tree.without_state()));
        let marks: Vec<Vec<u8>> = all.iter().flat_map(|tree| marks(tree)).collect();
        assert!(marks.len() > 60, "{}", marks.len());
        for (place, bytes) in &told {
            let is_held = secrets.iter().any(|secrets| secrets.are_in(bytes));
            assert!(!is_held, "{name}: a key in {place}");
            let is_marked = marks
                .iter()
                .any(|mark| bytes.windows(mark.len()).any(|window| window == mark));
            assert!(!is_marked, "{name}: the digest of a key's file in {place}");
        }
        // The control: of other files there are digests.
        let admin = digest(after.entry("/etc/kubernetes/admin.conf").bytes());
        let admin = hexadecimal(&admin).into_bytes();
        let is_there = |bytes: &[u8]| bytes.windows(admin.len()).any(|window| window == admin);
        assert!(told.iter().any(|(_, bytes)| is_there(bytes)), "{name}");
    }
}

/// What the digest of a file that is a key, or should be one, may look like.
fn marks(tree: &Tree) -> Vec<Vec<u8>> {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

    let tree = tree.without_state();
    let keys = tree.paths().filter(|path| path.ends_with(".key"));
    let digests = keys.map(|path| digest(tree.entry(path).bytes()));
    digests
        .flat_map(|digest| {
            [
                hexadecimal(&digest).into_bytes(),
                hexadecimal(&digest).to_uppercase().into_bytes(),
                STANDARD_NO_PAD.encode(&digest).into_bytes(),
                URL_SAFE_NO_PAD.encode(&digest).into_bytes(),
                digest,
            ]
        })
        .collect()
}

fn digest(bytes: &[u8]) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA256, bytes)
        .as_ref()
        .to_vec()
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;

    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// A slip that makes a path, a name or a label of a key: `$key` is its base64, and `$pem` its file.
const SLIPS: [&str; 8] = [
    "sed -i 's/client-key-data:/client-key:/' etc/kubernetes/admin.conf",
    "sed -i \"s|client-certificate-data: .*|client-certificate: $key|\" etc/kubernetes/admin.conf",
    "sed -i \"s|current-context: .*|current-context: $key|\" etc/kubernetes/admin.conf",
    "sed -i \"s|user: kubernetes-admin|user: $key|\" etc/kubernetes/admin.conf",
    "sed -i \"s|-----BEGIN .*|-----BEGIN $key-----|\" etc/kubernetes/pki/apiserver.crt",
    "sed -i \"s|--tls-cert-file=.*|--tls-cert-file=$key|\" etc/kubernetes/manifests/kube-apiserver.yaml",
    "ln -sfn $key var/lib/kubelet/pki/kubelet-client-current.pem",
    "ln -sfn \"$(grep -v -e ----- $pem | tr -d '\\n/' | cut -c1-200)\" var/lib/kubelet/pki/kubelet-client-current.pem",
];

#[test]
fn a_key_that_stands_where_a_path_or_a_name_belongs_is_neither_printed_nor_written_down() {
    for slip in SLIPS {
        let node = Node::materialize("ecdsa-p256-stacked");
        let pem = node.read("/etc/kubernetes/pki/apiserver.key");
        let digits = {
            use base64::Engine;
            base64::engine::general_purpose::STANDARD.encode(&pem)
        };
        let embedded = String::from_utf8(node.read("/etc/kubernetes/admin.conf")).unwrap();
        let embedded = embedded.lines().find_map(|line| {
            let (_, digits) = line.split_once("client-key-data: ")?;
            Some(digits.to_owned())
        });
        let bare: String = String::from_utf8(pem)
            .unwrap()
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .collect();
        let forms = [
            digits.clone(),
            embedded.unwrap(),
            bare.replace('/', ""),
            bare,
        ];
        node.shell(&format!(
            "key={digits} pem=etc/kubernetes/pki/apiserver.key; {slip}"
        ));
        let shows = |text: &str| {
            forms.iter().any(|form| {
                let pieces = form.as_bytes().windows(16);
                pieces
                    .filter_map(|piece| std::str::from_utf8(piece).ok())
                    .any(|piece| text.contains(piece))
            })
        };
        for arguments in [
            &["check"][..],
            &["check", "-o", "json"],
            &["plan"],
            &["plan", "-o", "json"],
            &["recover", "--yes"],
            &[
                "recover",
                "--yes",
                "--only",
                "apiserver-kubelet-client,kubelet.conf",
            ],
            &["journal", "show"],
        ] {
            let Run { stdout, stderr, .. } = rekindle(node.path(), arguments);
            for output in [stdout, stderr] {
                assert!(!shows(&output), "{slip}: {arguments:?}\n{output}");
            }
        }
        let tree = Tree::read(node.path());
        for path in tree
            .paths()
            .filter(|path| path.starts_with("/var/lib/rekindle/journal/"))
        {
            for text in layers(tree.entry(path).bytes()) {
                assert!(!shows(&String::from_utf8_lossy(&text)), "{slip}: {path}");
            }
        }
    }
}

#[test]
fn the_search_finds_what_it_is_looking_for() {
    let node = Node::materialize("joined-control-plane");
    let tree = Tree::read(node.path());
    let secrets = Secrets::of(&tree);
    for path in tree
        .paths()
        .filter(|path| path.ends_with(".key") || path.ends_with(".conf"))
    {
        // The kubelet's kubeconfig names a file that has the key.
        let holds_key = !path.ends_with("kubelet.conf");
        let found = layers(tree.entry(path).bytes())
            .iter()
            .any(|text| secrets.are_in(text));
        assert_eq!(found, holds_key, "{path}");
    }
    for path in tree.paths().filter(|path| path.ends_with(".crt")) {
        assert!(!secrets.are_in(tree.entry(path).bytes()), "{path}");
    }
}

/// The bytes themselves, and what is in the long words of base64 within them.
fn layers(bytes: &[u8]) -> Vec<Vec<u8>> {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    let words = bytes
        .split(|byte| b" \n\"'".contains(byte))
        .filter(|word| word.len() > 64)
        .filter_map(|word| STANDARD.decode(word).ok());
    let mut layers = vec![bytes.to_vec()];
    // PEM has line breaks within its base64, and no JSON has.
    layers.push(
        bytes
            .iter()
            .copied()
            .filter(|byte| *byte != b'\n')
            .collect(),
    );
    for word in words {
        layers.push(word.iter().copied().filter(|byte| *byte != b'\n').collect());
        layers.push(word);
    }
    layers
}
