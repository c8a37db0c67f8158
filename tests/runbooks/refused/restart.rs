//! What was to be restarted cannot be, or not so.

use super::{NODE, SERVICE, broken, refuses};
use crate::page::{Page, Reason};
use crate::story::Story;
use crate::support::machine::stand_in;
use crate::support::node::Node;

const PLAN: &str = "rekindle plan";
const VERIFY: &str = "rekindle verify";
const PODS: [&str; 3] = [
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
];
/// The commands that stop and start what takes the kubelet's place.
const STOP: &str = "/run/bin/kubelet-service stop";
const START: &str = "/run/bin/kubelet-service start";

/// Puts there what `OpenRC` and runit have, for a kubelet of this machine.
fn serve(story: &Story<'_>) {
    let place = stand_in("kubelet-");
    story.machine().shell(&format!(
        "cd /run/bin; : >/run/components
         printf '%s\\n' '#!/bin/bash' 'exec {0}$1' >kubelet-service
         printf '%s\\n' '#!/bin/bash' '[[ $1 = kubelet ]] && exec {0}$2' >rc-service
         printf '%s\\n' '#!/bin/bash' '[[ $1$2$4 = -w30kubelet ]] || exit 9' 'case $3 in up) exec {0}start ;; down) exec {0}stop ;; esac' >sv
         chmod 755 *",
        place.display()
    ));
}

#[test]
fn nobody_is_known_who_does() {
    let mut page = Page::open("refused/no-service-manager");
    let asked = "rekindle plan --restart all";
    for service in ["rc-service", "sv"] {
        let Some(mut story) = page.begin(Node::materialize(NODE)) else {
            return;
        };
        serve(&story);
        story.types(START);
        refuses(&mut story, asked, "no-service-manager");
        story.put(&format!("'{service} "), &format!("'/run/bin/{service} "));
        story.put("recover ", "recover --timeout 1s ");
        let before = story.machine().pid_of("kubelet");
        let command = format!("rekindle recover --kubelet-stop '{service}");
        story.code(&command, 7);
        story.run(&command);
        let now = story.machine().pid_of("kubelet");
        assert!(
            before.is_some() && now.is_some() && now != before,
            "{before:?} {now:?}"
        );
    }

    // By hand; it takes its time to end.
    let mut story = page.begin(Node::materialize(NODE)).unwrap();
    story.machine().shell(
        "cp /bin/bash /run/bin/kubelet; printf '%s\\n' \"trap 'sleep 0.5; exit' TERM\" 'while :; do read -t 0.1; done <>/run/silence' >/run/kubelet.sh",
    );
    let kubelet = "/run/bin/kubelet /run/kubelet.sh --v=2";
    story.types(&format!(
        "setsid {kubelet} </dev/null >>/var/log/kubelet.log 2>&1 & disown"
    ));
    refuses(&mut story, asked, "no-service-manager");
    story.code("ls -d", 0);
    assert!(story.run("ls -d").contains("/run/systemd/system"));
    let line = story.run("pgrep -ax kubelet");
    let (number, arguments) = line.trim().split_once(' ').unwrap();
    assert_eq!(arguments, kubelet);
    story.put("NUMBER-OF-KUBELET", number);
    story.put("recover ", "recover --timeout 1s ");
    story.put("/usr/bin/kubelet ARGUMENTS", kubelet);
    story.code("rekindle recover", 7);
    let told = story.run("rekindle recover --kubelet-stop 'kill");
    let (now, _) = story.types("pgrep -ax kubelet");
    assert!(now.contains(kubelet) && now != line, "{now}{told}");
    story.put(
        PLAN,
        "rekindle plan --restart all --kubelet-stop true --kubelet-start true",
    );
    story.code(PLAN, 0);
    let planned = story.run(PLAN);
    assert!(planned.contains("start the kubelet"), "{planned}");
    drop(story);
    page.end();
}

#[test]
fn no_kubelet_runs() {
    let mut page = Page::open("refused/kubelet-not-running");
    let node = || broken("rm etc/kubernetes/manifests/etcd.yaml");
    let Some(mut story) = page.begin(node()) else {
        return;
    };
    serve(&story);
    let asked = "rekindle plan --restart stamp";
    refuses(&mut story, asked, "kubelet-not-running");
    story.code("rekindle recover", 7);
    story.put(
        "--restart all",
        &format!("--restart all --timeout 1s --kubelet-stop '{STOP}' --kubelet-start '{START}'"),
    );
    story.run("rekindle recover --restart all");
    assert!(story.machine().pid_of("kubelet").is_some());
    drop(story);

    let mut story = page.begin(node()).unwrap();
    refuses(&mut story, asked, "kubelet-not-running");
    story.code("rekindle recover", 7);
    story.run("rekindle recover --restart touch");
    story.machine().start_kubelet(&PODS);
    story.put(
        "--restart stamp",
        "--restart stamp --force --validity 9000h --timeout 1s",
    );
    let before = story.machine().pid_of(PODS[2]);
    story.run("rekindle recover --restart stamp");
    let now = story.machine().pid_of(PODS[2]);
    assert!(now.is_some() && now != before, "{before:?} {now:?}");
    // What takes the place of the components serves nothing.
    story.put(VERIFY, "rekindle verify --timeout 0s");
    story.code(VERIFY, 1);
    let open = story.run(VERIFY);
    assert!(open.contains("kube-scheduler"), "{open}");
    drop(story);
    page.end();
}

