//! Where one is: no control plane, not root, behind a wall, or with a wrong clock.

use super::{NODE, SERVICE, broken, refuses};
use crate::page::{Page, Reason};
use crate::support::node::Node;

const PLAN: &str = "rekindle plan";

#[test]
fn no_node() {
    let mut page = Page::open("refused/no-node");
    let Some(mut story) = page.begin(Node::materialize(NODE)) else {
        return;
    };
    // As kubeadm reset leaves it.
    story.types("cp -a /etc/kubernetes /var/lib/kubelet /home/; rm -r /etc/kubernetes/manifests/* /etc/kubernetes/pki/* /etc/kubernetes/*.conf /var/lib/kubelet/*");
    refuses(&mut story, PLAN, "no-node");
    story.code("ls -la", 2);
    story.code("grep -n staticPodPath", 2);
    story.follow();
    story.types(
        "cp -a -T /home/kubernetes /etc/kubernetes; cp -a -T /home/kubelet /var/lib/kubelet",
    );
    story.code("rekindle check", 1);
    story.run("rekindle check");
    story.is_mended();
    drop(story);
    page.end();
}

#[test]
fn a_node_that_lives() {
    let mut page = Page::open("refused/node-is-live");
    let Some(mut story) = page.begin(Node::materialize(NODE)) else {
        return;
    };
    refuses(&mut story, "rekindle expire", "node-is-live");
    story.code("rekindle --root /root/rehearsal check", 1);
    story.follow();
    story.put("DIR", "/root/drilled");
    story.run("rekindle drill --keep DIR");
    drop(story);
    page.end();
}

#[test]
fn not_root() {
    let mut page = Page::open("refused/not-root");
    page.skip("sudo -i", Reason::Elsewhere);
    let Some(mut story) = page.begin(Node::materialize(NODE)) else {
        return;
    };
    let other = "setpriv --reuid=4321 --regid=4321 --clear-groups /run/bin/rekindle";
    refuses(&mut story, &format!("{other} plan"), "not-root");
    story.put(
        "rekindle plan --root DIR",
        &format!("{other} plan --root /home/copy"),
    );
    story.types("mkdir /home/copy; cp -a --parents /etc/kubernetes /var/lib/kubelet /home/copy; chown -hR 4321:4321 /home/copy");
    assert_eq!(story.run("id -u").trim(), "0");
    assert!(story.run("cat /proc/self/uid_map").contains("4294967295"));
    story.follow();
    story.is_mended();
    drop(story);
    page.end();
}

#[test]
fn processes_that_cannot_be_seen() {
    let mut page = Page::open("refused/processes-hidden");
    let Some(mut story) = page.begin(Node::materialize(NODE)) else {
        return;
    };
    // A shell of a container that has the machine's /proc.
    let container = "unshare --pid --fork ";
    let asked = format!("{container} rekindle plan --restart all {SERVICE}");
    refuses(&mut story, &asked, "processes-hidden");
    story.put("readlink /proc", &format!("{container} readlink /proc"));
    // That of a pod with the machine's processes.
    story.put(
        "nsenter -t 1 -a rekindle recover",
        &format!("unshare --mount --uts --ipc --net nsenter -t 1 -a rekindle recover --yes --restart all --timeout 1s {SERVICE}"),
    );
    let spaces = story.run("readlink");
    let [first, own] = spaces.lines().collect::<Vec<_>>()[..] else {
        panic!("{spaces}");
    };
    assert_ne!(first, own);
    assert!(story.run("grep CapBnd").contains("CapBnd:"));
    story.code("nsenter", 7);
    let told = story.run("nsenter");
    assert!(told.contains("stop kubelet.service"), "{told}");
    drop(story);

    let mut story = page.begin(Node::materialize(NODE)).unwrap();
    story.put(
        "rekindle recover",
        &format!("{container} rekindle recover --yes"),
    );
    story.code("rekindle recover", 7);
    let planned = story.run(PLAN);
    assert!(planned.contains("re-sign"), "{planned}");
    story.run("rekindle recover --restart touch");
    drop(story);
    page.end();
}

/// What sets the clock, and asks the services that do.
fn skip_the_clock(page: &mut Page) {
    for command in ["date -u -s", "hwclock"] {
        page.skip(command, Reason::Clock);
    }
    for command in ["timedatectl", "systemctl stop", "systemctl status"] {
        page.skip(command, Reason::Systemd);
    }
    page.shows("rekindle node issue");
}

#[test]
fn a_clock_that_is_ahead() {
    let mut page = Page::open("refused/clock-ahead");
    skip_the_clock(&mut page);
    let node = Node::materialize("ecdsa-p384-stacked");
    node.shell("find etc var -type f -exec touch -d 'now - 2 years' {} +");
    let Some(mut story) = page.begin(node) else {
        return;
    };
    story.machine().shell(
        "mount -t tmpfs tmpfs /sys/class; mkdir -p /sys/class/rtc/rtc0; cd /sys/class/rtc/rtc0; then='now - 200 days'
         date -u -d \"$then\" +%s >since_epoch; date -u -d \"$then\" +%F >date; date -u -d \"$then\" +%T >time",
    );
    refuses(&mut story, PLAN, "clock-ahead");
    story.run("date -u");
    assert_eq!(story.run("cat /sys/class").lines().count(), 2);
    story.code("rekindle check", 1);
    story.run("rekindle check");
    story.put(PLAN, "rekindle plan --accept-clock");
    story.run(PLAN);
    story.code("rekindle recover", 7);
    story.follow();
    drop(story);
    page.end();
}

#[test]
fn a_clock_that_is_behind() {
    let mut page = Page::open("refused/clock-behind");
    skip_the_clock(&mut page);
    let future =
        "touch -d 'now + 3 days' etc/kubernetes/pki/apiserver.crt etc/kubernetes/admin.conf";
    let Some(mut story) = page.begin(broken(future)) else {
        return;
    };
    refuses(&mut story, PLAN, "clock-behind");
    story.run("date -u");
    let found = story.run("find /etc/kubernetes /var/lib/kubelet/pki -type f -newermt");
    assert!(
        found.contains("apiserver.crt") && found.contains("admin.conf"),
        "{found}"
    );
    story.code("rekindle recover", 7);
    story.code("rekindle check", 1);
    story.run("rekindle check");
    story.run("rekindle recover --accept-clock");
    drop(story);

    let mut story = page.begin(broken(future)).unwrap();
    refuses(&mut story, PLAN, "clock-behind");
    story.follow();
    story.run(PLAN);
    story.is_mended();
    drop(story);
    page.end();
}
