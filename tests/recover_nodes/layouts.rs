//! Nodes laid out otherwise than kubeadm does by itself: a recovery ends with 0, and openssl accepts every certificate where it lies.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::support::leaf::embedded;
use crate::support::namespace;
use crate::support::node::Node;
use crate::support::openssl;
use crate::support::program::rekindle;
use crate::support::tree::{Content, Tree};

const NODE: &str = "ecdsa-p256-stacked";
const PKI: &str = "/etc/kubernetes/pki";
/// Stem below the folder of certificates, who signs it, what it is for.
const PAIRS: [(&str, &str, &str); 7] = [
    ("apiserver", "ca", "sslserver"),
    ("apiserver-kubelet-client", "ca", "sslclient"),
    ("apiserver-etcd-client", "etcd/ca", "sslclient"),
    ("front-proxy-client", "front-proxy-ca", "sslclient"),
    ("etcd/server", "etcd/ca", "sslserver"),
    ("etcd/peer", "etcd/ca", "sslclient"),
    ("etcd/healthcheck-client", "etcd/ca", "sslclient"),
];
const KUBECONFIGS: [&str; 4] = ["admin", "super-admin", "controller-manager", "scheduler"];

/// Everything is valid, by the program and by openssl.
fn judge(node: &Node) {
    rekindle(node.path(), &["check"]).expect(0);
    judge_pairs(&node.file(PKI), |stem| PathBuf::from(format!("{stem}.crt")));
    let scratch = tempfile::tempdir().unwrap();
    for name in KUBECONFIGS {
        let file = scratch.path().join(name);
        let kubeconfig = node.read(&format!("/etc/kubernetes/{name}.conf"));
        let kubeconfig = String::from_utf8(kubeconfig).unwrap();
        let leaf = embedded(&kubeconfig, "client-certificate-data").unwrap();
        std::fs::write(&file, leaf).unwrap();
        let authority = node.file(&format!("{PKI}/ca.crt"));
        assert_eq!(openssl::verify(&file, &authority, "sslclient"), Ok(()));
    }
    let link = node.file("/var/lib/kubelet/pki/kubelet-client-current.pem");
    let dated = std::fs::read_link(link).unwrap();
    let pem = node.file(dated.to_str().unwrap());
    let authority = node.file(&format!("{PKI}/ca.crt"));
    assert_eq!(openssl::verify(&pem, &authority, "sslclient"), Ok(()));
}

/// The pairs of files below that folder, each where `place` says.
fn judge_pairs(pki: &Path, place: impl Fn(&str) -> PathBuf) {
    for (stem, authority, purpose) in PAIRS {
        let leaf = pki.join(place(stem));
        let authority = pki.join(authority).with_extension("crt");
        assert_eq!(
            openssl::verify(&leaf, &authority, purpose),
            Ok(()),
            "{stem}"
        );
    }
}

#[test]
fn certificates_behind_a_link() {
    for link in ["/srv/kubernetes/pki", "../../srv/kubernetes/pki"] {
        let node = Node::materialize(NODE);
        node.shell(&format!(
            "mkdir -p srv/kubernetes; mv etc/kubernetes/pki srv/kubernetes/pki; ln -s {link} etc/kubernetes/pki"
        ));
        let run = rekindle(node.path(), &["recover", "--yes"]).expect(0);
        assert_eq!(run.stderr, "");
        let tree = Tree::read(node.path());
        assert_eq!(tree.entry(PKI).destination(), Path::new(link));
        // Outside of the node an absolute link leads elsewhere: judged where the files are.
        node.shell("rm etc/kubernetes/pki; ln -s ../../srv/kubernetes/pki etc/kubernetes/pki");
        judge(&node);
        // What was staged went to where the files are, and nothing of it is left.
        assert_eq!(tree, Tree::without_staged(&tree), "{link}");
        rekindle(node.path(), &["journal", "verify"]).expect(0);
    }
}

