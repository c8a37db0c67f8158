//! Pages for days without an outage, and of what is tested elsewhere: `README`, `lifecycle-policy`, `many-nodes`, `guarantees`.

use super::control_plane::{CONTROL_PLANE, NODE, living};
use super::latest_run;
use crate::page::{Page, Reason};
use crate::support::node::Node;

#[test]
fn readme() {
    let mut page = Page::open("README");
    for shown in ["error: ", "caused by: ", "hint: ", "runbook: "] {
        page.shows(shown);
    }
    page.shows("rekindle runbook NAME");
    let Some(mut story) = page.begin(Node::materialize(NODE)) else {
        return;
    };
    story.run("install -d -m 0700 /root/aside");
    story.code("rekindle check", 1);
    story.run("rekindle check");
    for page in ["full-expiry", "half-way", "refused/ca-expired"] {
        let name = page.trim_start_matches("refused/");
        let (said, code) = story.types(&format!("rekindle runbook {name}"));
        assert!(code == 0 && said.starts_with("# "), "{said}");
    }
    drop(story);
    page.end();
}

#[test]
fn lifecycle_policy() {
    let mut page = Page::open("lifecycle-policy");
    for shown in ["CLUSTER ", "[ ] "] {
        page.shows(shown);
    }
    for elsewhere in ["kubeadm init", "kubeadm upgrade"] {
        page.skip(elsewhere, Reason::Elsewhere);
    }
    page.skip("rekindle drill", Reason::TestedBy("tests/drilled_node.rs"));
    page.skip("rekindle credential issue", Reason::TestedBy("break-glass"));
    let Some(mut story) = living(&mut page, &CONTROL_PLANE) else {
        return;
    };
    story.types("mkdir -p /var/lib/rekindle");
    story.run("rekindle check --within 60d -o json >");
    story.types("cd /var/lib/rekindle; export NODE=cp-1");
    let lines = story.run("jq -r");
    assert!(
        lines
            .lines()
            .filter(|line| line.contains("\tcp-1\t"))
            .count()
            > 12,
        "{lines}"
    );
    story.types("cd");
    for command in [
        "rekindle check --within 60d -o json",
        "rekindle check -o json",
        "rekindle check",
        "rekindle tokens audit",
        "rekindle credential list",
        "rekindle auth -o json",
    ] {
        story.run(command);
    }
    story.put("rekindle verify", "rekindle verify --timeout 1s");
    story.code("rekindle verify", 1);
    story.run("rekindle verify -q");
    story.run("rekindle verify");
    story.run("rekindle plan --within 60d");
    story.put(
        "--within 60d --reason",
        "--within 9000h --validity 9500h --timeout 1s --reason",
    );
    story.code("rekindle recover", 7);
    let recovered = story.run("rekindle recover --within 60d");
    let (_, ticket) = recovered.split_once("For the ticket").unwrap();
    story.types(&format!("cat >ticket.txt <<'END'\n{ticket}\nEND"));
    let run = latest_run(story.machine().node());
    story.put("RUN", &run);
    story.run("rekindle journal export RUN");
    story.run("rekindle journal verify RUN");
    story.run("rekindle journal verify");
    story.put("FILE", "/etc/kubernetes/admin.conf");
    story.run("rekindle whoami FILE");
    story.run("rekindle backups prune");
    drop(story);
    page.end();
}

#[test]
fn many_nodes() {
    let mut page = Page::open("many-nodes");
    for command in ["cp inventory", "sha256sum", "ansible", "kubectl get nodes"] {
        page.skip(command, Reason::TestedBy("tests/ansible/run"));
    }
    page.end();
}

/// Each proof is one of these programs; the process itself is looked at here.
#[test]
fn guarantees() {
    let mut page = Page::open("guarantees");
    page.skip("scripts/", Reason::TestedBy("scripts/test.sh --full"));
    page.skip("cargo test", Reason::TestedBy("scripts/test.sh"));
    for row in [
        "program ",
        "control: ",
        "recover, ",
        "resume  ",
        "rollback  ",
    ] {
        page.shows(row);
    }
    let Some(mut story) = page.begin(Node::materialize(NODE)) else {
        return;
    };
    if story.types("strace true").1 != 0 {
        for command in ["rekindle drill", "rekindle --root", "strace", "(ulimit"] {
            story.skip(command, Reason::Distribution);
        }
    } else {
        story.run("rekindle drill --keep");
        story.put(">/dev/null", ">/dev/null 2>calls");
        story.run("rekindle --root /root/drill expire");
        story.run("strace -f -e trace=%network");
        let (calls, _) = story.types("grep -E '^(\\[pid|[a-z0-9]+\\()' calls");
        assert!(
            calls.lines().filter(|line| line.contains('(')).count() == 1,
            "{calls}"
        );
        story.put(">/dev/null 2>calls", ">/dev/null");
        story.types("rekindle --root /root/drill expire");
        story.put("2>&1 >/dev/null 2>calls", "2>&1 >/dev/null");
        let opened = story.run("strace -f -e trace=openat");
        for line in opened.lines().filter(|line| line.contains("openat(")) {
            let known = [
                "/proc/",
                "/sys/fs/cgroup/",
                "/etc/machine-id",
                "/root/drill",
            ];
            assert!(known.iter().any(|path| line.contains(path)), "{line}");
        }
        story.types("rekindle --root /root/drill expire");
        story.code("(ulimit", 134);
        let died = story.run("(ulimit");
        assert!(
            died.contains("killed by SIGABRT") && !died.contains("core dumped"),
            "{died}"
        );
    }
    drop(story);
    page.end();
}
