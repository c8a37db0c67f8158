//! From a control plane to a worker, with openssl as the judge of what arrives.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::openssl::{openssl, verify};
use crate::support::program::rekindle;
use crate::support::tree::{Content, Tree};
use crate::support::worker::{Cluster, LINK, MACHINE_ID, WORKER, install};
use crate::{NODE, is_untouched};

#[test]
fn what_arrives_is_a_credential_of_that_kubelet_and_nothing_else_changes() {
    for node in [NODE, "rsa2048-stacked", "ca-bundle", "corporate-dn"] {
        // The first certificate of that bundle is not the one that fits the key, which openssl takes.
        let cluster = if node == "ca-bundle" {
            let cluster = Cluster::of("rsa2048-stacked");
            cluster.worker.edit("/etc/kubernetes/pki/ca.crt", |own| {
                let other = crate::support::node::Node::materialize(NODE);
                String::from_utf8(other.read("/etc/kubernetes/pki/ca.crt")).unwrap() + &own
            });
            cluster
        } else {
            Cluster::of(node)
        };
        let before = Tree::read(cluster.worker.path());
        let old = before.entry(LINK).destination().to_owned();
        let bundle = cluster.issue();
        let run = cluster.install(&bundle).expect(0);
        assert!(
            run.stdout.starts_with("Installed the credential of w-1"),
            "{run:?}"
        );
        assert!(run.stdout.contains("kubectl get node w-1"), "{run:?}");
        assert_eq!(run.stderr, "");

        let after = Tree::read(cluster.worker.path());
        let new = after.entry(LINK).destination().to_owned();
        assert!(new > old, "{}", new.display());
        let new = new.to_str().unwrap();
        let path = cluster.worker.file(new);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o7777,
            0o600
        );
        let authority = cluster.plane.file("/etc/kubernetes/pki/ca.crt");
        verify(&path, &authority, "sslclient").unwrap();
        let file = path.to_str().unwrap();
        let subject = openssl(&[
            "x509", "-in", file, "-noout", "-subject", "-nameopt", "RFC2253",
        ]);
        assert_eq!(
            subject.unwrap(),
            "subject=CN=system:node:w-1,O=system:nodes\n"
        );
        let of_key = openssl(&["pkey", "-in", file, "-pubout"]).unwrap();
        let of_certificate = openssl(&["x509", "-in", file, "-noout", "-pubkey"]).unwrap();
        assert_eq!(of_key, of_certificate);
        // A day, and not a year.
        let soon = openssl(&["x509", "-in", file, "-noout", "-checkend", "86000"]);
        assert!(soon.is_ok(), "{soon:?}");
        let later = openssl(&["x509", "-in", file, "-noout", "-checkend", "86500"]);
        assert!(later.is_err(), "{later:?}");

        let mut expected = before.without_state().timeless();
        let changed = expected.differences(&after.without_state().timeless());
        assert_eq!(changed.len(), 2, "{changed:#?}");
        assert!(
            changed.iter().all(|line| line.contains("kubelet-client-")),
            "{changed:#?}"
        );
        expected = after;

        // The same once more is no rotation; and what was one can be taken back.
        let again = cluster.install(&bundle).expect(0);
        let told = "Already installed: ";
        assert!(again.stdout.starts_with(told), "{again:?}");
        assert_eq!(Tree::read(cluster.worker.path()), expected);
        let key = run.stdout.split("sha256:").nth(1).unwrap()[..64].to_owned();
        let verified = rekindle(cluster.worker.path(), &["journal", "verify", "--key", &key]);
        assert!(verified.expect(0).stdout.starts_with("COMPLETE\n"));
        let journal = expected
            .paths()
            .find_map(|path| {
                path.strip_prefix("/var/lib/rekindle/journal/")?
                    .strip_suffix(".jsonl")
            })
            .unwrap();
        let back = ["rollback", journal, "--yes"];
        rekindle(cluster.worker.path(), &back).expect(0);
        let link = Tree::read(cluster.worker.path());
        assert_eq!(link.entry(LINK).destination(), old);
    }
}

#[test]
fn a_link_that_leads_to_nothing_is_led_to_the_new_file() {
    let cluster = Cluster::of(NODE);
    cluster
        .worker
        .shell("rm var/lib/kubelet/pki/kubelet-client-2*.pem");
    cluster.install(&cluster.issue()).expect(0);
    let tree = Tree::read(cluster.worker.path());
    let new = tree.entry(LINK).destination().to_str().unwrap();
    assert!(matches!(tree.entry(new).content, Content::File(_)));
    // As good as none at all.
    let cluster = Cluster::of(NODE);
    cluster
        .worker
        .shell("rm var/lib/kubelet/pki/kubelet-client-*.pem");
    cluster.install(&cluster.issue()).expect(0);
    let authority = cluster.plane.file("/etc/kubernetes/pki/ca.crt");
    let tree = Tree::read(cluster.worker.path());
    let new = tree.entry(LINK).destination().to_str().unwrap().to_owned();
    verify(&cluster.worker.file(&new), &authority, "sslclient").unwrap();
}

/// `node import`, for a control plane that joined and whose own copy of the CA's key is gone.
#[test]
fn a_joined_control_plane_without_the_key_takes_its_kubelets_credential() {
    let cluster = Cluster::of("joined-control-plane");
    let joined = cluster.plane.copy();
    joined.shell(&format!(
        "rm etc/kubernetes/pki/ca.key; echo {MACHINE_ID} >etc/machine-id"
    ));
    let node = format!("cp-2={MACHINE_ID}");
    let arguments = ["node", "issue", &node, "--out", cluster.out(), "--yes"];
    rekindle(cluster.plane.path(), &arguments).expect(0);
    let bundle = format!("{}/cp-2.rekindle-node", cluster.out());
    rekindle(joined.path(), &["node", "import", &bundle, "--yes"]).expect(0);
    let tree = Tree::read(joined.path());
    let new = tree.entry(LINK).destination().to_str().unwrap().to_owned();
    let authority = cluster.plane.file("/etc/kubernetes/pki/ca.crt");
    verify(&joined.file(&new), &authority, "sslclient").unwrap();
}

/// What is trusted is on the node already: any of three places, and the first that is there.
#[test]
fn the_authority_is_the_nodes_own_wherever_it_is_kept() {
    let places = [
        "mv etc/kubernetes/pki/ca.crt etc/kubernetes/ours.crt; sed -i s,/etc/kubernetes/pki/ca.crt,/etc/kubernetes/ours.crt, var/lib/kubelet/config.yaml",
        "rm etc/kubernetes/pki/ca.crt",
    ];
    for script in places {
        let cluster = Cluster::of(NODE);
        cluster.worker.shell(script);
        cluster.install(&cluster.issue()).expect(0);
    }
    let cluster = Cluster::of(NODE);
    cluster.worker.shell(
        "rm etc/kubernetes/pki/ca.crt; sed -i /certificate-authority-data/d etc/kubernetes/kubelet.conf",
    );
    let before = Tree::read(cluster.worker.path());
    let run = cluster.install(&cluster.issue()).expect(3);
    assert!(run.stderr.contains("bundle-not-trusted"), "{run:?}");
    is_untouched(&before, &cluster.worker);
    // One that is there and cannot be read is not passed over.
    cluster.worker.write("/etc/kubernetes/kubelet.conf", "");
    let before = Tree::read(cluster.worker.path());
    let bundle = format!("{}/{WORKER}.rekindle-node", cluster.out());
    install(&cluster.worker, bundle.as_ref()).expect(3);
    is_untouched(&before, &cluster.worker);
}
