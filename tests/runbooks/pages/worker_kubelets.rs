//! `worker-kubelets`: a worker's kubelet has expired, one and by a list.

use super::control_plane::{kubectl, living};
use super::worker;
use crate::page::{Page, Reason};
use crate::support::worker::{LINK, MACHINE_ID, WORKER, lay_out};

#[test]
fn worker_kubelets() {
    let mut page = Page::open("worker-kubelets");
    page.shows("part of the existing");
    let Some(mut plane) = living(&mut page, &["etcd", "kube-apiserver"]) else {
        return;
    };
    kubectl(
        &plane,
        "apply -f - <<<'{apiVersion: v1, kind: Node, metadata: {name: w-1}}'",
    );
    plane.run("install -d -m 0700 /root/bundles");
    plane.run("rekindle node issue w-1=");
    plane
        .machine()
        .shell("cp -p /root/bundles/w-1.rekindle-node /etc/carried");
    let bundle = plane.machine().node().read("/etc/carried");
    plane.run("export KUBECONFIG");
    plane.run("kubectl get node w-1");
    plane.run("rm /root/bundles/w-1.rekindle-node");
    // By a list, of which this is the only one.
    let other = lay_out(plane.machine().node());
    worker::reach(&plane, &other);
    plane.types("echo w-1 >hosts; cp /run/bin/rekindle rekindle");
    plane.run("for host in $(cat hosts); do\n  ssh");
    let (nodes, _) = plane.types("cat nodes");
    assert_eq!(nodes.trim(), format!("{WORKER}={MACHINE_ID}"));
    plane.run("rekindle node issue $(cat nodes)");
    // The other host has nothing that could stop a kubelet.
    plane.put("--yes && rm", "--yes --restart none; [ $? = 7 ] && rm");
    let before = std::fs::read_link(other.file(LINK)).unwrap();
    plane.run("for host in $(cat hosts); do\n  scp");
    assert_ne!(std::fs::read_link(other.file(LINK)).unwrap(), before);
    plane.run("rm /root/bundles/*");
    assert!(plane.run("kubectl get nodes").contains("w-1"));
    let cluster = plane.machine().node().copy();
    drop(plane);

    let Some(mut story) = worker::begin(&mut page, &cluster) else {
        return;
    };
    story.code("hostname", 2);
    assert!(
        story
            .run("hostname; grep")
            .contains("--hostname-override=w-1")
    );
    assert_eq!(story.run("cat /etc/machine-id").trim(), MACHINE_ID);
    worker::carry(&story, &bundle, "w-1.rekindle-node");
    let installed = story.run("rekindle node install w-1");
    assert!(story.machine().pid_of("kubelet").is_some());
    story.run("rm w-1.rekindle-node");
    let (_, key) = installed.split_once("Signed by sha256:").unwrap();
    story.put("SHA256", key.lines().next().unwrap());
    story.run("rekindle journal verify --key SHA256");
    story.run("rekindle journal show");
    let run = super::latest_run(story.machine().node());
    story.put("RUN", &run);
    story.code("rekindle rollback", 7);
    story.run("rekindle rollback RUN");
    drop(story);
    for interrupted in ["rekindle resume", "rekindle rollback"] {
        page.skip(interrupted, Reason::TestedBy("tests/live/worker.rs"));
    }
    page.end();
}