#[test]
fn the_unit_is_of_no_use() {
    let mut page = Page::open("refused/kubelet-service-unusable");
    page.skip("systemctl", Reason::Systemd);
    let Some(mut story) = page.begin(Node::materialize(NODE)) else {
        return;
    };
    if !story.has("/usr/bin/systemctl") {
        println!("skipped: there is no systemctl here in whose place another could be put");
        return;
    }
    // It knows one unit, and that by another name.
    story.machine().shell(
        "chmod 755 /run; mkdir -p /run/systemd/system; printf '%s\\n' '#!/bin/bash' 'case $* in *snap.kubelet*) echo LoadState=loaded ;; *) echo LoadState=not-found ;; esac' 'echo ActiveState=inactive' >/run/systemctl
         chmod 755 /run/systemctl; mount --bind /run/systemctl /usr/bin/systemctl",
    );
    let asked = "rekindle plan --restart all";
    refuses(&mut story, asked, "kubelet-service-unusable");
    for way in ["--kubelet-unit snap.kubelet-eks.daemon.service", SERVICE] {
        let (planned, code) = story.types(&format!("{asked} {way}"));
        assert!(
            code == 0 && planned.contains("start the kubelet"),
            "{planned}"
        );
    }
    story.run(PLAN);
    drop(story);
    page.end();
}

#[test]
fn the_node_is_a_folder() {
    let mut page = Page::open("refused/restart-elsewhere");
    let Some(mut story) = page.begin(Node::materialize(NODE)) else {
        return;
    };
    story.types(
        "mkdir /home/node; cd /; cp -a --parents etc/kubernetes var/lib/kubelet /home/node; cd",
    );
    refuses(
        &mut story,
        "rekindle --root /home/node recover --restart all",
        "restart-elsewhere",
    );
    story.put("DIR", "/home/node");
    story.code("rekindle recover", 7);
    story.follow();
    let (checked, code) = story.types("rekindle --root /home/node check");
    assert_eq!(code, 0, "{checked}");
    story.put(VERIFY, "rekindle verify --timeout 0s");
    story.code(VERIFY, 1);
    story.run(VERIFY);
    story.run("rekindle check");
    drop(story);
    page.end();
}

#[test]
fn a_manifest_takes_no_annotation() {
    let mut page = Page::open("refused/manifest-not-editable");
    for line in [
        "metadata:",
        "annotations:",
        "kubeadm.kubernetes.io",
        "name:",
    ] {
        page.shows(line);
    }
    let edit = "rm etc/kubernetes/manifests/etcd.yaml; cd etc/kubernetes/manifests; sed -i '/^metadata:$/,/^spec:$/c metadata: {name: kube-scheduler, namespace: kube-system}\\nspec:' kube-scheduler.yaml";
    for how in ["all", "move", "stamp"] {
        let Some(mut story) = page.begin(broken(edit)) else {
            return;
        };
        serve(&story);
        story.machine().start_kubelet(&PODS);
        refuses(
            &mut story,
            "rekindle plan --restart stamp",
            "manifest-not-editable",
        );
        let service = format!("--timeout 1s --kubelet-stop '{STOP}' --kubelet-start '{START}'");
        for asked in ["--restart all", "--restart move"] {
            story.put(asked, &format!("{asked} {service}"));
        }
        let before = story.machine().pid_of(PODS[2]);
        let manifest = "cat /etc/kubernetes/manifests/kube-scheduler.yaml";
        let (old, _) = story.types(manifest);
        story.code("rekindle recover", 7);
        if how == "stamp" {
            story.types("sed -i 's/^metadata: .*/metadata:\\n  name: kube-scheduler\\n  namespace: kube-system/' /etc/kubernetes/manifests/kube-scheduler.yaml");
            let (told, code) = story.types("rekindle recover --restart stamp --timeout 1s");
            assert_eq!(code, 7, "{told}");
        } else {
            story.run(&format!("rekindle recover --restart {how}"));
            assert_eq!(story.types(manifest).0, old);
        }
        let now = story.machine().pid_of(PODS[2]);
        assert!(now.is_some() && now != before, "{how}: {before:?} {now:?}");
        story.put(VERIFY, "rekindle verify --timeout 0s");
        story.code(VERIFY, 1);
        story.run(VERIFY);
    }
    page.end();
}
