//! `left-alone`: all that can be done was done, and the rest is a person's.

use super::control_plane::{NODE, kubectl, living};
use super::latest_run;
use crate::page::{Page, Reason};
use crate::support::interruption::kill;
use crate::support::node::Node;
use crate::support::program::rekindle;

#[test]
fn left_alone() {
    let mut page = Page::open("left-alone");
    for shown in [
        "Left to you",
        "apiserver: ",
        "needs: ",
        "kubelet.conf: ",
        "~alice",
        "admin.conf: ",
        "warning: ",
    ] {
        page.shows(shown);
    }
    page.skip("hostnamectl set-hostname", Reason::Systemd);
    let Some(()) = something_unknown(&mut page) else {
        return;
    };
    it_lacks_a_name(&mut page);
    the_name_is_in_doubt(&mut page);
    the_key_is_elsewhere(&mut page);
    a_kubeconfig_elsewhere(&mut page);
    a_persons_kubeconfig(&mut page);
    as_it_was_found(&mut page);
    page.end();
}

fn broken(script: &str) -> Node {
    let node = Node::materialize(NODE);
    node.shell(script);
    node
}

/// A kubeconfig that is brought back from a backup of Rekindle's.
fn something_unknown(page: &mut Page) -> Option<()> {
    let node = Node::materialize(NODE);
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    let run = latest_run(&node);
    node.shell("rm etc/kubernetes/scheduler.conf");
    let mut story = page.begin(node)?;
    story.put("RUN", &run);
    story.run("install -d -m 0700 /root/aside");
    story.run("rekindle backups list");
    story.run("cd /var/lib/rekindle/backups/RUN");
    story.run("find . -name scheduler.conf");
    let mode = story
        .machine()
        .shell("stat -c '%a %U' /etc/kubernetes/scheduler.conf");
    assert_eq!(mode, "600 root\n");
    if story.types("command -v kubelet").1 == 0 {
        story.run("kubelet --version");
    } else {
        story.skip("kubelet --version", Reason::Distribution);
    }
    story.run("ls -l");
    story.types("cd");
    story.is_mended();
    Some(())
}

fn it_lacks_a_name(page: &mut Page) {
    let node = broken(
        "sed -i s/advertise-address=192.0.2.10/advertise-address=192.0.2.77/ etc/kubernetes/manifests/kube-apiserver.yaml",
    );
    let Some(mut story) = page.begin(node) else {
        return;
    };
    let (said, code) = story.types("rekindle plan");
    assert!(
        code == 1 && said.contains("it lacks IP:192.0.2.77"),
        "{said}"
    );
    story.run("ip address");
    story.put("getent hosts NAME", "getent hosts localhost");
    story.run("getent hosts");
    story.run("rekindle plan --fix-sans");
    story.code("rekindle recover --fix-sans", 7);
    story.run("rekindle recover --fix-sans");
    let names = story
        .machine()
        .shell("openssl x509 -in /etc/kubernetes/pki/apiserver.crt -noout -ext subjectAltName");
    assert!(
        names.contains("192.0.2.77") && names.contains("192.0.2.10"),
        "{names}"
    );
    story.code("rekindle check", 0);
    story.run("rekindle check");
}

