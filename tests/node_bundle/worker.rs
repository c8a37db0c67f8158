//! What the other verbs say on a worker.

use crate::support::program::rekindle;
use crate::support::tree::Tree;
use crate::support::worker::Cluster;
use crate::{NODE, is_untouched};

/// No CA key is ever there: nobody is to be sent for it.
#[test]
fn a_worker_is_told_to_have_its_credential_made_elsewhere() {
    let cluster = Cluster::of(NODE);
    let scripts = [
        "true",
        // Whatever else a person removed or kubeadm left out.
        "rm etc/kubernetes/pki/ca.crt",
        "rmdir etc/kubernetes/manifests",
        "rm etc/kubernetes/kubelet.conf",
    ];
    for script in scripts {
        let worker = cluster.worker.copy();
        worker.shell(script);
        let before = Tree::read(worker.path());
        for (verb, code) in [
            (vec!["check"], 1),
            (vec!["plan"], 3),
            (vec!["recover", "--yes"], 3),
        ] {
            let run = rekindle(worker.path(), &verb).expect(code);
            assert!(run.stderr.contains("rekindle node issue w-1="), "{run:?}");
            assert!(
                run.stderr
                    .contains("runbook: rekindle runbook worker-node\n")
            );
            assert!(
                !run.stderr.contains("bring it here for the time"),
                "{run:?}"
            );
        }
        is_untouched(&before, &worker);
    }
}

/// With a manifest, or any key or certificate of a control plane's, it is none.
#[test]
fn a_control_plane_is_no_worker_whatever_it_lost() {
    let plane = crate::support::node::Node::materialize(NODE);
    for script in [
        "rm etc/kubernetes/pki/ca.key",
        "rm -r etc/kubernetes/manifests",
        "rm -r etc/kubernetes/pki",
        "rm etc/kubernetes/pki/ca.* etc/kubernetes/manifests/*",
    ] {
        let node = plane.copy();
        node.shell(script);
        let run = rekindle(node.path(), &["plan"]);
        assert!(!run.stderr.contains("worker"), "{script}: {run:?}");
    }
}

/// A kubelet renews its own certificate while that is valid.
#[test]
fn a_worker_whose_kubelet_is_well_needs_nothing() {
    let cluster = Cluster::of(NODE);
    cluster.install(&cluster.issue()).expect(0);
    let run = rekindle(cluster.worker.path(), &["check"]).expect(0);
    assert_eq!(run.stderr, "");
    assert!(run.stdout.contains("is a worker"), "{run:?}");
    let valid = "Its kubelet's certificate is valid until ";
    assert!(run.stdout.contains(valid), "{run:?}");
}
