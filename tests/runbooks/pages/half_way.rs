//! `half-way`: a run was interrupted.

use super::latest_run;
use crate::control_plane::NODE;
use crate::page::Page;
use crate::support::interruption::{is_possible, kill};
use crate::support::node::Node;
use crate::support::program::rekindle;

/// The kubelet is stopped, and a part of the files replaced.
const FAULT: [&str; 4] = [
    "-e",
    "trace=renameat",
    "-e",
    "inject=renameat:signal=SIGKILL:when=6",
];

#[test]
fn half_way() {
    if !is_possible() {
        return;
    }
    let mut page = Page::open("half-way");
    for shown in ["error: ", "caused by: ", "hint: ", "runbook: ", "warning: "] {
        page.shows(shown);
    }
    for shown in ["Left over: ", "What it had prepared", "To clear them away"] {
        page.shows(shown);
    }
    let Some(()) = forward(&mut page) else { return };
    back(&mut page);
    left_over(&mut page);
    interrupted_rollback(&mut page);
    damaged(&mut page);
    page.end();
}

/// Killed with the kubelet stopped, and taken to its end.
fn forward(page: &mut Page) -> Option<()> {
    let mut story = page.begin(Node::materialize(NODE))?;
    story.with_kubelet();
    story
        .machine()
        .start_kubelet(&["kube-controller-manager", "kube-scheduler"]);
    let (said, _) = story.types("printf '%s\\n' \"${kubelet[@]}\"");
    let commands: Vec<&str> = said.lines().filter(|line| !line.is_empty()).collect();
    let arguments = [&["recover", "--yes"][..], &commands].concat();
    let (killed, _) = story.machine().traced(&FAULT, &arguments);
    assert_eq!(killed.code, None, "{killed:?}");
    let (found, _) = story.types("rekindle check");
    assert!(found.contains("It has stopped kubelet.service"), "{found}");
    assert!(story.machine().pid_of("kubelet").is_none());
    story.run("dmesg -T");
    // Of the components that take part only the processes are there: the proof stays open.
    story.put("rekindle resume", "rekindle resume --timeout 1s");
    story.code("rekindle resume", 7);
    story.run("rekindle resume");
    assert!(story.machine().pid_of("kubelet").is_some());
    let settled = story.run("rekindle check ");
    assert!(!settled.contains("Unfinished"), "{settled}");
    let verified = story.run("rekindle journal verify");
    assert!(verified.starts_with("COMPLETE\n"), "{verified}");
    assert!(verified.contains("attempts  2"), "{verified}");
    story.put("rekindle verify", "rekindle verify --timeout 1s");
    story.code("rekindle verify", 1);
    story.run("rekindle verify");
    story.run("rekindle journal show");
    story.run("systemctl start kubelet");
    Some(())
}

/// The run was the mistake.
fn back(page: &mut Page) {
    let node = Node::materialize(NODE);
    let before = node.read("/etc/kubernetes/pki/apiserver.crt");
    kill(node.path(), &["recover", "--yes"], "renameat", 6);
    let Some(mut story) = page.begin(node) else {
        return;
    };
    // It restarts nothing unless asked.
    story.code("rekindle rollback", 7);
    story.run("rekindle rollback");
    let after = story
        .machine()
        .node()
        .read("/etc/kubernetes/pki/apiserver.crt");
    assert!(before == after);
    let (said, _) = story.types("rekindle check");
    assert!(
        !said.contains("Unfinished") && said.contains("expired"),
        "{said}"
    );
}

/// Killed before the first file was replaced.
fn left_over(page: &mut Page) {
    let node = Node::materialize(NODE);
    kill(node.path(), &["recover", "--yes"], "symlinkat", 1);
    let Some(mut story) = page.begin(node) else {
        return;
    };
    let (said, code) = story.types("rekindle check");
    assert!(code == 1 && said.contains("Left over: "), "{said}");
    story.run("rekindle rollback");
    let (said, _) =
        story.types("rekindle check; find /etc/kubernetes /var/lib/kubelet -name '.rekindle-*'");
    assert!(
        !said.contains("Left over") && !said.contains(".rekindle-"),
        "{said}"
    );
}

/// Going back from a run that had ended, and killed on the way.
fn interrupted_rollback(page: &mut Page) {
    let node = Node::materialize(NODE);
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    let run = latest_run(&node);
    kill(node.path(), &["rollback", &run, "--yes"], "renameat", 6);
    for way in ["rekindle resume", "rekindle rollback RUN"] {
        let Some(mut story) = page.begin(node.copy()) else {
            return;
        };
        story.put("RUN", &run);
        story.code("rekindle", 7);
        story.run(way);
        let (said, _) = story.types("rekindle check");
        assert!(
            !said.contains("Unfinished") && said.contains("expired"),
            "{said}"
        );
    }
}

/// A line of the journal of an interrupted run was changed since.
fn damaged(page: &mut Page) {
    let node = Node::materialize(NODE);
    kill(node.path(), &["recover", "--yes"], "renameat", 6);
    let run = latest_run(&node);
    node.edit(&format!("/var/lib/rekindle/journal/{run}.jsonl"), |text| {
        let place = text
            .lines()
            .take(4)
            .map(|line| line.len() + 1)
            .sum::<usize>()
            + 200;
        let other = if text.as_bytes()[place] == b'A' {
            "B"
        } else {
            "A"
        };
        format!("{}{other}{}", &text[..place], &text[place + 1..])
    });
    let Some(mut story) = page.begin(node) else {
        return;
    };
    let (said, code) = story.types("rekindle recover");
    assert!(code == 6 && said.contains("line 5"), "{code} {said}");
    story.put("RUN", &run);
    let listed = story.run("rekindle journal list");
    assert!(listed.contains("broken in line 5"), "{listed}");
    story.run("install -d -m 0700 /root/aside");
    story.run("mv /var/lib/rekindle");
    let staged = story.run("find /etc/kubernetes /var/lib/kubelet/pki -name '.rekindle-*' -ls");
    assert!(staged.contains(".rekindle-"), "{staged}");
    story.run("find /etc/kubernetes /var/lib/kubelet/pki -name '.rekindle-*' -delete");
    story.code("rekindle recover", 7);
    story.code("rekindle check", 1);
    let checked = story.run("rekindle check");
    assert!(!checked.contains("Unknown"), "{checked}");
    story.code("rekindle check", 0);
    let recovered = story.run("rekindle recover  ");
    assert!(recovered.contains("scheduler.conf"), "{recovered}");
    story.run("rekindle check");
}
