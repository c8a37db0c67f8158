//! Something is in the way of a run that is to be taken up, or back.

use super::{NODE, refuses};
use crate::page::Page;
use crate::story::Story;
use crate::support::interruption::{is_possible, kill};
use crate::support::node::Node;
use crate::support::program::rekindle;

/// The run that the pages show.
const RUN: &str = "20261124T031245.118Z-1f5a9e";
const CHECK: &str = "rekindle check";
const RESUME: &str = "rekindle resume";
const ROLLBACK: &str = "rekindle rollback";
const ADMIN: &str = "/etc/kubernetes/admin.conf";
const SCHEDULER: &str = "/etc/kubernetes/scheduler.conf";

/// A node whose recovery was killed when it was about to make its `number`-th replacement of a file.
pub fn interrupted(number: usize) -> Option<Node> {
    if !is_possible() {
        return None;
    }
    let node = Node::materialize(NODE);
    kill(node.path(), &["recover", "--yes"], "renameat", number);
    Some(node)
}

/// The same, and on the way back killed again.
pub fn going_back() -> Option<Node> {
    let node = interrupted(6)?;
    kill(node.path(), &["rollback", "--yes"], "renameat", 3);
    Some(node)
}

/// The runs of the node, the latest last.
pub fn runs(node: &Node) -> Vec<String> {
    let list = rekindle(node.path(), &["journal", "list"]).expect(0).stdout;
    let runs = list
        .lines()
        .skip(1)
        .filter_map(|line| line.split(' ').next());
    runs.map(str::to_owned).collect()
}

/// Begins with the run of that node for the one of the page.
pub fn begin(page: &mut Page, node: Node) -> Option<Story<'_>> {
    let run = runs(&node).pop().unwrap();
    let mut story = page.begin(node)?;
    story.put(RUN, &run);
    // Nothing runs there that could be proven.
    story.code(RESUME, 7);
    story.code(ROLLBACK, 7);
    story.code("rekindle recover", 7);
    story.put("/backups/RUN/", &format!("/backups/{run}/"));
    Some(story)
}

