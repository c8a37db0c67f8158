//! Owner and mode of a file that is put in place are those of the journal, whatever became of the staged file or the copy: three
//! of them hold a key.

use crate::ended::runs;
use crate::support::interruption::is_possible;
use crate::support::node::Node;
use crate::support::tree::Tree;
use crate::{
    NODE, RECOVER, RESUME, ROLLBACK, interrupted, is_as, is_settled, labels_are_kept, run,
};

/// As an editor or a careless copy leaves it; only root may give a file to another group.
const OPENED: &str = "xargs -0 sh -c 'chmod 0644 \"$@\"; chgrp 1 \"$@\" 2>/dev/null || true' -";

#[test]
fn a_staged_file_that_was_opened_to_others_is_closed_before_it_is_put_in_place() {
    if !is_possible() {
        return;
    }
    let before = Tree::read(Node::materialize(NODE).path());
    let node = interrupted(6);
    node.shell(&format!(
        "find etc var/lib/kubelet -name '.rekindle-*' -type f -print0 | {OPENED}"
    ));
    run(&node, &RESUME, 0);
    labels_are_kept(&before, &node);
    let after = Tree::read(node.path());
    for path in after
        .paths()
        .filter(|path| path.contains("/kubelet-client-20"))
    {
        assert_eq!(after.entry(path).mode & 0o7777, 0o600, "{path}");
    }
    is_settled(&node);
}

#[test]
fn a_copy_that_was_opened_to_others_is_brought_back_closed() {
    if !is_possible() {
        return;
    }
    let open = format!("find var/lib/rekindle/backups -type f -print0 | {OPENED}");
    let before = Tree::read(Node::materialize(NODE).path());
    let node = interrupted(6);
    node.shell(&open);
    run(&node, &ROLLBACK, 0);
    is_as(&before, &node);
    labels_are_kept(&before, &node);

    let node = Node::materialize(NODE);
    run(&node, &RECOVER, 0);
    node.shell(&open);
    let of = runs(&node).pop().unwrap();
    run(&node, &["rollback", &of, "--yes"], 0);
    labels_are_kept(&before, &node);
    is_settled(&node);
}