/// Each file by itself, as certificate managers leave them: the link stays, the file behind it is replaced.
#[test]
fn single_files_behind_links() {
    let node = Node::materialize(NODE);
    node.shell(
        "mkdir -p srv/live; cd etc/kubernetes/pki
        for name in apiserver.crt apiserver.key etcd/peer.crt; do
            mv $name ../../../srv/live/; ln -s /srv/live/${name#etcd/} $name
        done",
    );
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    let tree = Tree::read(node.path());
    for (link, file) in [
        ("apiserver.crt", "/srv/live/apiserver.crt"),
        ("apiserver.key", "/srv/live/apiserver.key"),
        ("etcd/peer.crt", "/srv/live/peer.crt"),
    ] {
        let entry = tree.entry(&format!("{PKI}/{link}"));
        assert_eq!(entry.destination(), Path::new(file));
    }
    rekindle(node.path(), &["check"]).expect(0);
    judge_pairs(&node.file(PKI), |stem| match stem {
        "apiserver" | "etcd/peer" => {
            let name = stem.trim_start_matches("etcd/");
            node.file(&format!("/srv/live/{name}.crt"))
        }
        other => PathBuf::from(format!("{other}.crt")),
    });
}

/// A backup lies on the root's file system, a staged file beside its target: nothing is ever renamed across.
#[test]
fn certificates_on_a_file_system_of_their_own() {
    let node = Node::materialize(NODE);
    let script = r#"
        cp -a "$1/etc/kubernetes/pki" "$1/keep"
        mount -t tmpfs -o mode=755 tmpfs "$1/etc/kubernetes/pki"
        cp -a "$1/keep/." "$1/etc/kubernetes/pki"
        mkdir "$1/etc/kubernetes/pki/lost+found"; chmod 700 "$1/etc/kubernetes/pki/lost+found"
        rm -r "$1/keep"
        "$0" --root "$1" recover --yes >&2
        "$0" --root "$1" check >&2
        RUN=$(ls "$1/var/lib/rekindle/backups")
        cp -a "$1/etc/kubernetes/pki" "$1/recovered"
        "$0" --root "$1" rollback "$RUN" --yes >&2
        cp -a "$1/etc/kubernetes/pki" "$1/rolled-back"
    "#;
    let Some(run) = namespace::run(script, node.path()) else {
        println!("skipped: a mount namespace is not permitted here");
        return;
    };
    run.expect(0);
    judge_pairs(&node.file("/recovered"), |stem| {
        PathBuf::from(format!("{stem}.crt"))
    });
    // Below the mount nothing was written.
    for (stem, _, _) in PAIRS {
        let path = format!("{PKI}/{stem}.crt");
        let below = node.read(&path);
        assert_eq!(
            below,
            node.read(&format!("/rolled-back/{stem}.crt")),
            "{stem}"
        );
    }
}

#[test]
fn certificates_in_subfolders_that_flags_name() {
    let node = Node::materialize(NODE);
    // Certificate and key of one pair need not lie together, or end in .crt and .key.
    node.shell(
        "cd etc/kubernetes
        place() {
            mkdir -p pki/$1 pki/private
            mv pki/$1.crt pki/$1/tls.pem; mv pki/$1.key pki/private/$(basename $1)-key.pem
            sed -i \"s|/etc/kubernetes/pki/$1.crt|/etc/kubernetes/pki/$1/tls.pem|
                s|/etc/kubernetes/pki/$1.key|/etc/kubernetes/pki/private/$(basename $1)-key.pem|\" manifests/*.yaml
        }
        place apiserver; place apiserver-kubelet-client; place apiserver-etcd-client; place front-proxy-client
        place etcd/server; place etcd/peer; chmod 700 pki/private",
    );
    let before = Tree::read(node.path());
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    rekindle(node.path(), &["check"]).expect(0);
    judge_pairs(&node.file(PKI), |stem| match stem {
        "etcd/healthcheck-client" => "etcd/healthcheck-client.crt".into(),
        other => PathBuf::from(format!("{other}/tls.pem")),
    });
    let after = Tree::read(node.path()).without_state();
    for path in before.paths().filter(|path| path.contains("/private/")) {
        assert_eq!(before.entry(path), after.entry(path), "{path}");
    }
    // Nothing was put where kubeadm would have it.
    assert!(after.get(&format!("{PKI}/apiserver.crt")).is_none());
}

/// A security module such as `SELinux` keeps a file's label in `security.selinux`; the new file is another inode, and must bear the same one.
#[test]
fn labels_of_a_security_module_are_kept() {
    const LABELS: [(&str, &[u8]); 2] = [
        (
            "security.selinux",
            b"system_u:object_r:kubernetes_file_t:s0\0",
        ),
        ("user.note", b"kept"),
    ];
    let node = Node::materialize(NODE);
    let files = |node: &Node| -> Vec<PathBuf> {
        let tree = Tree::read(node.path()).without_state();
        let is_file = |path: &&str| matches!(tree.entry(path).content, Content::File(_));
        tree.paths()
            .filter(is_file)
            .map(|path| node.file(path))
            .collect()
    };
    let labels: Vec<_> = LABELS
        .into_iter()
        .filter(|(name, value)| {
            let set = files(&node)
                .iter()
                .try_for_each(|file| xattr::set(file, name, value));
            if let Err(error) = &set {
                println!("skipped: {name} cannot be set here: {error}");
            }
            set.is_ok()
        })
        .collect();
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    for file in files(&node) {
        for (name, value) in &labels {
            let found = xattr::get(&file, name).unwrap();
            assert_eq!(found.as_deref(), Some(*value), "{}: {name}", file.display());
        }
    }
    let run = std::fs::read_dir(node.file("/var/lib/rekindle/backups")).unwrap();
    let run = run.last().unwrap().unwrap().file_name();
    rekindle(node.path(), &["rollback", run.to_str().unwrap(), "--yes"]).expect(0);
    let back: BTreeMap<_, _> = files(&node)
        .into_iter()
        .map(|file| {
            (
                labels
                    .iter()
                    .map(|(name, _)| xattr::get(&file, name).unwrap())
                    .collect::<Vec<_>>(),
                file,
            )
        })
        .collect();
    let expected: Vec<_> = labels
        .iter()
        .map(|(_, value)| Some(value.to_vec()))
        .collect();
    assert_eq!(back.keys().collect::<Vec<_>>(), [&expected]);
}

/// The root was exchanged: its old certificate is still trusted, first in the bundle, and has the same name. What it had
/// signed is signed by the new one, whose key is here, and is good without the old one.
#[test]
fn leaves_of_an_old_root_are_signed_by_the_one_whose_key_is_here() {
    let node = Node::materialize("ca-bundle");
    node.shell(
        "cd etc/kubernetes/pki
        openssl ecparam -name prime256v1 -genkey -noout -out old.key
        openssl req -x509 -new -key old.key -subj /CN=kubernetes -days 3650 -out old.crt \\
            -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -addext subjectKeyIdentifier=hash
        printf 'basicConstraints=critical,CA:FALSE\nsubjectKeyIdentifier=none\nauthorityKeyIdentifier=keyid\n' >common
        for name in apiserver apiserver-kubelet-client; do
            [ $name = apiserver ] && usage=serverAuth || usage=clientAuth
            { cat common; echo extendedKeyUsage=$usage; } >extensions
            [ $name = apiserver ] && echo subjectAltName=DNS:api.example.test,IP:192.0.2.10,IP:10.96.0.1 >>extensions
            openssl req -new -key $name.key -subj /CN=kube-$name -out request.csr
            openssl x509 -req -in request.csr -CA old.crt -CAkey old.key -days 1 -out signed.crt -extfile extensions 2>&1
            cat signed.crt >$name.crt
        done
        awk '/BEGIN/ { number++ } number == 2' ca.crt >new.pem
        cat old.crt new.pem >ca.crt
        rm old.key old.crt common extensions request.csr signed.crt",
    );
    let new = node.file(&format!("{PKI}/new.pem"));
    let leaf = node.file(&format!("{PKI}/apiserver.crt"));
    assert!(openssl::verify(&leaf, &new, "sslserver").is_err());
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    rekindle(node.path(), &["check"]).expect(0);
    for (stem, authority, purpose) in PAIRS {
        let authority = match authority {
            "ca" => new.clone(),
            other => node.file(&format!("{PKI}/{other}.crt")),
        };
        let leaf = node.file(&format!("{PKI}/{stem}.crt"));
        assert_eq!(
            openssl::verify(&leaf, &authority, purpose),
            Ok(()),
            "{stem}"
        );
    }
    let bundle = node.read(&format!("{PKI}/ca.crt"));
    let bundle = String::from_utf8(bundle).unwrap();
    assert_eq!(bundle.matches("BEGIN CERTIFICATE").count(), 2);
}
