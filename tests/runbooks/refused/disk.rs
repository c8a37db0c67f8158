//! What the kernel refuses: to read, to write, to find room.

use super::{NODE, SERVICE, refuses};
use crate::page::Page;
use crate::support::interruption::wait_for;
use crate::support::node::Node;
use crate::support::program::rekindle;

const RECOVER: &str = "rekindle recover --restart touch";
const PLAN: &str = "rekindle plan";

#[test]
fn cannot_be_read() {
    let mut page = Page::open("refused/cannot-read");
    let Some(mut story) = page.begin(Node::materialize(NODE)) else {
        return;
    };
    refuses(&mut story, "rekindle --root /home/node plan", "cannot-read");
    // Mounted, but of somebody else, and one file of a third.
    story.types("mkdir /home/node; cp -a --parents /etc/kubernetes /var/lib/kubelet /home/node; chown -hR 4321:4321 /home/node; chown root /home/node/etc/kubernetes/admin.conf");
    let other =
        "setpriv --reuid=4321 --regid=4321 --clear-groups /run/bin/rekindle --root /home/node plan";
    let said = refuses(&mut story, other, "cannot-read");
    assert!(said.contains("admin.conf: permission denied"), "{said}");
    story.put("FILE", "/home/node/etc/kubernetes/admin.conf");
    story.put("FOLDER", "/etc/kubernetes");
    // Nobody has it open, and the kernel has not complained of anything, or shows it to nobody here.
    for quiet in ["ausearch", "fuser", "dmesg"] {
        story.may_find_nothing(quiet);
    }
    let way = story.run("id -u");
    assert!(way.contains("-rw------- 1 root 4321"), "{way}");
    story.follow();
    story.types("chown 4321 /home/node/etc/kubernetes/admin.conf");
    let (said, code) = story.types(other);
    assert_eq!(code, 0, "{said}");
    story.run(PLAN);
    drop(story);
    page.end();
}

#[test]
fn a_full_disk() {
    let mut page = Page::open("refused/disk-full");
    let Some(mut story) = page.begin(Node::materialize(NODE)) else {
        return;
    };
    // One file system for logs and for what a run writes, and a log that takes almost all of it.
    story.machine().shell(
        "mkdir -m 700 /run/disk; mount -t tmpfs -o size=3m tmpfs /run/disk; mkdir -p -m 755 /run/disk/log/pods/etcd; mkdir -m 700 /run/disk/rekindle /var/lib/rekindle
         mount --bind /run/disk/log /var/log; mount --bind /run/disk/rekindle /var/lib/rekindle
         cd /var/log; head -c 1400000 /dev/urandom >syslog.2.gz; head -c 400000 /dev/urandom >syslog.1
         truncate -s 60M pods/etcd/0.log; dd if=/dev/zero of=pods/etcd/0.log conv=notrunc bs=64k status=none || true",
    );
    let said = refuses(&mut story, RECOVER, "disk-full");
    story.put("FOLDER", full(&said));
    let free = story.run("df -h FOLDER");
    assert!(
        free.contains("3.0M") && free.contains("/var/lib/rekindle"),
        "{free}"
    );
    story.follow_to("journalctl");
    let rotated = story.run("find /var/log -xdev");
    assert!(
        rotated.contains("syslog.2.gz") && rotated.contains("syslog.1"),
        "{rotated}"
    );
    let large = story.run("find /var/log/pods");
    assert!(large.contains("/var/log/pods/etcd/0.log"), "{large}");
    story.types("rm /var/log/syslog.*; truncate -s 0 /var/log/pods/etcd/0.log");
    story.may_find_nothing("journalctl");
    story.follow();
    story.code("rekindle recover", 7);
    story.run("rekindle recover");
    drop(story);

    // The file system of what is not there yet.
    let mut story = page.begin(Node::materialize(NODE)).unwrap();
    story.machine().shell(
        "mkdir /run/disk; mount -t tmpfs -o size=300k,mode=755 tmpfs /run/disk; cp -a /var/lib/kubelet /run/disk/; mount --bind /run/disk /var/lib",
    );
    let said = refuses(&mut story, RECOVER, "disk-full");
    story.put("FOLDER", full(&said));
    story.run("df -h FOLDER");
    drop(story);

    // The limit of a shell.
    let mut story = page.begin(Node::materialize(NODE)).unwrap();
    story.types("ulimit -S -f 100");
    refuses(&mut story, RECOVER, "disk-full");
    let (said, code) = story.types("prlimit --pid $$ --fsize=unlimited");
    assert_eq!(code, 0, "{said}");
    story.is_mended();
    // Nothing is interrupted.
    story.run("rekindle resume");
    drop(story);
    page.end();
}

