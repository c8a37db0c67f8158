//! Something stands in the place of a file, or keeps it from being replaced.

use super::{NODE, broken, refuses};
use crate::page::Page;
use crate::support::interruption::wait_for;
use crate::support::node::Node;
use crate::support::program::rekindle;

const ADMIN: &str = "/etc/kubernetes/admin.conf";
const CERTIFICATE: &str = "/etc/kubernetes/pki/apiserver.crt";
const PLAN: &str = "rekindle plan";
const RECOVER: &str = "rekindle recover --restart touch";

#[test]
fn immutable() {
    let mut page = Page::open("refused/immutable");
    let Some(mut story) = page.begin(Node::materialize(NODE)) else {
        return;
    };
    let folder = "/etc/kubernetes/pki/etcd";
    let (said, code) = story.types(&format!(
        "chattr +i {CERTIFICATE} && chattr +a {ADMIN} && chattr +i {folder}"
    ));
    if code != 0 {
        println!("skipped: chattr is not permitted here: {said}");
        return;
    }
    refuses(&mut story, RECOVER, "immutable");
    // Before the first run there is no /var/lib/rekindle.
    story.code("lsattr -R", 1);
    story.follow_to("chattr -i");
    let (noted, _) = story.types("cat /root/aside/attributes");
    for path in [ADMIN, CERTIFICATE, folder] {
        assert!(noted.contains(path), "{path}: {noted}");
    }
    assert_eq!(noted.lines().count(), 3, "{noted}");
    story.put("-i FILE", &format!("-i {CERTIFICATE} {folder}"));
    story.put("-a FILE", &format!("-a {ADMIN}"));
    story.follow();
    story.code("rekindle recover", 7);
    story.run("rekindle recover");
    drop(story);
    page.end();
}

#[test]
fn mount_point() {
    let mut page = Page::open("refused/mount-point");
    let code = "mount-point";
    for is_mounted_right in [true, false] {
        // One is renewed, and the other one has expired.
        let node = Node::materialize(NODE);
        let mounted = node.path().with_file_name("mounted");
        let copy = "cp -a etc/kubernetes/pki/apiserver.crt ../mounted";
        node.shell(copy);
        rekindle(node.path(), &["recover", "--yes", "--only", "apiserver"]).expect(0);
        if is_mounted_right {
            node.shell("mv ../mounted ../old");
            node.shell(copy);
            node.shell("cat ../old >etc/kubernetes/pki/apiserver.crt");
        }
        let Some(mut story) = page.begin(node) else {
            return;
        };
        story.put("FILE", CERTIFICATE);
        story.machine().shell(&format!(
            "mount --bind '{}' {CERTIFICATE}",
            mounted.display()
        ));
        refuses(
            &mut story,
            "rekindle recover --force --validity 9000h --restart touch",
            code,
        );
        assert!(story.run("findmnt FILE").contains("mounted"));
        assert!(story.run("grep \" FILE \"").contains(CERTIFICATE));
        story.run("install -d");
        story.run("cp -a FILE");
        story.run("umount FILE");
        assert!(story.run("cmp FILE").contains("notAfter="));
        if is_mounted_right {
            story.run("cp -a /root/aside");
        }
        story.code(PLAN, 0);
        let planned = story.run(PLAN);
        assert!(!planned.contains("re-sign  apiserver "), "{planned}");
        story.is_mended();
    }
    page.end();
}

