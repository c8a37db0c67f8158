//! A worker, and the bundle that it gets from a control plane.

use std::time::Duration;

use rekindle::bundle::NodeBundle;
use rekindle::issuance::{KUBELET_CREDENTIAL, NodeCredential};
use rekindle::pki::{Authority, PrivateKey, Validity, read_certificates};

use super::{NODE, is_refused};
use crate::page::Page;
use crate::story::Story;
use crate::support::authority::{MAY_SIGN, PRINTABLE, VALID, sign_itself};
use crate::support::worker::{Cluster, MACHINE_ID, WORKER};

/// Begins a story on the worker, to which that bundle was copied.
fn begin<'page>(page: &'page mut Page, cluster: Cluster, bundle: &[u8]) -> Option<Story<'page>> {
    let worker = cluster.worker;
    worker.write("/etc/w-1.rekindle-node", bundle);
    let mut story = page.begin(worker)?;
    story
        .machine()
        .shell("hostname w-1; mv /etc/w-1.rekindle-node /root/");
    story.put("FILE", "w-1.rekindle-node --restart none");
    Some(story)
}

fn issued(cluster: &Cluster) -> Vec<u8> {
    std::fs::read(cluster.issue()).unwrap()
}

/// `node install FILE` is refused with that code.
#[track_caller]
fn refuses(story: &mut Story<'_>, code: &str) {
    story.code("rekindle node install", 3);
    let said = story.run("rekindle node install");
    assert!(
        said.contains(&format!("rekindle runbook {code}\n")),
        "{said}"
    );
}

/// `node install FILE` once more, and the worker has its credential.
#[track_caller]
fn installs(story: &mut Story<'_>) {
    // No kubelet runs there that could be proven.
    story.code("rekindle node install", 7);
    story.run("rekindle node install");
    story.machine().shell(
        "cd /var/lib/kubelet/pki; openssl verify -CAfile /etc/kubernetes/pki/ca.crt kubelet-client-current.pem",
    );
}

#[test]
fn damaged() {
    let mut page = Page::open("refused/bundle-damaged");
    let cluster = Cluster::of(NODE);
    let bundle = issued(&cluster);
    cluster.worker.write("/etc/bundle", &bundle);
    let torn = &bundle[..bundle.len() - 1];
    let Some(mut story) = begin(&mut page, cluster, torn) else {
        return;
    };
    refuses(&mut story, "bundle-damaged");
    let there = story.machine().shell("sha256sum /etc/bundle");
    let here = story.run("sha256sum");
    assert_ne!(here[..64], there[..64]);
    story
        .machine()
        .shell("cp /etc/bundle /root/w-1.rekindle-node");
    assert_eq!(story.run("sha256sum")[..64], there[..64]);
    installs(&mut story);
    drop(story);
    page.end();
}

/// Made when the cluster was, for an hour.
fn old(cluster: &Cluster) -> Vec<u8> {
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
    bundle.seal(&authority, then).unwrap().to_vec()
}

#[test]
fn expired() {
    let mut page = Page::open("refused/bundle-expired");
    let cluster = Cluster::of(NODE);
    let bundle = old(&cluster);
    cluster.worker.write("/etc/bundle", issued(&cluster));
    let Some(mut story) = begin(&mut page, cluster, &bundle) else {
        return;
    };
    refuses(&mut story, "bundle-expired");
    story.run("date -u");
    story
        .machine()
        .shell("cp /etc/bundle /root/w-1.rekindle-node");
    installs(&mut story);
    drop(story);
    page.end();
}

#[test]
fn for_another_host() {
    let mut page = Page::open("refused/bundle-for-another-host");
    let cluster = Cluster::of(NODE);
    let bundle = issued(&cluster);
    let Some(mut story) = begin(&mut page, cluster, &bundle) else {
        return;
    };
    let machine_id = "0123456789abcdef0123456789abcdef";
    // No override anywhere, and two of three files are not there.
    story.code("hostname", 2);
    for script in [
        "hostname w-2".to_owned(),
        "hostname w-1; echo 'KUBELET_KUBEADM_ARGS=\"--hostname-override=w-3\"' >/var/lib/kubelet/kubeadm-flags.env".to_owned(),
        format!("echo >/var/lib/kubelet/kubeadm-flags.env; echo {machine_id} >/etc/machine-id"),
    ] {
        story.machine().shell(&script);
        refuses(&mut story, "bundle-for-another-host");
        let found = story.run("hostname");
        let id = story.run("cat /etc/machine-id");
        let is_seen = found.contains("w-2") || found.contains("w-3") || id.trim() == machine_id;
        assert!(is_seen, "{script}: {found}{id}");
    }
    // Where it belongs.
    story
        .machine()
        .shell(&format!("echo {MACHINE_ID} >/etc/machine-id"));
    installs(&mut story);
    drop(story);
    page.end();
}

#[test]
fn not_trusted() {
    let mut page = Page::open("refused/bundle-not-trusted");
    let cluster = Cluster::of(NODE);
    cluster
        .plane
        .shell("openssl ecparam -name prime256v1 -genkey -noout -out etc/kubernetes/pki/ca.key");
    sign_itself(&cluster.plane, VALID, MAY_SIGN, PRINTABLE);
    let bundle = issued(&cluster);
    let authority = cluster.plane.read("/etc/kubernetes/pki/ca.crt");
    cluster.worker.write("/etc/ca.crt", authority);
    let Some(mut story) = begin(&mut page, cluster, &bundle) else {
        return;
    };
    refuses(&mut story, "bundle-not-trusted");
    let here = story.run("openssl x509");
    story.machine().shell("cp /etc/ca.crt /root/");
    story.run("install -m");
    story.run("sed -i");
    assert_ne!(story.run("openssl x509"), here);
    installs(&mut story);
    let kubeconfig = story.machine().shell(
        "sed -n 's/^ *certificate-authority-data: *//p' /etc/kubernetes/kubelet.conf | base64 -d | cmp - /etc/ca.crt && echo same",
    );
    assert_eq!(kubeconfig, "same\n");
    drop(story);
    page.end();
}

#[test]
fn worker() {
    let mut page = Page::open("refused/worker-node");
    let cluster = Cluster::of(NODE);
    let bundle = issued(&cluster);
    let Some(mut story) = begin(&mut page, cluster, &bundle) else {
        return;
    };
    is_refused(&story, "worker-node");
    story.code("rekindle check", 1);
    let said = story.run("rekindle check");
    assert!(said.contains("rekindle node issue w-1="), "{said}");
    let install = ["node", "install", "/root/w-1.rekindle-node", "--yes"];
    let wishes = ["--restart", "none"];
    story
        .machine()
        .rekindle(&[&install[..], &wishes].concat())
        .expect(7);
    story.code("rekindle check", 0);
    story.run("rekindle check");
    // No kubelet runs there.
    story.code("rekindle verify", 1);
    let said = story.run("rekindle verify");
    assert!(said.contains("the kubelet does not run"), "{said}");
    drop(story);
    page.end();
}
