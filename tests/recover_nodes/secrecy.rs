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
