//! `full-expiry`: everything has expired, and the node was booted again, with a real control plane in it.
//!
//! Whatever is the kubelet's own stays open in the proof, for something else takes its place: the rehearsals have a real one.

use super::control_plane::{CONTROL_PLANE, kubectl, living, stop, strike, wait_until_ready};
use super::latest_run;
use crate::page::{Page, Reason};
use crate::story::Story;
use crate::support::worker::{MACHINE_ID, WORKER};

#[test]
fn full_expiry() {
    let mut page = Page::open("full-expiry");
    for shown in [
        "Restart: ",
        "stop the kubelet",
        "end kube-",
        "…",
        "After so long",
        "workers: ",
        "tokens: ",
    ] {
        page.shows(shown);
    }
    // It says not to.
    page.shows("kubeadm reset");
    page.shows("crictl stop");
    page.shows("cp -a . /");
    page.skip("journalctl ", Reason::Systemd);
    page.skip("crictl ps -a", Reason::ContainerRuntime);
    page.skip(
        "kubectl -n kube-system delete pod NAME",
        Reason::ContainerRuntime,
    );
    let Some(mut story) = living(&mut page, &CONTROL_PLANE) else {
        return;
    };
    kubectl(
        &story,
        "create configmap kept --from-literal=key=value -n kube-system",
    );
    strike(&story);
    by_one_command(&mut story);
    strike(&story);
    by_hand(&mut story);
    drop(story);
    page.shows("tail -n 20");
    page.skip("rekindle rollback", Reason::TestedBy("half-way"));
    page.skip("rekindle node install", Reason::TestedBy("worker-kubelets"));
    page.end();
}

/// How many conditions of the kubelet are open.
fn kubelets(said: &str) -> usize {
    let (_, kubelet) = said.split_once("\nkubelet\n").unwrap_or(("", ""));
    kubelet.matches("OPEN").count()
}

/// It may only be late: it is waited for once more, as the page has it.
#[track_caller]
fn until_only_the_kubelet_is_open(story: &mut Story<'_>) {
    for _ in 0..30 {
        let (said, _) = story.types("rekindle verify --timeout 3s");
        if said.matches("OPEN").count() == kubelets(&said) {
            return;
        }
    }
    let (said, _) = story.types("rekindle verify --timeout 3s");
    panic!("{said}");
}

fn by_one_command(story: &mut Story<'_>) {
    story
        .machine()
        .shell("mkdir -m 0700 /root/.kube && cp -p /etc/kubernetes/admin.conf /root/.kube/config");
    story.put("--ticket TICKET", "--ticket INC-4711 --timeout 1s");
    story.put("rekindle verify", "rekindle verify --timeout 2s");
    story.machine().shell(
        "for name in controller-manager scheduler; do
             folder=/var/log/pods/kube-system_kube-$name-cp-1_0/kube-$name; mkdir -p $folder; cp /run/pods/kube-$name.log $folder/0.log
         done",
    );
    story.run("tail -n 5");
    story.run("date -u");
    let plan = story.run("rekindle plan");
    assert!(
        plan.contains("Restart: all, since the API serves nobody as it is"),
        "{plan}"
    );
    story.run("count() {");
    let before = story.run("count   ");
    story.code("rekindle recover --reason", 7);
    let recovered = story.run("rekindle recover --reason");
    until_only_the_kubelet_is_open(story);
    let (revisions, keys) = (
        |said: &str| number(said, "current_revision"),
        |said: &str| number(said, "keys_total"),
    );
    // By its place on the page: the same command is the first.
    let after = story.run("count                          # after");
    assert!(
        revisions(&after) >= revisions(&before) && keys(&after) > 0.0,
        "{before}{after}"
    );
    let counted = story.run("kubectl --kubeconfig /etc/kubernetes/admin.conf get --raw /metrics");
    assert!(counted.contains("configmaps"), "{counted}");
    assert!(kubectl(story, "get configmap kept -n kube-system").contains("kept"));
    story.code("rekindle verify", 1);
    story.run("rekindle verify ");
    story.run("rekindle verify");
    let run = latest_run(story.machine().node());
    story.put("RUN", &run);
    story.run("rekindle journal show RUN");
    what_else_is_stale(story);
    for_the_ticket(story, &recovered);
    going_back(story);
}

fn number(said: &str, name: &str) -> f64 {
    let line = said.lines().find(|line| line.contains(name)).unwrap();
    let (_, number) = line.rsplit_once(' ').unwrap();
    number.trim().parse().unwrap()
}