/// Nothing is unfinished, and what has expired can be renewed.
#[track_caller]
pub fn is_settled(story: &mut Story<'_>) {
    let (said, code) = story.types(CHECK);
    assert!(!said.contains("Unfinished") && code < 2, "{said}");
    let (said, code) = story.types("rekindle recover --restart touch");
    assert!(matches!(code, 0 | 1 | 7), "{said}");
    let (said, code) = story.types(CHECK);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn the_copy_of_an_old_file_is_lost() {
    let mut page = Page::open("refused/backup-lost");
    // How it may have been lost.
    page.shows("rekindle backups prune");
    let Some(node) = interrupted(6) else {
        return;
    };
    node.shell("mkdir ../vault; cd var/lib/rekindle/backups; cp -a --parents */etc/kubernetes/admin.conf ../../../../../vault/; rm */etc/kubernetes/admin.conf");
    let vault = node.path().with_file_name("vault").display().to_string();
    let (second, third) = (node.copy(), node.copy());

    // It is found in the backup of the machine.
    let Some(mut story) = begin(&mut page, node) else {
        return;
    };
    let said = refuses(&mut story, ROLLBACK, "backup-lost");
    story.put("find / -xdev", &format!("find {vault} /var/lib -xdev"));
    story.run("rekindle backups list");
    let found = story.run("find / -xdev");
    assert_eq!(found.lines().count(), 1, "{found}");
    let (_, place) = said.split_once("admin.conf: ").unwrap();
    let (place, _) = place.split_once(" does not exist").unwrap();
    let (told, code) = story.types(&format!(
        "cp -a {vault}/*/etc/kubernetes/admin.conf {place}"
    ));
    assert_eq!(code, 0, "{told}");
    story.code(CHECK, 1);
    let (told, code) = story.types(ROLLBACK);
    assert_eq!(code, 7, "{told}");
    story.run(CHECK);
    is_settled(&mut story);
    drop(story);

    let mut story = begin(&mut page, second).unwrap();
    refuses(&mut story, ROLLBACK, "backup-lost");
    story.run(RESUME);
    story.run(CHECK);
    drop(story);

    let mut story = begin(&mut page, third).unwrap();
    refuses(&mut story, ROLLBACK, "backup-lost");
    story.code(ROLLBACK, 1);
    assert!(
        story
            .run("rekindle rollback --skip-foreign")
            .contains("Left to you")
    );
    is_settled(&mut story);
    drop(story);
    page.end();
}

#[test]
fn somebody_else_changed_a_file() {
    let mut page = Page::open("refused/foreign-change");
    let Some(waiting) = interrupted(6) else {
        return;
    };
    let replaced = waiting.copy();
    waiting.shell("echo >>etc/kubernetes/scheduler.conf");
    let kept = waiting.copy();
    replaced.shell("rm etc/kubernetes/admin.conf; mkdir etc/kubernetes/admin.conf");

    let Some(mut story) = begin(&mut page, kept) else {
        return;
    };
    refuses(&mut story, RESUME, "foreign-change");
    story.put("FILE", SCHEDULER);
    story.may_find_nothing("ls -ld");
    // Its certificate is inside.
    story.code("openssl x509", 1);
    assert!(story.run("ls -ld").contains(SCHEDULER));
    story.run("openssl x509");
    assert!(story.run("sed -n").contains("system:kube-scheduler"));
    story.code(RESUME, 1);
    story.run(RESUME);
    story.code(CHECK, 1);
    story.run(CHECK);
    is_settled(&mut story);
    drop(story);

    let mut story = begin(&mut page, waiting).unwrap();
    story.put("FILE", SCHEDULER);
    refuses(&mut story, RESUME, "foreign-change");
    story.run("install -d");
    story.run("cp -a");
    let (told, code) = story.types(RESUME);
    assert_eq!(code, 7, "{told}");
    drop(story);

    let mut story = begin(&mut page, replaced).unwrap();
    story.put("FILE", ADMIN);
    let said = refuses(&mut story, RESUME, "foreign-change");
    assert!(said.contains("then go back: rekindle rollback"), "{said}");
    story.run("install -d");
    story.run("cp -a");
    story.run(ROLLBACK);
    story.run("rekindle recover");
    drop(story);
    page.end();
}

#[test]
fn what_was_staged_is_lost() {
    let mut page = Page::open("refused/staged-file-lost");
    let Some(node) = interrupted(6) else {
        return;
    };
    node.shell("rm etc/kubernetes/pki/etcd/.rekindle-*-peer.crt");
    let other = node.copy();
    let Some(mut story) = begin(&mut page, node) else {
        return;
    };
    refuses(&mut story, RESUME, "staged-file-lost");
    assert!(!story.run("ls -l").contains("-peer.crt"));
    story.run(ROLLBACK);
    story.run("rekindle recover");
    story.run(CHECK);
    drop(story);

    let mut story = begin(&mut page, other).unwrap();
    refuses(&mut story, RESUME, "staged-file-lost");
    story.code(RESUME, 1);
    story.run(RESUME);
    story.run("rekindle recover");
    story.run(CHECK);
    drop(story);
    page.end();
}

#[test]
fn there_is_no_way_forward() {
    let mut page = Page::open("refused/rollback-begun");
    let Some(node) = going_back() else {
        return;
    };
    let Some(mut story) = begin(&mut page, node) else {
        return;
    };
    refuses(&mut story, RESUME, "rollback-begun");
    story.code(CHECK, 1);
    story.follow();
    story.code(CHECK, 0);
    story.run(CHECK);
    drop(story);
    page.end();
}

#[test]
fn a_later_run_came_behind() {
    let mut page = Page::open("refused/later-run");
    let node = Node::materialize(NODE);
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    let again = ["recover", "--yes", "--force", "--validity", "9000h"];
    rekindle(node.path(), &again).expect(0);
    let [first, second] = &runs(&node)[..] else {
        panic!("not two runs");
    };
    let (first, second) = (first.clone(), second.clone());
    let Some(mut story) = page.begin(node) else {
        return;
    };
    story.put(RUN, &first);
    story.put("20261130T101500.402Z-77c1d0", &second);
    refuses(&mut story, &format!("{ROLLBACK} {first}"), "later-run");
    assert!(story.run("rekindle journal list").contains(&second));
    story.code(ROLLBACK, 7);
    story.follow();
    story.code(CHECK, 1);
    story.run(CHECK);
    is_settled(&mut story);
    drop(story);
    page.end();
}
