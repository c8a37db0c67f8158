//! A bundle for a kubelet that is not to be installed, and a worker that is asked for what it cannot do.

use std::time::Duration;

use rekindle::bundle::NodeBundle;
use rekindle::issuance::{KUBELET_CREDENTIAL, NodeCredential};
use rekindle::pki::{Authority, PrivateKey, Validity, read_certificates};

use super::situation::{NODE, compare};
use crate::support::program::rekindle;
use crate::support::tree::Tree;
use crate::support::worker::{Cluster, MACHINE_ID, WORKER};

/// `node install` refuses, in the words of the golden file, and nothing changes.
fn judge(name: &str, cluster: &Cluster, bundle: &[u8]) {
    let before = Tree::read(cluster.worker.path());
    let path = cluster.write("w-1.rekindle-node", bundle);
    let run = cluster.install(&path).expect(3);
    assert_eq!(run.stdout, "");
    assert_eq!(
        Tree::read(cluster.worker.path()),
        before,
        "something changed"
    );
    let stderr = run.stderr.replace(&format!("{}/", cluster.out()), "");
    compare(name, &stderr, cluster.worker.path());
}

fn issued(cluster: &Cluster) -> Vec<u8> {
    std::fs::read(cluster.issue()).unwrap()
}

#[test]
fn damaged() {
    let cluster = Cluster::of(NODE);
    let bundle = issued(&cluster);
    let text = String::from_utf8(bundle).unwrap();
    let (head, signature) = text.split_once("\"sig\":\"").unwrap();
    let other = if signature.starts_with('A') { "B" } else { "A" };
    let flipped = format!("{head}\"sig\":\"{other}{}", &signature[1..]);
    judge("bundle-damaged", &cluster, flipped.as_bytes());
    // As an editor leaves it.
    judge("bundle-damaged.line", &cluster, text.trim_end().as_bytes());
}

#[test]
fn of_another_cluster() {
    let cluster = Cluster::of(NODE);
    let bundle = issued(&Cluster::of("rsa2048-stacked"));
    judge("bundle-not-trusted", &cluster, &bundle);
}

#[test]
fn without_an_authority_to_trust() {
    let cluster = Cluster::of(NODE);
    cluster.worker.shell(
        "rm etc/kubernetes/pki/ca.crt; sed -i /certificate-authority-data/d etc/kubernetes/kubelet.conf",
    );
    let bundle = issued(&cluster);
    judge("bundle-not-trusted.nobody", &cluster, &bundle);
}

/// Made when the cluster was, for an hour.
#[test]
fn expired() {
    let cluster = Cluster::of(NODE);
    let certificates = read_certificates(&cluster.plane.read("/etc/kubernetes/pki/ca.crt"));
    let certificates = certificates.unwrap();
    let key = PrivateKey::from_pem(&cluster.plane.read("/etc/kubernetes/pki/ca.key"), None);
    let then = certificates[0].not_before() + Duration::from_hours(1);
    let authority = Authority::new(&certificates, key.unwrap(), then).unwrap();
    let validity = Validity::starting_at(then, Duration::from_hours(1), None);
    let credential =
        NodeCredential::issue(KUBELET_CREDENTIAL, WORKER, &authority, &validity).unwrap();
    let bundle = NodeBundle {
        node: WORKER.to_owned(),
        machine_id: MACHINE_ID.parse().unwrap(),
        issued_at: then,
        issued_by: "cp-1".to_owned(),
        authorities: certificates.clone(),
        api_server: None,
        credential,
    };
    let bytes = bundle.seal(&authority, then).unwrap();
    judge("bundle-expired", &cluster, &bytes);
}

#[test]
fn for_another_host() {
    let cluster = Cluster::of(NODE);
    let bundle = issued(&cluster);
    cluster.worker.write("/etc/hostname", "w-2\n");
    judge("bundle-for-another-host", &cluster, &bundle);
    cluster.worker.write("/etc/hostname", "w-1\n");
    let other = "0123456789abcdef0123456789abcdef\n";
    cluster.worker.write("/etc/machine-id", other);
    judge("bundle-for-another-host.machine", &cluster, &bundle);
    // The kubelet's own name counts, whatever the host is called.
    let cluster = Cluster::of(NODE);
    let bundle = issued(&cluster);
    cluster.worker.write(
        "/var/lib/kubelet/kubeadm-flags.env",
        "KUBELET_KUBEADM_ARGS=\"--hostname-override=w-3\"\n",
    );
    judge("bundle-for-another-host.override", &cluster, &bundle);
}

#[test]
fn on_a_worker() {
    let cluster = Cluster::of(NODE);
    let before = Tree::read(cluster.worker.path());
    let plan = rekindle(cluster.worker.path(), &["plan"]).expect(3);
    let recover = rekindle(cluster.worker.path(), &["recover", "--yes"]).expect(3);
    assert_eq!(plan.stderr, recover.stderr);
    compare("worker-node", &plan.stderr, cluster.worker.path());
    assert_eq!(Tree::read(cluster.worker.path()), before);
}
