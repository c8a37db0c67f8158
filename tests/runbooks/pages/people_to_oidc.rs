//! `people-to-oidc`: a real Dex and a real API server, as the page sets them up, and back.

use super::control_plane::{kubectl, living_on, wait_until_ready};
use crate::page::Page;
use crate::story::Story;
use crate::support::api_server::rehearsal_cache;
use crate::support::interruption::wait_for;

/// Of `password`.
const HASH: &str = "$2a$10$abcdefghijklmnopqrstuu5Lo0g67CiD3M4RpN1BmBb4Crp5w7dbK";

#[test]
fn people_to_oidc() {
    let mut page = Page::open("people-to-oidc");
    for shown in ["- ", "Username", "Groups", "kubectl oidc-login", "kubeadm "] {
        page.shows(shown);
    }
    let dex = std::fs::read_dir(rehearsal_cache().unwrap_or_default());
    let mut dex = dex
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path().join("dex"));
    let Some(dex) = dex.find(|path| path.is_file()) else {
        println!("skipped: people-to-oidc: no Dex, which tests/ways_in builds");
        return;
    };
    let Some(mut story) = living_on(&mut page, &["etcd", "kube-apiserver"], |node| {
        std::fs::copy(dex, node.file("/etc/dex-program")).unwrap();
    }) else {
        return;
    };
    story.machine().shell(
        "ln -s /etc/dex-program /run/bin/dex; echo 192.0.2.10 dex.example.test >>/etc/hosts",
    );
    story.put("NODE", "192.0.2.10");
    story.put("YOU", "somebody");
    story.put("TICKET", "INC-4711");
    story.run("rekindle auth");
    story.put("whoami FILE", "whoami /etc/kubernetes/admin.conf");
    story.run("rekindle whoami FILE");
    story.run("rekindle credential issue --user YOU");
    story.run("kubectl --kubeconfig /root/way-in.conf");
    dex_serves(&mut story);
    the_api_server(&mut story);
    people(&mut story);
    the_way_back(&mut story);
    drop(story);
    page.end();
}

fn dex_serves(story: &mut Story<'_>) {
    story.run("install -d -m 0700 /etc/dex");
    story.run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650");
    story.run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 ");
    story.put("$2y$…", HASH);
    story.writes("issuer:", "/etc/dex/config.yaml");
    story.put(
        "dex serve /etc/dex/config.yaml",
        "setsid dex serve /etc/dex/config.yaml >/run/dex.log 2>&1 &",
    );
    story.run("dex serve");
    story.types("umask 077; printf password >password.txt");
    let keys = "curl -s -o /dev/null --cacert ca.crt https://dex.example.test:5556/dex/keys";
    wait_for(|| (story.types(keys).1 == 0).then_some(()));
    story.run("curl -s --cacert /etc/dex/ca.crt");
    let claims = story.run("cut -d. -f2 token");
    assert!(
        claims.contains("\"aud\":\"kubernetes\"") && claims.contains("developers"),
        "{claims}"
    );
    story.code("rekindle whoami token", 1);
    assert!(story.run("rekindle whoami token").contains("unknown token"));
}

fn the_api_server(story: &mut Story<'_>) {
    story.writes(
        "apiVersion: apiserver.config.k8s.io/v1",
        "/etc/kubernetes/pki/authentication.yaml",
    );
    let (said, code) = story.types(
        "sed 's/^/      /' ca.crt >indented && chmod 0600 /etc/kubernetes/pki/authentication.yaml &&
         sed -i -e '/-----END/r indented' -e '/-----BEGIN/,/-----END/d' /etc/kubernetes/pki/authentication.yaml",
    );
    assert_eq!(code, 0, "{said}");
    story.run("install -d -m 0700 /root/aside");
    story.run("cp -p /etc/kubernetes/manifests/kube-apiserver.yaml");
    story.run("sed '/^    - kube-apiserver$/a");
    story.code("diff ", 1);
    let changed = story.run("diff ");
    assert_eq!(changed.matches("\n> ").count(), 1, "{changed}");
    let before = story.machine().pid_of("kube-apiserver");
    story.run("cp /root/aside/kube-apiserver.oidc.yaml");
    wait_for(|| {
        story
            .machine()
            .pid_of("kube-apiserver")
            .filter(|now| Some(*now) != before)
    });
    wait_until_ready(story);
    kubectl(story, "create configmap kubeadm-config -n kube-system");
    story.types("export KUBECONFIG=/etc/kubernetes/super-admin.conf EDITOR=true");
    story.run("kubectl -n kube-system edit");
    let who = "kubectl --kubeconfig /dev/null --server https://192.0.2.10:6443 --certificate-authority /etc/kubernetes/pki/ca.crt --token \"$(cat token)\" auth whoami";
    wait_for(|| (story.types(who).1 == 0).then_some(()));
    let jane = story.run("kubectl --kubeconfig /dev/null");
    assert!(jane.contains("oidc:jane@example.test"), "{jane}");
    assert!(
        jane.contains("[oidc:developers oidc:admins system:authenticated]"),
        "{jane}"
    );
    story.run("kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes");
}

fn people(story: &mut Story<'_>) {
    story.run("kubectl create rolebinding oidc-developers");
    story.run("kubectl create clusterrolebinding oidc-admins");
    assert_eq!(
        story
            .run("kubectl auth can-i delete nodes")
            .trim()
            .lines()
            .last(),
        Some("yes")
    );
    story.types(
        "cp /etc/kubernetes/super-admin.conf /root/own.conf; export KUBECONFIG=/root/own.conf",
    );
    story.run("kubectl config set-credentials dex");
    story.writes("#!/bin/sh", "/run/bin/kubectl-dex");
    // Nobody is there to log on at a browser: as after that.
    story.types("chmod 0755 /run/bin/kubectl-dex; mkdir -p ~/.kube; cp token ~/.kube/dex-token");
    for command in [
        "kubectl --kubeconfig jane.conf config set-cluster",
        "kubectl --kubeconfig jane.conf config set-credentials",
        "kubectl --kubeconfig jane.conf config set-context",
        "kubectl --kubeconfig jane.conf config use-context",
    ] {
        story.run(command);
    }
    assert!(
        story
            .run("kubectl --kubeconfig jane.conf auth whoami")
            .contains("oidc:jane@example.test")
    );
}

fn the_way_back(story: &mut Story<'_>) {
    story.run("printf 'apiVersion");
    wait_for(|| (story.types("kubectl --kubeconfig jane.conf auth whoami").1 != 0).then_some(()));
    let before = story.machine().pid_of("kube-apiserver");
    story.run("cp /root/aside/kube-apiserver.yaml /etc/kubernetes/manifests/");
    wait_for(|| {
        story
            .machine()
            .pid_of("kube-apiserver")
            .filter(|now| Some(*now) != before)
    });
    wait_until_ready(story);
    story.types("rm -f /root/way-in.conf");
    story.run("rekindle credential issue --user jane");
    let (nodes, code) = story.types("kubectl --kubeconfig /root/way-in.conf get nodes");
    assert_eq!(code, 0, "{nodes}");
    story.run("rm token password.txt");
}
