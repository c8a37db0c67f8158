//! From every place at which a run can be interrupted, `resume` reaches the end and `rollback` the beginning.

use crate::support::interruption::{is_possible, kill};
use crate::support::node::Node;
use crate::support::tree::Tree;
use crate::targets::{count, not_after, outcome, records};
use crate::{
    NODE, RECOVER, RESUME, ROLLBACK, interrupted, is_as, is_settled, labels_are_kept, run,
};

/// Calls of one kind that come after the commit, up to the last one: at the first, in the middle, around the kubelet's two,
/// and while the manifests are touched.
const PLACES: [(&str, usize); 8] = [
    ("renameat", 1),
    ("renameat", 6),
    ("renameat2", 1),
    ("renameat", 12),
    ("renameat", 13),
    ("utimensat", 1),
    ("utimensat", 3),
    // The checkpoint's own file, when the journal is closed.
    ("renameat", 14),
];

/// The node after a recovery was killed there.
fn interrupted_at((call, number): (&str, usize)) -> Node {
    let node = Node::materialize(NODE);
    kill(node.path(), &RECOVER, call, number);
    node
}

#[test]
fn resume_reaches_the_end_from_everywhere() {
    if !is_possible() {
        return;
    }
    let before = Tree::read(Node::materialize(NODE).path());
    for place in PLACES {
        let node = interrupted_at(place);
        let finished = run(&node, &RESUME, 0);
        if place == ("renameat", 14) {
            // Only a copy of the last checkpoint was missing: the run itself had ended.
            assert!(
                finished.stdout.starts_with("There is nothing to resume"),
                "{finished:?}"
            );
        } else {
            assert!(
                finished.stdout.starts_with("Finished the run 2"),
                "{place:?}: {finished:?}"
            );
            assert_eq!(count(&records(&node), "attempt"), 1, "{place:?}");
        }
        assert_eq!(finished.stderr, "");
        assert_eq!(not_after(&node, &[]), Vec::<String>::new(), "{place:?}");
        assert_eq!(outcome(&records(&node)), "completed");
        labels_are_kept(&before, &node);
        is_settled(&node);
        run(&node, &["check"], 0);
    }
}

#[test]
fn rollback_reaches_the_beginning_from_everywhere() {
    if !is_possible() {
        return;
    }
    let before = Tree::read(Node::materialize(NODE).path());
    for place in &PLACES[..7] {
        let node = interrupted_at(*place);
        let back = run(&node, &ROLLBACK, 0);
        assert!(
            back.stdout.starts_with("Rolled back the run 2"),
            "{place:?}: {back:?}"
        );
        assert_eq!(back.stderr, "");
        is_as(&before, &node);
        assert_eq!(outcome(&records(&node)), "rolled-back");
        is_settled(&node);
        // And all of it can be done after that.
        run(&node, &RECOVER, 0);
        run(&node, &["check"], 0);
    }
}

/// Each attempt is one more, and the last one gets through.
#[test]
fn an_attempt_may_be_interrupted_again_and_again() {
    if !is_possible() {
        return;
    }
    let before = Tree::read(Node::materialize(NODE).path());
    let node = interrupted(4);
    kill(node.path(), &RESUME, "renameat", 3);
    kill(node.path(), &RESUME, "renameat", 2);
    let forth = node.copy();
    run(&forth, &RESUME, 0);
    assert_eq!(not_after(&forth, &[]), Vec::<String>::new());
    assert_eq!(count(&records(&forth), "attempt"), 3);
    is_settled(&forth);

    kill(node.path(), &ROLLBACK, "renameat", 4);
    kill(node.path(), &ROLLBACK, "renameat", 1);
    run(&node, &ROLLBACK, 0);
    is_as(&before, &node);
    assert_eq!(count(&records(&node), "attempt"), 5);
    is_settled(&node);
}

/// What is done once is not done again: not a byte, not a time.
#[test]
fn a_second_time_changes_nothing() {
    if !is_possible() {
        return;
    }
    for verb in [RESUME, ROLLBACK] {
        let node = interrupted(6);
        run(&node, &verb, 0);
        let after = Tree::read(node.path());
        let again = run(&node, &verb, 0);
        assert!(
            again.stdout.starts_with("There is nothing to "),
            "{again:?}"
        );
        assert_eq!(Tree::read(node.path()), after);
    }
}
