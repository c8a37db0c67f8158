//! `ca-reissue`: what has a copy of an authority, with real controllers that write it anew. (scripts/rehearse has the same with
//! expired authorities and a real kubelet, situation `expired-ca`.)

use super::control_plane::{CONTROL_PLANE, kubectl, living, wait_until_ready};
use super::worker;
use crate::page::{Page, Reason};
use crate::story::Story;
use crate::support::interruption::wait_for;
use crate::support::node::Node;
use crate::support::worker::{MACHINE_ID, WORKER};

const AUTHORITIES: &str = "ca etcd-ca front-proxy-ca";
/// What is asked for where nothing has expired: each by its name, and the names once more.
const REISSUE: &str = "rekindle ca reissue ca etcd-ca front-proxy-ca --confirm ca,etcd-ca,front-proxy-ca --timeout 2s";

/// What `kubeadm init` makes.
const MADE_BY_KUBEADM: &str = "
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: kube-proxy, namespace: kube-system}
spec:
  selector: {matchLabels: {k8s-app: kube-proxy}}
  template: {metadata: {labels: {k8s-app: kube-proxy}}, spec: {containers: [{name: kube-proxy, image: registry.k8s.io/kube-proxy}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: coredns, namespace: kube-system}
spec:
  selector: {matchLabels: {k8s-app: kube-dns}}
  template: {metadata: {labels: {k8s-app: kube-dns}}, spec: {containers: [{name: coredns, image: registry.k8s.io/coredns}]}}
";

#[test]
fn ca_reissue() {
    let mut page = Page::open("ca-reissue");
    let Some(mut plane) = living(&mut page, &CONTROL_PLANE) else {
        return;
    };
    let old = plane.machine().node().copy();
    bring_about(&mut plane);
    plane.run("NEW=");
    plane.put("$WORKER=$MACHINE_ID", &format!("{WORKER}={MACHINE_ID}"));
    plane.put("$WORKER", WORKER);
    plane.run("install -d -m 0700 /root/bundles");
    plane.run("rekindle node issue");
    plane.machine().shell(&format!(
        "cp -p /root/bundles/{WORKER}.rekindle-node /etc/carried; cp \"$(echo /var/lib/rekindle/ca/*)\"/*.crt /etc/kubernetes/"
    ));
    let bundle = plane.machine().node().read("/etc/carried");
    let new: Vec<Vec<u8>> = AUTHORITIES
        .split(' ')
        .map(|name| {
            plane
                .machine()
                .node()
                .read(&format!("/etc/kubernetes/{name}.crt"))
        })
        .collect();
    cluster_is_told(&mut plane);
    people_are_back(&mut plane);
    drop(plane);
    another_control_plane(&mut page, &old, &new);
    a_worker(&mut page, &old, &new[0], &bundle);
    page.shows("kubeadm join");
    page.skip("kubectl get nodes", Reason::TestedBy("worker-kubelets"));
    page.end();
}

/// All three get new dates, and everything runs with them.
fn bring_about(story: &mut Story<'_>) {
    kubectl(
        story,
        &format!("apply -f - <<'END'\n{MADE_BY_KUBEADM}\nEND"),
    );
    kubectl(
        story,
        "create configmap cluster-info -n kube-public --from-file=kubeconfig=/etc/kubernetes/kubelet.conf",
    );
    // Not where root's own would be found, and refreshed.
    story
        .machine()
        .shell("cp /etc/kubernetes/super-admin.conf /root/person.conf");
    wait_for(|| {
        let all = kubectl(story, "get configmaps --all-namespaces");
        all.contains("kube-root-ca.crt").then_some(())
    });
    let (said, code) = story.types(REISSUE);
    assert_eq!(code, 7, "{said}");
    wait_until_ready(story);
    let run = super::latest_run(story.machine().node());
    story.put("RUN", &run);
}

fn cluster_is_told(story: &mut Story<'_>) {
    let new = "$(base64 -w 0 <\"$NEW/ca.crt\")";
    story.run("export KUBECONFIG");
    let (before, code) = story.types(&format!(
        "kubectl -n kube-public get configmap cluster-info -o yaml | grep -c \"{new}\""
    ));
    assert_eq!((before.trim(), code), ("0", 1));
    story.run("kubectl --namespace kube-public");
    let (said, code) = story.types(&format!(
        "kubectl -n kube-public get configmap cluster-info -o yaml | grep -c \"{new}\""
    ));
    assert_eq!((said.trim(), code), ("1", 0));
    let (_, code) = story.types(
        "for attempt in {1..300}; do
             kubectl get configmap kube-root-ca.crt -o jsonpath='{.data.ca\\.crt}' | openssl x509 -noout -enddate |
                 cmp -s - <(openssl x509 -noout -enddate -in $NEW/ca.crt) && break; sleep 0.2
         done",
    );
    assert_eq!(code, 0);
    let ends = story.run("kubectl get configmap kube-root-ca.crt");
    let (file, _) = story.types("openssl x509 -noout -enddate -in $NEW/ca.crt");
    assert_eq!(ends.trim(), file.trim());
    story.run("kubectl --namespace kube-system rollout restart daemonset");
    story.run("kubectl --namespace kube-system rollout restart deployment");
}

fn people_are_back(story: &mut Story<'_>) {
    story.types("export KUBECONFIG=/root/person.conf; cp person.conf before.conf");
    story.run("kubectl config get-clusters");
    story.run("kubectl config set-cluster");
    let (said, code) = story.types("kubectl get nodes; cmp before.conf person.conf");
    assert!(code == 1 && said.contains("cp-1"), "{said}");
}

fn another_control_plane(page: &mut Page, old: &Node, new: &[Vec<u8>]) {
    for is_copied in [false, true] {
        let Some(mut story) = page.begin(old.copy()) else {
            return;
        };
        if is_copied {
            for (name, bytes) in AUTHORITIES.split(' ').zip(new) {
                worker::carry(&story, bytes, &format!("{name}.crt"));
                story.run(&format!("install -m 0644 {name}.crt"));
            }
            story.run("sed -i \"s|certificate-authority-data: .*|certificate-authority-data: $(base64 -w 0 <ca.crt)|\" /etc/kubernetes/*.conf");
            // Nothing runs there that could be restarted.
            story.code("rekindle recover", 1);
            let said = story.run("rekindle recover");
            assert!(said.contains("No file needs anything"), "{said}");
        } else {
            story.put("rekindle ca reissue", REISSUE);
            story.code("rekindle ca reissue", 7);
            story.run("rekindle ca reissue");
        }
        let (said, code) = story.types("rekindle check");
        assert_eq!(code, 0, "{said}");
    }
}

fn a_worker(page: &mut Page, old: &Node, new: &[u8], bundle: &[u8]) {
    let Some(mut story) = worker::begin(page, old) else {
        return;
    };
    worker::carry(&story, new, "ca.crt");
    story.run("install -m 0644 ca.crt");
    story.run("sed -i \"s|certificate-authority-data: .*|certificate-authority-data: $(base64 -w 0 <ca.crt)|\" /etc/kubernetes/kubelet.conf");
    story.run("systemctl restart kubelet");
    assert_eq!(story.run("cat /etc/machine-id").trim(), MACHINE_ID);
    worker::carry(&story, bundle, &format!("{WORKER}.rekindle-node"));
    story.put("$WORKER", WORKER);
    story.run("rekindle node install");
    story.run("rm ");
}