/// The folder in which there is no room.
fn full(said: &str) -> &str {
    let (_, folder) = said.split_once("write below ").unwrap();
    folder.split(':').next().unwrap()
}

#[test]
fn a_disk_that_is_read_only() {
    let mut page = Page::open("refused/read-only-file-system");
    let Some(mut story) = page.begin(Node::materialize(NODE)) else {
        return;
    };
    story.machine().shell(
        "mount --bind /etc/kubernetes /etc/kubernetes; mount -o remount,bind,ro /etc/kubernetes",
    );
    refuses(&mut story, RECOVER, "read-only-file-system");
    let mounts = story.run("for d in");
    assert!(mounts.contains("ro,"), "{mounts}");
    story.may_find_nothing("dmesg");
    // The other machine is another folder.
    story.types("mkdir /home/other; printf '%s\\n' '#!/bin/bash' 'cd /home/other; exec bash -c \"$2\"' >/run/bin/ssh; chmod 755 /run/bin/ssh");
    story.put("TARGET", "/etc/kubernetes");
    story.follow();
    story.is_mended();
    let (said, code) = story.types("mkdir /home/copy; tar -C /home/copy -xzf /home/other/node.tgz; stat -c %a /home/other/node.tgz");
    assert_eq!((said.trim(), code), ("600", 0));
    story.put("DIR", "/home/copy");
    story.code("rekindle recover --root DIR", 0);
    story.run("rekindle recover --root DIR");
    drop(story);

    let mut story = page.begin(Node::materialize(NODE)).unwrap();
    story.code("rekindle recover", 7);
    story.run("rekindle recover");
    drop(story);
    page.end();
}

#[test]
fn no_copy_of_the_data() {
    let mut page = Page::open("refused/etcd-copy-impossible");
    let code = "etcd-copy-impossible";
    let asked = format!("rekindle plan --etcd-copy always --restart all {SERVICE}");
    let Some(mut story) = page.begin(Node::materialize(NODE)) else {
        return;
    };
    // An earlier copy is in the way.
    story.machine().shell(
        "mkdir -m 700 /var/lib/rekindle; mount -t tmpfs -o size=20m,mode=700 tmpfs /var/lib/rekindle; mkdir -p -m 700 /var/lib/rekindle/etcd/earlier
         head -c 15000000 /dev/zero >/var/lib/rekindle/etcd/earlier/db; head -c 5000000 /dev/zero >/var/lib/etcd/db",
    );
    refuses(&mut story, &asked, code);
    story.run("df -h");
    assert!(story.run("du -sh").contains("15M"));
    story.types("rm -r /var/lib/rekindle/etcd/earlier");
    story.put(PLAN, &asked);
    let planned = story.run(PLAN);
    assert!(
        planned.contains("copy /var/lib/etcd to /var/lib/rekindle/etcd"),
        "{planned}"
    );
    drop(story);

    // A snapshot of one that runs, with certificates that are good.
    let node = Node::materialize_with_room(NODE);
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    let mut story = page.begin(node).unwrap();
    if story.has("etcd") && story.has("etcdctl") {
        let command =
            "sed -n '/- command:/,/image:/s/^    - //p' /etc/kubernetes/manifests/etcd.yaml";
        story.types(&format!("$({command}) >/var/log/etcd.log 2>&1 & disown"));
        wait_for(|| {
            let log = story.types("grep -c 'ready to serve client requests' /var/log/etcd.log");
            (log.1 == 0).then_some(())
        });
    }
    story.run("etcdctl");
    drop(story);
    page.end();
}