#[test]
fn a_link_that_leads_nowhere() {
    let mut page = Page::open("refused/link-leaves-root");
    let node = broken(
        "cd var/lib/kubelet/pki; ln -sfn kubelet-client-now.pem kubelet-client-current.pem; ln -s kubelet-client-current.pem kubelet-client-now.pem",
    );
    let Some(mut story) = page.begin(node) else {
        return;
    };
    story.put("FILE", "/var/lib/kubelet/pki/kubelet-client-current.pem");
    refuses(&mut story, PLAN, "link-leaves-root");
    story.code("namei", 1);
    assert!(
        story
            .run("namei -l FILE")
            .contains("kubelet-client-now.pem")
    );
    assert_eq!(story.run("find /etc/kubernetes").matches(" -> ").count(), 2);
    let listed = story.run("ls -l /var/lib/kubelet/pki/");
    let (_, from_date) = listed.split_once(" kubelet-client-2").unwrap();
    let (date, _) = from_date.split_once(".pem").unwrap();
    story.put(
        "kubelet-client-DATE.pem",
        &format!("kubelet-client-2{date}.pem"),
    );
    story.run("ln -sfn /var/lib/kubelet");
    story.run(PLAN);
    story.is_mended();
    drop(story);

    let mut story = page.begin(Node::materialize(NODE)).unwrap();
    story.put("DIR", "/home/node");
    story.put(
        "find /etc/kubernetes /var/lib/kubelet/pki",
        "find /home/node/etc/kubernetes /home/node/var/lib/kubelet/pki",
    );
    story.put("FILE", "/home/node/etc/kubernetes/pki/ca.crt");
    story.types(
        "mkdir -p /home/node/srv/pki; cp -a --parents /etc/kubernetes /var/lib/kubelet /home/node",
    );
    story.types("cd /home/node/etc/kubernetes/pki; mv ca.crt ../../../srv/pki/; ln -s ../../../../../srv/pki/ca.crt .; cd");
    refuses(
        &mut story,
        "rekindle --root /home/node plan",
        "link-leaves-root",
    );
    story.code("namei", 1);
    story.run("namei -l FILE");
    assert!(
        story
            .run("find /etc/kubernetes")
            .contains("../srv/pki/ca.crt")
    );
    story.run("ln -sfn /srv/pki/ca.crt");
    let (said, code) = story.types("rekindle --root /home/node recover");
    assert_eq!(code, 0, "{said}");
    drop(story);
    page.end();
}

#[test]
fn no_regular_file() {
    let mut page = Page::open("refused/not-a-regular-file");
    let code = "not-a-regular-file";
    for ends_by in ["rmdir", "fuser", "findmnt"] {
        let node = match ends_by {
            "rmdir" => broken("rm etc/kubernetes/admin.conf; mkdir etc/kubernetes/admin.conf"),
            "fuser" => {
                broken("rm etc/kubernetes/admin.conf; mkfifo -m 600 etc/kubernetes/admin.conf")
            }
            _ => Node::materialize(NODE),
        };
        let Some(mut story) = page.begin(node) else {
            return;
        };
        story.put("FILE", ADMIN);
        if ends_by == "findmnt" {
            story
                .machine()
                .shell(&format!("mount --bind /dev/null {ADMIN}"));
        }
        refuses(&mut story, PLAN, code);
        story.run("install -d");
        story.run("stat -c");
        story.run("namei -l");
        match ends_by {
            "rmdir" => {
                story.run("rmdir FILE");
            }
            "fuser" => {
                story.types(&format!("sleep 60 <>{ADMIN} & disown"));
                if story.has("fuser") {
                    // Until then it is the shell's own copy.
                    let look = format!("fuser -v {ADMIN}");
                    wait_for(|| story.types(&look).0.contains("sleep").then_some(()));
                    let holders = story.run("fuser -v FILE");
                    assert!(holders.contains("sleep"), "{holders}");
                    story.types(&format!("fuser -k {ADMIN}"));
                } else {
                    story.run("fuser -v FILE");
                }
                story.types(&format!("mv {ADMIN} /root/aside/"));
            }
            _ => {
                let found = story.run("findmnt -T FILE");
                assert!(found.contains(ADMIN) && found.contains("null"), "{found}");
                story.types(&format!("umount {ADMIN}"));
            }
        }
        // In two of the three it counts as missing, and is made anew.
        story.run(PLAN);
        story.is_mended();
    }
    page.end();
}
