//! Interrupted at each of its exchanges, and taken up again: forward everything is new, back everything is old, and nobody has to
//! vouch for the journal by hand, though the authority that does has expired on the disk or not.

use crate::expired::{Expired, REISSUE, holders, node};
use crate::support::interruption::{is_possible, kill};
use crate::support::journal::runs;
use crate::support::node::Node;
use crate::support::program::{rekindle, unheard};
use crate::support::tree::Tree;

const NODE: &str = "ecdsa-p256-stacked";

fn is_new(node: &Node, expired: &[Expired]) {
    for authority in expired {
        let left = holders(&Tree::read(node.path()), &authority.certificate);
        assert_eq!(left, Vec::<String>::new());
    }
    rekindle(node.path(), &["check"]).expect(0);
}

/// What is left to do outside the node is said by whoever finishes the run.
fn is_laid_out(node: &Node, told: &str) {
    let folders = laid_out(node);
    let folder = folders.first().unwrap_or_else(|| panic!("{told}"));
    assert!(told.contains(folder), "{told}");
}

/// The folders with new certificates in them, which are those that are on the disk.
fn laid_out(node: &Node) -> Vec<String> {
    let tree = Tree::read(node.path());
    let folders = tree
        .paths()
        .filter_map(|path| path.strip_suffix("/README.md"));
    let folders: Vec<String> = folders.map(str::to_owned).collect();
    for folder in &folders {
        for (name, file) in [
            ("ca", "ca"),
            ("etcd-ca", "etcd/ca"),
            ("front-proxy-ca", "front-proxy-ca"),
        ] {
            let copy = tree.entry(&format!("{folder}/{name}.crt")).bytes();
            assert_eq!(copy, node.read(&format!("/etc/kubernetes/pki/{file}.crt")));
        }
    }
    folders
}

fn is_settled(node: &Node) {
    let verified = rekindle(node.path(), &["journal", "verify"]).expect(0);
    assert!(verified.stdout.starts_with("COMPLETE\n"), "{verified:?}");
    for path in Tree::read(node.path()).paths() {
        assert!(!path.contains("/.rekindle-"), "{path}");
    }
}

fn is_as(before: &Tree, node: &Node) {
    let now = Tree::read(node.path()).without_state().timeless();
    assert_eq!(before.timeless().differences(&now), Vec::<String>::new());
}

#[test]
fn both_ways_from_every_few_exchanges() {
    if !is_possible() {
        return;
    }
    let (template, expired) = node(NODE);
    let before = Tree::read(template.path());
    for number in [1, 2, 3, 4, 5, 9, 17] {
        for verb in ["resume", "rollback"] {
            let node = template.copy();
            kill(node.path(), &REISSUE, "renameat", number);
            let run = rekindle(node.path(), &[verb, "--yes"]).expect(0);
            assert!(!run.stderr.contains("warning"), "{number} {verb}: {run:?}");
            if verb == "resume" {
                is_new(&node, &expired);
                is_laid_out(&node, &run.stdout);
            } else {
                is_as(&before, &node);
            }
            is_settled(&node);
        }
    }
}

/// Whoever has asked is gone, and what is to be carried to the other nodes is there all the same.
#[test]
fn what_is_laid_out_does_not_need_somebody_who_listens() {
    let (node, expired) = node(NODE);
    if is_possible() {
        let node = node.copy();
        kill(node.path(), &REISSUE, "renameat", 5);
        unheard(node.path(), &["resume", "--yes"]).expect(0);
        is_new(&node, &expired);
        assert_eq!(laid_out(&node).len(), 1);
    }
    unheard(node.path(), &REISSUE).expect(0);
    is_new(&node, &expired);
    assert_eq!(laid_out(&node).len(), 1);
}

/// What it brings is old, and nothing that anybody should carry to other nodes.
#[test]
fn a_rollback_that_is_finished_lays_out_nothing() {
    if !is_possible() {
        return;
    }
    let (node, expired) = node(NODE);
    rekindle(node.path(), &REISSUE).expect(0);
    let first = runs(&node).pop().unwrap();
    let before = laid_out(&node);
    kill(node.path(), &["rollback", &first, "--yes"], "renameat", 5);
    let told = rekindle(node.path(), &["resume", "--yes"]).expect(0).stdout;
    let tree = Tree::read(node.path());
    for authority in &expired {
        assert_ne!(holders(&tree, &authority.certificate), Vec::<String>::new());
    }
    assert!(!told.contains("Outside this node"), "{told}");
    let folders = tree.paths().filter(|path| path.ends_with("/README.md"));
    assert_eq!(folders.count(), before.len());
    is_settled(&node);
}

