//! `not-proven`: files were renewed and nothing restarted, etcd's limit is full, and a kubelet that does not run.

use super::control_plane::{CONTROL_PLANE, kubectl, living, stop, wait_until_ready};
use crate::page::{Page, Reason};
use crate::story::Story;
use crate::support::program::rekindle;

#[test]
fn not_proven() {
    let mut page = Page::open("not-proven");
    for command in ["journalctl", "systemctl status containerd"] {
        page.skip(command, Reason::Systemd);
    }
    page.skip("crictl", Reason::ContainerRuntime);
    page.skip("timedatectl", Reason::Clock);
    let Some(mut story) = living(&mut page, &CONTROL_PLANE) else {
        return;
    };
    story.put("rekindle verify", "rekindle verify --timeout 2s");
    story.put(" --timeout 3m", "");
    story.code("rekindle verify", 1);
    an_old_credential(&mut story);
    looking(&mut story);
    at_a_port(&mut story);
    no_space(&mut story);
    no_process(&mut story);
    drop(story);
    page.end();
}

fn an_old_credential(story: &mut Story<'_>) {
    let node = story.machine().node();
    let force = ["recover", "--yes", "--force", "--validity", "9000h"];
    rekindle(node.path(), &force).expect(0);
    let said = story.run("rekindle verify --timeout 3m");
    assert!(
        said.matches("it still has the old credential").count() == 2,
        "{said}"
    );
    story.put("rekindle recover ", "rekindle recover --timeout 2s ");
    story.code("rekindle recover", 7);
    let said = story.run("rekindle recover               # ends just those");
    assert!(
        said.contains("end kube-scheduler") && !said.contains("end etcd"),
        "{said}"
    );
    let said = story.run("rekindle verify");
    assert!(!said.contains("it still has the old credential"), "{said}");
    story.run("rekindle check");
    story.run("rekindle check   ");
    story.put("rekindle recover", "rekindle recover --timeout 2s");
    story.code("rekindle recover", 0);
    story.run("rekindle recover");
    story.put("rekindle plan", "rekindle plan");
    story.run("rekindle plan");
}

/// What only looks, and must find something.
fn looking(story: &mut Story<'_>) {
    story.put("NAME", "cp-1");
    story.types("export KUBECONFIG=/etc/kubernetes/super-admin.conf");
    story.run("kubectl describe node NAME");
    assert!(story.run("pgrep -ax etcd").contains("--data-dir"));
    for command in [
        "ls -la /etc/kubernetes/manifests",
        "df -h",
        "ip -brief address",
        "date -u",
    ] {
        story.run(command);
    }
    for command in [
        "ss -ltnp",
        "grep -n cert",
        "grep initial-cluster",
        "ss -ltn |",
        "grep -n address",
        "grep server:",
    ] {
        let said = story.run(command);
        assert!(
            said.contains("2380") || said.contains("cert") || said.contains("192.0.2.10"),
            "{command}: {said}"
        );
    }
    story.machine().shell(
        "mkdir -p /var/log/pods/kube-system_etcd-cp-1_0/etcd; cp /run/pods/etcd.log /var/log/pods/kube-system_etcd-cp-1_0/etcd/0.log",
    );
    assert!(story.run("ls -t /var/log/pods").contains("etcd"));
    if story.types("command -v iostat").1 == 0 {
        story.run("iostat -x");
    } else {
        story.skip("iostat -x", Reason::Distribution);
    }
}

fn at_a_port(story: &mut Story<'_>) {
    assert!(
        story
            .run("sed -n 's/^ *client-certificate-data")
            .contains("OK")
    );
    let binding = story.run("kubectl --kubeconfig /etc/kubernetes/super-admin.conf get");
    assert!(binding.contains("cluster-admin"), "{binding}");
    story.run("openssl x509 -in /etc/kubernetes/pki/ca.crt");
    story.run("stat -c");
}

/// A real limit that is full, and room again.
fn no_space(story: &mut Story<'_>) {
    if story.types("command -v etcdctl").1 != 0 {
        for command in ["E=", "$E endpoint", "$E compact"] {
            story.skip(command, Reason::Distribution);
        }
        return;
    }
    story.run("E=");
    stop(story);
    story.machine().shell("sed -i 's/^    - --name=.*/&\\n    - --quota-backend-bytes=3000000/' /etc/kubernetes/manifests/etcd.yaml");
    story.machine().start_kubelet(&["etcd", "kube-apiserver"]);
    wait_until_ready(story);
    let (said, code) = story.types(
        "head -c 700000 /dev/urandom | base64 -w 0 >blob
         for number in {1..20}; do [[ $(kubectl create configmap blob-$number --from-file=blob 2>&1) = *'database space exceeded'* ]] && break; done",
    );
    assert_eq!(code, 0, "{said}");
    let open = story.run("rekindle verify");
    assert!(open.contains("NOSPACE"), "{open}");
    story.types(
        "for number in {1..20}; do kubectl delete configmap blob-$number --ignore-not-found; done",
    );
    let revision = story.run("$E endpoint status");
    let revision = revision
        .trim()
        .trim_start_matches("\"revision\":")
        .to_owned();
    story.put("compact REVISION", &format!("compact {revision}"));
    story.run("$E compact");
    let healthy = story.run("rekindle verify");
    assert!(!healthy.contains("NOSPACE"), "{healthy}");
    kubectl(story, "create configmap after");
}

fn no_process(story: &mut Story<'_>) {
    story.machine().shell("/run/bin/systemctl stop kubelet");
    let said = story.run("rekindle verify");
    assert!(said.contains("the kubelet does not run"), "{said}");
    story.run("systemctl start kubelet");
    story.run("systemctl restart kubelet");
    let said = story.run("rekindle verify");
    assert!(!said.contains("the kubelet does not run"), "{said}");
}