fn what_else_is_stale(story: &mut Story<'_>) {
    story.code("rekindle recover --refresh", 7);
    story.put(
        "--refresh-kubeconfigs",
        "--refresh-kubeconfigs --timeout 2s",
    );
    let (_, code) = story.types("kubectl get nodes");
    assert_ne!(code, 0, "root's copy is as old as admin.conf was");
    story.run("rekindle recover --refresh");
    story.machine().shell("printf '#!/bin/sh\\nSUDO_USER=root exec \"$@\"\\n' >/run/bin/sudo; chmod 0755 /run/bin/sudo");
    story.put("sudo rekindle", "sudo /run/bin/rekindle");
    story.code("sudo rekindle", 0);
    story.run("sudo rekindle recover");
    story.run("kubectl get nodes");
    story.run("install -d -m 0700 /root/bundles");
    let (worker, machine) = (WORKER, MACHINE_ID);
    story.put("WORKER=MACHINE-ID", &format!("{worker}={machine}"));
    story.run("rekindle node issue");
    // Calling it again is safe.
    story.put("rekindle recover", "rekindle recover --timeout 1s");
    story.run("rekindle recover");
    story.run("rekindle check");
    story
        .machine()
        .shell(&format!("test -e /root/bundles/{worker}.rekindle-node"));
}

fn for_the_ticket(story: &mut Story<'_>, recovered: &str) {
    let (_, ticket) = recovered.split_once("For the ticket").unwrap();
    let (said, _) = story.types(&format!("cat >ticket.txt <<'END'\n{ticket}\nEND"));
    assert_eq!(said.trim(), "");
    story.run("rekindle journal verify RUN");
    story.run("rekindle journal export RUN");
}

fn going_back(story: &mut Story<'_>) {
    story.run("rekindle journal list");
    story.run("rekindle backups list");
    // By hand first: those of before are the expired ones.
    story.run("cd /var/lib/rekindle/backups/RUN");
    assert!(
        story
            .run("find . \\( -type f -o -type l \\) -print")
            .contains("apiserver.crt")
    );
    story.run("find . \\( -type f -o -type l \\) -exec");
    let (said, code) = story.types("cd; rekindle check");
    assert!(code == 1 && said.contains("expired"), "{said}");
    let modes = story
        .machine()
        .shell("stat -c %a / /etc /var /etc/kubernetes/pki");
    assert_eq!(modes, "755\n755\n755\n755\n");
}

fn by_hand(story: &mut Story<'_>) {
    story.code("rekindle recover --restart none", 7);
    story.run("rekindle recover --restart none");
    story.run("rekindle check                 # all valid");
    assert!(
        story
            .run("rekindle journal verify ")
            .starts_with("COMPLETE")
    );
    end_them(story);
    story.run("cp -a /var/lib/etcd ");
    story.run("systemctl start kubelet");
    wait_until_ready(story);
    until_only_the_kubelet_is_open(story);
    story.put("--timeout 1m", "");
    story.run("rekindle verify --timeout 1m");
    story.put("NODE", "cp-1");
    story.run("export KUBECONFIG");
    story.run("columns=");
    let leases = story.run("kubectl get lease -n kube-system");
    assert_eq!(leases.matches("cp-1_").count(), 2, "{leases}");
    story.run("kubectl get lease -n kube-node-lease");
    let (later, _) = story.types("sleep 5; kubectl get lease -n kube-system kube-controller-manager kube-scheduler -o $columns");
    for line in later.lines().skip(1).filter(|line| !line.is_empty()) {
        assert!(!leases.contains(line), "it stands still: {line}");
    }
    story.run("ps -o lstart=");
    story.run("kubectl --kubeconfig");
    restore_etcd(story);
}

/// Step 2, with the numbers that the page has looked up.
fn end_them(story: &mut Story<'_>) {
    story.run("systemctl stop kubelet");
    let listed = story.run("pgrep -af");
    assert_eq!(
        listed.lines().filter(|line| !line.is_empty()).count(),
        4,
        "{listed}"
    );
    story.run("end() {");
    for (word, component) in [
        ("CONTROLLER-MANAGER", "kube-controller-manager"),
        ("SCHEDULER", "kube-scheduler"),
        ("APISERVER", "kube-apiserver"),
        ("ETCD", "etcd"),
    ] {
        let line = listed
            .lines()
            .find(|line| line.contains(&format!("/{component} ")))
            .unwrap();
        story.put(
            &format!("NUMBER-OF-{word}"),
            line.split(' ').next().unwrap(),
        );
        let said = story.run(&format!("end NUMBER-OF-{word}"));
        assert!(said.contains("has ended"), "{said}");
    }
}

/// From the copy of that moment: what was stored since is gone.
fn restore_etcd(story: &mut Story<'_>) {
    kubectl(story, "create configmap later -n kube-system");
    stop(story);
    let run = latest_run(story.machine().node());
    story.put("RUN", &run);
    story.machine().shell(&format!(
        "mkdir -p /var/lib/rekindle/etcd; mv /var/lib/etcd.before-recovery /var/lib/rekindle/etcd/{run}"
    ));
    story.run("mv /var/lib/etcd /var/lib/etcd.aside");
    story.run("cp -a /var/lib/rekindle/etcd/RUN /var/lib/etcd");
    story.run("systemctl start kubelet");
    wait_until_ready(story);
    let there = kubectl(story, "get configmaps -n kube-system");
    assert!(
        there.contains("kept") && !there.contains("later"),
        "{there}"
    );
    story.code("rekindle rollback RUN", 7);
    story.run("rekindle rollback RUN");
    story.run("rekindle backups prune");
}