/// The attempt has to vouch for itself with an authority that has expired on the disk: otherwise a second crash needs a person.
#[test]
fn a_second_crash_needs_nobody_either() {
    if !is_possible() {
        return;
    }
    let (template, expired) = node(NODE);
    let before = Tree::read(template.path());
    let mut ended = 0;
    for (first, second) in [(1, 1), (1, 3), (4, 1), (9, 4)] {
        for (verb, other) in [
            ("resume", "rollback"),
            ("rollback", "resume"),
            ("resume", "resume"),
            ("rollback", "rollback"),
        ] {
            let node = template.copy();
            kill(node.path(), &REISSUE, "renameat", first);
            let status = crate::support::interruption::signal(
                node.path(),
                &[verb, "--yes"],
                "SIGKILL",
                "renameat",
                second,
            );
            if status.code.is_some() {
                continue;
            }
            let run = rekindle(node.path(), &[other, "--yes"]);
            let way = format!("{first} {verb} {second} {other}");
            // What is on its way back goes no other way.
            if verb == "rollback" && other == "resume" && run.code == Some(3) {
                assert!(run.stderr.contains("rollback-begun"), "{way}: {run:?}");
                rekindle(node.path(), &["rollback", "--yes"]).expect(0);
                is_as(&before, &node);
                continue;
            }
            let run = run.expect(0);
            assert!(!run.stderr.contains("warning"), "{way}: {run:?}");
            // Killed behind its end: there is nothing to take up.
            let had_ended = run.stdout.starts_with("There is nothing to ");
            if had_ended {
                ended += 1;
            }
            if (other == "resume" && !had_ended) || (verb == "resume" && had_ended) {
                is_new(&node, &expired);
            } else {
                is_as(&before, &node);
            }
            is_settled(&node);
        }
    }
    assert!(ended < 8, "{ended} of the attempts had come to their end");
}

#[test]
fn a_completed_one_is_taken_back_to_the_byte_and_older_journals_stay_believed() {
    let (node, expired) = node(NODE);
    let before = Tree::read(node.path());
    rekindle(node.path(), &REISSUE).expect(0);
    is_new(&node, &expired);
    let run = runs(&node).pop().unwrap();
    let list = rekindle(node.path(), &["journal", "list"]).expect(0).stdout;
    assert!(list.contains(&run), "{list}");
    rekindle(node.path(), &["rollback", &run, "--yes"]).expect(0);
    // The kubelet's new dated file stays, as after every run that is taken back; nothing leads to it.
    let now = Tree::read(node.path()).without_state().timeless();
    let differences = before.timeless().differences(&now);
    assert!(
        matches!(&*differences, [one] if one.contains("/kubelet-client-20")),
        "{differences:?}"
    );
    let verified = rekindle(node.path(), &["journal", "verify", &run]).expect(0);
    assert!(verified.stdout.starts_with("COMPLETE\n"), "{verified:?}");
    is_settled(&node);
}

#[test]
fn journals_of_before_are_believed_under_the_new_certificate() {
    let node = Node::materialize(NODE);
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    let run = runs(&node).pop().unwrap();
    let reissue = ["ca", "reissue", "ca", "--yes", "--confirm", "ca"];
    rekindle(node.path(), &reissue).expect(0);
    let verified = rekindle(node.path(), &["journal", "verify", &run]).expect(0);
    assert!(verified.stdout.starts_with("COMPLETE\n"), "{verified:?}");
}

/// Somebody else's journal, though everything about it fits: the authority of another cluster vouches for it.
#[test]
fn the_journal_of_another_nodes_run_is_refused_whatever_the_dates_of_the_authority() {
    if !is_possible() {
        return;
    }
    let (own, _) = node(NODE);
    let (other, _) = node("ecdsa-p384-stacked");
    kill(other.path(), &REISSUE, "renameat", 2);
    own.shell(&format!(
        "mkdir -p var/lib/rekindle; chmod 700 var/lib/rekindle; cp -a '{}'/. var/lib/rekindle/",
        other.file("/var/lib/rekindle").display()
    ));
    let before = Tree::read(own.path()).without_state();
    for verb in ["resume", "rollback"] {
        let run = rekindle(own.path(), &[verb, "--yes"]).expect(3);
        assert!(run.stderr.contains("journal-not-anchored"), "{run:?}");
        assert_eq!(Tree::read(own.path()).without_state(), before);
    }
}