fn the_name_is_in_doubt(page: &mut Page) {
    let Some(mut story) = living(page, &["etcd", "kube-apiserver"]) else {
        return;
    };
    let machine = story.machine();
    machine.shell(
        "cp /var/lib/kubelet/pki/kubelet-client-current.pem /root/old.pem; rm /var/lib/kubelet/pki/kubelet-client*
         hostname cp-7; sed -i s/--hostname-override=[^\\\"[:space:]]*// /var/lib/kubelet/kubeadm-flags.env; mkdir -p /var/log/pods/kube-system_etcd-cp-1_0123456789abcdef",
    );
    let (said, code) = story.types("rekindle plan");
    assert!(
        code == 1 && said.contains("whose it was is in doubt"),
        "{said}"
    );
    story.run("export KUBECONFIG");
    let nodes = story.run("kubectl get nodes -o wide");
    assert!(nodes.contains("cp-1"), "{nodes}");
    story.run("kubectl version");
    story.put("OLD-FILE", "old.pem");
    assert!(
        story
            .run("openssl x509 -noout -subject")
            .contains("system:node:cp-1")
    );
    assert_eq!(story.run("ls /var/log/pods").trim(), "cp-1");
    story.put("--node-name NAME", "--node-name cp-1 --timeout 1s");
    story.code("rekindle recover --only", 7);
    story.run("rekindle recover --only kubelet.conf");
    let subject = story
        .machine()
        .shell("openssl x509 -noout -subject -in /var/lib/kubelet/pki/kubelet-client-current.pem");
    assert!(subject.contains("system:node:cp-1"), "{subject}");
    assert!(kubectl(&story, "get nodes").contains("cp-1"));
}

/// Both ways to ask, and what comes back.
fn the_key_is_elsewhere(page: &mut Page) {
    for request in ["openssl x509 -x509toreq", "openssl req -new"] {
        let node = broken(
            "mkdir owner; mv etc/kubernetes/pki/etcd/ca.key owner/; cp etc/kubernetes/pki/etcd/ca.crt owner/; mv owner etc/owner",
        );
        let Some(mut story) = page.begin(node) else {
            return;
        };
        let (said, _) = story.types("rekindle recover --only apiserver-etcd-client");
        assert!(said.contains("etcd-ca"), "{said}");
        story.run("install -d -m 0700 /root/aside");
        story.run("cd /etc/kubernetes/pki");
        story.run("openssl x509 -in apiserver-etcd-client.crt -noout -subject");
        story.run(request);
        // There, with what was carried.
        story.types("cd /etc/owner; cp /root/aside/apiserver-etcd-client.csr .");
        story.run("openssl x509 -req -in");
        story.types("cp apiserver-etcd-client.crt /root/aside/");
        story.run("cd /root/aside");
        assert!(story.run("openssl verify").contains("OK"));
        let there = story.run("openssl x509 -in apiserver-etcd-client.crt -noout -pubkey");
        let here = story.run("openssl pkey");
        assert_eq!(there, here);
        story.run("cp -a /etc/kubernetes/pki");
        story.run("install -m 0644 -o root");
        let (said, _) = story.types("rekindle check");
        let line = said
            .lines()
            .find(|line| line.contains("apiserver-etcd-client "))
            .unwrap();
        assert!(
            line.contains("valid") || line.contains("364d") || !line.contains("expired"),
            "{line}"
        );
    }
}

fn a_kubeconfig_elsewhere(page: &mut Page) {
    let node = broken(
        "mkdir etc/owner; mv etc/kubernetes/pki/ca.key etc/owner/; cp etc/kubernetes/pki/ca.crt etc/owner/",
    );
    let Some(mut story) = page.begin(node) else {
        return;
    };
    story.run("install -d -m 0700 /root/aside");
    story.run("umask 077; cd /root/aside");
    story.run("sed -n 's/^ *client-certificate-data");
    story.run("sed -n 's/^ *client-key-data");
    let (said, code) = story.types(
        "openssl x509 -x509toreq -in admin.crt -signkey admin.key -copy_extensions copyall -out admin.csr &&
         openssl x509 -req -in admin.csr -CA /etc/owner/ca.crt -CAkey /etc/owner/ca.key -copy_extensions copyall -days 9 -out admin.new.crt",
    );
    assert_eq!(code, 0, "{said}");
    story.run("kubectl config set-credentials");
    let (said, _) = story.types("rekindle check");
    let line = said
        .lines()
        .find(|line| line.contains("admin.conf "))
        .unwrap();
    assert!(!line.contains("expired"), "{line}");
}

/// Alice's is a link, which is not followed.
fn a_persons_kubeconfig(page: &mut Page) {
    let Some(mut story) = page.begin(Node::materialize(NODE)) else {
        return;
    };
    story.machine().shell(
        "echo alice:x:1000:1000::/home/alice:/bin/bash >>/etc/passwd
         mkdir -p /home/alice/.kube; cp /etc/kubernetes/admin.conf /home/alice/elsewhere; ln -s ../elsewhere /home/alice/.kube/config
         chown -R 1000:1000 /home/alice
         printf '#!/bin/sh\\nSUDO_USER=alice exec \"$@\"\\n' >/run/bin/sudo; chmod 0755 /run/bin/sudo",
    );
    story.types("export SUDO_USER=alice");
    let (said, code) = story.types("rekindle recover --refresh-kubeconfigs");
    assert!(
        code == 1 && said.contains("is a symbolic link, not a regular file"),
        "{said}"
    );
    // What she types, she types as herself.
    story.types("export HOME=/home/alice; as_alice() { setpriv --reuid=1000 --regid=1000 --clear-groups \"$@\"; }");
    story.put(
        "cp --remove-destination",
        "as_alice cp --remove-destination",
    );
    story.put("chmod go-w", "as_alice chmod go-w");
    story.run("cp --remove-destination");
    story.run("chmod go-w ~ ~/.kube");
    let (said, _) = story.types("rekindle recover --refresh-kubeconfigs");
    let is_refreshed =
        said.starts_with("Renewed the files of ") && said.contains("~alice/.kube/config");
    assert!(
        is_refreshed && !said.contains("is a symbolic link"),
        "{said}"
    );
    story.run("sudo cat");
    story
        .machine()
        .shell("cmp /etc/kubernetes/admin.conf /home/alice/.kube/config");
}

/// Somebody changed a file of an interrupted run, and it is to stay.
fn as_it_was_found(page: &mut Page) {
    for way in ["resume", "rollback"] {
        let node = Node::materialize(NODE);
        kill(node.path(), &["recover", "--yes"], "renameat", 6);
        // It had been replaced before that, or not.
        node.shell("echo '# mine' >>etc/kubernetes/admin.conf; echo '# mine' >>etc/kubernetes/scheduler.conf");
        let Some(mut story) = page.begin(node) else {
            return;
        };
        let way = format!("rekindle {way} --skip-foreign");
        story.code(&way, 1);
        let said = story.run(&way);
        assert!(
            said.contains("stays as it was found") || said.contains("Left to you"),
            "{said}"
        );
        story.code("rekindle check", 1);
        story.run("rekindle check");
        story.code("rekindle recover", 7);
        story.run("rekindle recover");
        story.run("lsattr");
    }
}
