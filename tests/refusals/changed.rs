//! Somebody changed a file while a run was interrupted.

use super::taken_up::{follow, interrupted, is_settled, refuses, ways_out};
use crate::support::interruption::is_possible;
use crate::support::node::Node;
use crate::support::program::rekindle;
use crate::support::tree::Tree;

const RESUME: [&str; 2] = ["resume", "--yes"];
const ROLLBACK: [&str; 2] = ["rollback", "--yes"];

/// What somebody else did between the interruption and now, and how the verb takes it.
struct Foreign {
    name: &'static str,
    /// When the run was killed: five files are replaced before the sixth.
    at: usize,
    verb: [&'static str; 2],
    /// What was done, in the root.
    script: &'static str,
    /// What must be done by hand before the hint can be followed.
    by_hand: &'static str,
}

/// Every way out of the hint leads out.
fn judge(foreign: &Foreign) {
    if !is_possible() {
        return;
    }
    let original = interrupted(foreign.at);
    original.shell(foreign.script);
    let stranger = Tree::read(original.path());
    let refused = |node: &Node| refuses(node, &foreign.verb, foreign.name);

    // One way keeps what is there.
    let node = original.copy();
    let ways = ways_out(&refused(&node));
    let run = follow(&node, &ways[0], 1);
    assert!(run.stdout.contains("Left to you"), "{run:?}");
    is_settled(&node);
    let path = foreign.path();
    assert_eq!(Tree::read(node.path()).get(path), stranger.get(path));

    // The other one brings the old one back first; then all is as if nobody had been there.
    let node = original.copy();
    let ways = ways_out(&refused(&node));
    node.shell(foreign.by_hand);
    follow(&node, &ways[1], 0);
    let again = ways.get(2).map_or_else(
        || rekindle(node.path(), &foreign.verb).expect(0),
        |back| follow(&node, back, 0),
    );
    assert!(!again.stdout.contains("Left to you"), "{again:?}");
    is_settled(&node);
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    rekindle(node.path(), &["check"]).expect(0);
}

impl Foreign {
    /// The node path that the script ends with.
    fn path(&self) -> &str {
        let path = self.script.split_whitespace().last().unwrap();
        path.strip_prefix('.').unwrap()
    }
}

#[test]
fn a_file_that_waits_to_be_replaced() {
    judge(&Foreign {
        name: "foreign-change",
        at: 6,
        verb: RESUME,
        script: "echo >> ./etc/kubernetes/scheduler.conf",
        by_hand: "",
    });
}

#[test]
fn a_file_that_was_replaced_already() {
    judge(&Foreign {
        name: "foreign-change.replaced",
        at: 6,
        verb: RESUME,
        script: "echo >> ./etc/kubernetes/admin.conf",
        by_hand: "",
    });
}

#[test]
fn a_file_that_somebody_brought_back() {
    judge(&Foreign {
        name: "foreign-change.brought-back",
        at: 6,
        verb: RESUME,
        script: "cp -a var/lib/rekindle/backups/*/etc/kubernetes/admin.conf ./etc/kubernetes/admin.conf",
        by_hand: "",
    });
}

#[test]
fn a_file_that_is_to_be_brought_back() {
    judge(&Foreign {
        name: "foreign-change.rollback",
        at: 6,
        verb: ROLLBACK,
        script: "echo >> ./etc/kubernetes/admin.conf",
        by_hand: "",
    });
}

#[test]
fn a_file_that_vanished() {
    judge(&Foreign {
        name: "foreign-change.vanished",
        at: 6,
        verb: ROLLBACK,
        script: "rm ./etc/kubernetes/admin.conf",
        by_hand: "",
    });
}

#[test]
fn a_folder_in_the_place_of_a_file() {
    judge(&Foreign {
        name: "foreign-change.folder",
        at: 6,
        verb: ROLLBACK,
        script: "rm etc/kubernetes/admin.conf; mkdir ./etc/kubernetes/admin.conf",
        by_hand: "mv etc/kubernetes/admin.conf ../aside",
    });
}

/// The kubelet rotated meanwhile.
#[test]
fn a_link_that_leads_elsewhere() {
    judge(&Foreign {
        name: "foreign-change.link",
        at: 12,
        verb: RESUME,
        script: "cd var/lib/kubelet/pki; cp -a kubelet-client-2025*.pem kubelet-client-2031-01-01-00-00-00.pem
            cd ../../../..; ln -sfn kubelet-client-2031-01-01-00-00-00.pem ./var/lib/kubelet/pki/kubelet-client-current.pem",
        by_hand: "",
    });
}
