//! A run was interrupted, another one works, or somebody has changed what was planned for.

use super::taken_up::{begin, going_back, interrupted, is_settled, runs};
use super::{NODE, SERVICE, refuses};
use crate::page::Page;
use crate::story::Story;
use crate::support::interruption::kill;
use crate::support::interruption::wait_for;
use crate::support::node::Node;
use crate::support::program::rekindle;

const PLAN: &str = "rekindle plan";
const CHECK: &str = "rekindle check";
const RESUME: &str = "rekindle resume";
const ROLLBACK: &str = "rekindle rollback";
const RECOVER: &str = "rekindle recover --restart touch";

#[test]
fn a_run_is_unfinished() {
    let mut page = Page::open("refused/unfinished-run");
    let Some(node) = interrupted(6) else {
        return;
    };
    let other = node.copy();
    let Some(mut story) = begin(&mut page, node) else {
        return;
    };
    refuses(&mut story, RECOVER, "unfinished-run");
    story.run(RESUME);
    story.run(CHECK);
    // Nothing is left to be renewed, nor is there anything to be restarted.
    story.code("rekindle recover", 1);
    story.run("rekindle recover");
    drop(story);

    let mut back = vec![other];
    back.extend(going_back());
    for node in back {
        let mut story = begin(&mut page, node).unwrap();
        refuses(&mut story, RECOVER, "unfinished-run");
        story.run(ROLLBACK);
        story.code(CHECK, 1);
        story.run(CHECK);
        is_settled(&mut story);
    }
    page.end();
}

#[test]
fn nobody_vouches_for_the_journal() {
    let mut page = Page::open("refused/journal-not-anchored");
    // Said of what it does.
    page.shows("rekindle journal verify");
    let code = "journal-not-anchored";
    let Some(node) = interrupted(1) else {
        return;
    };
    // An attempt was made while the CA's key was away.
    rekindle(node.path(), &["resume", "--yes"]).expect(0);
    let ended = runs(&node).pop().unwrap();
    node.shell("mv etc/kubernetes/pki/ca.key ..");
    kill(node.path(), &["rollback", &ended, "--yes"], "renameat", 3);
    node.shell("mv ../ca.key etc/kubernetes/pki/");
    let unknown = node.copy();
    let Some(mut story) = begin(&mut page, node) else {
        return;
    };
    let said = refuses(&mut story, ROLLBACK, code);
    story.put("--key SHA256 --key SHA256", keys(&said));
    story.run("rekindle journal show");
    story.code("rekindle journal verify", 6);
    let verified = story.run("rekindle journal verify 20261124T031245.118Z-1f5a9e");
    assert!(verified.contains("signed by sha256:"), "{verified}");
    story.run("rekindle rollback --key");
    story.run(CHECK);
    drop(story);

    let mut story = begin(&mut page, unknown).unwrap();
    refuses(&mut story, ROLLBACK, code);
    story.run("install -d");
    story.run("mv /var/lib");
    story.run("find /etc/kubernetes");
    let left = "find /etc/kubernetes /var/lib/kubelet -name '.rekindle-*'";
    assert_eq!(story.types(left).0, "");
    assert!(story.types("ls -A /root/aside").0.contains(".rekindle-"));
    story.code(CHECK, 1);
    let checked = story.run(CHECK);
    assert!(!checked.contains("Unfinished"), "{checked}");
    story.is_mended();
    drop(story);

    // Under a former CA.
    let node = interrupted(6).unwrap();
    node.shell("mkdir ../former; cp -a etc/kubernetes/pki/ca.* ../former/");
    let other = Node::materialize("ecdsa-p384-stacked");
    for name in ["ca.crt", "ca.key"] {
        let path = format!("/etc/kubernetes/pki/{name}");
        node.write(&path, other.read(&path));
    }
    let former = node.path().with_file_name("former").join("ca.crt");
    let mut story = begin(&mut page, node).unwrap();
    let said = refuses(&mut story, ROLLBACK, code);
    story.put("FORMER-CA.crt", &former.display().to_string());
    story.code("rekindle journal verify", 5);
    let all = story.run("rekindle journal verify 20261124T031245.118Z-1f5a9e --ca");
    assert!(all.contains("signed by sha256:"), "{all}");
    let (told, ended) = story.types(&format!("{ROLLBACK} {}", keys(&said)));
    assert_eq!(ended, 7, "{told}");
    drop(story);
    page.end();
}

/// The options of the hint.
fn keys(said: &str) -> &str {
    let (_, keys) = said.split_once(": rekindle rollback ").unwrap();
    keys.split([';', '\n']).next().unwrap()
}

#[test]
fn another_node_than_was_planned_for() {
    let mut page = Page::open("refused/inventory-changed");
    let Some(mut story) = page.begin(Node::materialize(NODE)) else {
        return;
    };
    let digest = |said: &str| {
        let mut lines = said
            .lines()
            .filter_map(|line| line.strip_prefix("Inventory "));
        lines.next().unwrap().to_owned()
    };
    let planned = digest(&story.types(PLAN).0);
    story.types("echo >>/etc/kubernetes/pki/apiserver.crt");
    let recover = format!("rekindle recover --inventory {planned}");
    refuses(&mut story, &recover, "inventory-changed");
    let youngest = story.run("find /etc/kubernetes");
    let last = youngest.lines().last().unwrap();
    assert!(
        last.contains("/etc/kubernetes/pki/apiserver.crt"),
        "{youngest}"
    );
    let now = digest(&story.run(PLAN));
    assert_ne!(now, planned);
    story.put("--inventory DIGEST", &format!("--inventory {now}"));
    story.code("rekindle recover", 7);
    story.follow();
    drop(story);
    page.end();
}

/// The number that the refusal names.
fn holder(story: &mut Story<'_>) -> String {
    let said = refuses(story, RECOVER, "another-rekindle");
    let (_, number) = said.split_once("ps -fp ").unwrap();
    let end = number.find(|letter: char| !letter.is_ascii_digit());
    number[..end.unwrap()].to_owned()
}

#[test]
fn another_one_has_the_lock() {
    let mut page = Page::open("refused/another-rekindle");
    let hanging =
        format!("command rekindle recover --yes {SERVICE}").replacen("true", "'sleep 60'", 1);
    let locked = "setpriv --reuid=65534 --regid=65534 --clear-groups flock --shared --no-fork /etc/kubernetes sleep 60";
    for (program, word) in [(&*hanging, "rekindle"), (locked, "sleep")] {
        let Some(mut story) = page.begin(Node::materialize(NODE)) else {
            return;
        };
        story.types(&format!("{program} >/root/said 2>&1 & disown"));
        wait_for(|| {
            let (held, _) = story.types("grep :$(stat -c %i /etc/kubernetes) /proc/locks");
            (!held.is_empty()).then_some(())
        });
        let number = holder(&mut story);
        story.put("4711", &number);
        let shown = story.run("ps -o");
        assert!(shown.contains(word), "{shown}");
        story.run("who");
        let locks = story.run("grep \":$(stat");
        assert!(
            locks.split_whitespace().any(|field| field == number),
            "{locks}"
        );
        story.code(CHECK, 1);
        story.run("kill -TERM");
        wait_for(|| (story.types(&format!("kill -0 {number}")).1 != 0).then_some(()));
        let checked = story.run(CHECK);
        if checked.contains("Unfinished") {
            let (told, code) = story.types(&format!("{RESUME} {SERVICE}"));
            assert_eq!(code, 7, "{told}");
        } else {
            story.run(PLAN);
            story.is_mended();
        }
    }
    page.end();
}
