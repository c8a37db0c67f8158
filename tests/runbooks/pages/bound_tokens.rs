//! `bound-tokens`: a token without an end is found, replaced, refused and deleted, with the real API server and the controller that
//! makes such tokens.

use super::control_plane::{kubectl, living_on};
use crate::page::{Page, Reason};
use crate::story::Story;
use crate::support::api_server::{MANIFEST, with_flags};
use crate::support::interruption::wait_for;

const POLICY: &str = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n";

/// An account, its Secret, and a pod that mounts it.
const OBJECTS: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: ci}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: robot, namespace: ci}}
---
apiVersion: v1
kind: Secret
type: kubernetes.io/service-account-token
metadata: {name: robot-token, namespace: ci, annotations: {kubernetes.io/service-account.name: robot}}
";
const POD: &str = "
apiVersion: v1
kind: Pod
metadata: {name: job, namespace: ci}
spec:
  serviceAccountName: robot
  containers: [{name: job, image: example.test/job}]
  volumes:
  - {name: old, secret: {secretName: robot-token}}
";

#[test]
fn bound_tokens() {
    let mut page = Page::open("bound-tokens");
    for shown in ["NAMESPACE  ", "apps  ", "ci  "] {
        page.shows(shown);
    }
    page.skip("rekindle recover", Reason::TestedBy("full-expiry"));
    let volume = page.block("volumes:");
    let components = ["etcd", "kube-apiserver", "kube-controller-manager"];
    let Some(mut story) = living_on(&mut page, &components, |node| {
        node.write_private("/etc/kubernetes/pki/audit.yaml", POLICY);
        node.edit(MANIFEST, |manifest| {
            let flags = [
                "audit-policy-file=/etc/kubernetes/pki/audit.yaml",
                "audit-log-path=/var/log/kubernetes/audit.log",
            ];
            with_flags(&manifest, &flags, &[])
        });
    }) else {
        return;
    };
    kubectl(&story, &format!("apply -f - <<'END'\n{OBJECTS}\nEND"));
    wait_for(|| {
        let token = kubectl(
            &story,
            "get secret robot-token -n ci -o jsonpath='{.data.token}'",
        );
        (!token.is_empty()).then_some(())
    });
    kubectl(&story, &format!("apply -f - <<'END'\n{POD}\nEND"));
    find(&mut story);
    replace(&mut story, &volume);
    refuse_and_delete(&mut story);
    drop(story);
    page.end();
}

fn find(story: &mut Story<'_>) {
    story.types("token=$(kubectl --kubeconfig /etc/kubernetes/super-admin.conf get secret robot-token -n ci -o jsonpath='{.data.token}' | base64 -d)
        as_robot() { kubectl --kubeconfig /dev/null --server https://192.0.2.10:6443 --certificate-authority /etc/kubernetes/pki/ca.crt --token \"$token\" \"$@\"; }
        as_robot auth whoami");
    story.code("rekindle tokens audit", 1);
    let found = story.run("rekindle tokens audit");
    assert!(
        found.contains("robot-token") && found.contains("job"),
        "{found}"
    );
    story.run("rekindle tokens audit -o json");
    if story.types("command -v etcdctl").1 == 0 {
        story.put("etcdctl snapshot", "etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/server.crt --key /etc/kubernetes/pki/etcd/server.key snapshot");
        story.put("FILE", "/root/snapshot.db");
        story.run("etcdctl snapshot save");
        let found = story.run("rekindle tokens audit --snapshot");
        assert!(found.contains("robot-token"), "{found}");
    } else {
        story.skip("etcdctl snapshot save", Reason::Distribution);
        story.skip(
            "rekindle tokens audit --snapshot",
            Reason::TestedBy("tests/token_audit"),
        );
    }
    story.put("POD", "job");
    story.put("NAMESPACE", "ci");
    story.put("SECRET", "robot-token");
    story.put("ACCOUNT", "robot");
    story.run("export KUBECONFIG");
    story.run("kubectl get pod POD");
    let seen = story.run("grep '\"authentication.k8s.io/legacy-token-manual-secret\"");
    assert!(seen.contains("192.0.2.10"), "{seen}");
    assert!(
        story
            .run("kubectl get --raw")
            .contains("serviceaccount_legacy")
    );
}

fn replace(story: &mut Story<'_>, volume: &str) {
    let pod = POD.replace("  - {name: old, secret: {secretName: robot-token}}\n", "");
    let (pod, _) = pod.split_once("  volumes:").unwrap();
    let volume: String = volume.lines().flat_map(|line| ["  ", line, "\n"]).collect();
    kubectl(story, "delete pod job -n ci --grace-period 0 --force");
    kubectl(story, &format!("apply -f - <<'END'\n{pod}{volume}\nEND"));
    let token = story.run("kubectl create token");
    assert_eq!(token.trim().matches('.').count(), 2);
    story.run("kubectl create role");
}

fn refuse_and_delete(story: &mut Story<'_>) {
    story
        .run("kubectl label secret SECRET -n NAMESPACE kubernetes.io/legacy-token-invalid-since=$");
    wait_for(|| (story.types("as_robot auth whoami").1 != 0).then_some(()));
    story.run("kubectl label secret SECRET -n NAMESPACE kubernetes.io/legacy-token-invalid-since-");
    wait_for(|| (story.types("as_robot auth whoami").1 == 0).then_some(()));
    story.run("kubectl delete secret");
    wait_for(|| (story.types("as_robot auth whoami").1 != 0).then_some(()));
    story.code("rekindle tokens audit", 0);
    story.run("rekindle tokens audit");
}
