//! A run that turns back: from the first step of that on, only the way back is offered, whatever stops it; and what it says at
//! its end is so.

use crate::support::interruption::{calls, inject, is_possible};
use crate::support::node::Node;
use crate::support::tree::Tree;
use crate::targets::{count, records};
use crate::{NODE, RECOVER, RESUME, ROLLBACK, interrupted, is_as, is_settled, run, says};

/// The fourth file of a recovery cannot be replaced, so that it goes back.
const FAULT: &str = "renameat:error=EIO:when=4";

/// Where the call of that name is among those of its name, counted from 1, that is the first behind the first of `behind`.
fn first_behind(calls: &[String], name: &str, behind: &str) -> usize {
    let is = |name: &str| {
        let begin = format!("{name}(");
        move |call: &String| call.starts_with(&begin)
    };
    let place = calls.iter().position(is(behind)).unwrap();
    calls[..place].iter().filter(|call| is(name)(call)).count() + 1
}

/// The only way out is back, and leads there.
fn only_back(node: &Node) {
    let before = Tree::read(Node::materialize(NODE).path());
    let refused = run(node, &RESUME, 3);
    assert!(
        refused.stderr.contains("refused (rollback-begun)"),
        "{refused:?}"
    );
    let refused = run(node, &[&RESUME[..], &["--skip-foreign"]].concat(), 3);
    assert!(
        refused.stderr.contains("refused (rollback-begun)"),
        "{refused:?}"
    );
    let check = run(node, &["check"], 1);
    assert!(check.stdout.contains("To finish going back: "), "{check:?}");
    run(node, &ROLLBACK, 0);
    is_as(&before, node);
    is_settled(node);
}

#[test]
fn a_recovery_that_is_stopped_or_killed_when_it_begins_to_go_back() {
    if !is_possible() {
        return;
    }
    let node = Node::materialize(NODE);
    let told = inject(
        node.path(),
        &RECOVER,
        &[FAULT, "unlinkat:signal=SIGTERM:when=1"],
    );
    let told = told.expect(5);
    assert!(told.stderr.contains("To finish going back: "), "{told:?}");
    assert!(!told.stderr.contains("resume"), "{told:?}");
    only_back(&node);

    for number in [1, 2, 5] {
        let node = Node::materialize(NODE);
        let kill = format!("unlinkat:signal=SIGKILL:when={number}");
        let killed = inject(node.path(), &RECOVER, &[FAULT, &kill]);
        assert_eq!(killed.code, None, "{killed:?}");
        only_back(&node);
    }
}

#[test]
fn a_rollback_that_is_stopped_while_it_clears_up() {
    if !is_possible() {
        return;
    }
    let node = interrupted(6);
    let told = inject(node.path(), &ROLLBACK, &["unlinkat:signal=SIGTERM:when=1"]);
    let told = told.expect(5);
    assert!(told.stderr.contains("To finish going back: "), "{told:?}");
    assert!(!told.stderr.contains("resume"), "{told:?}");
    only_back(&node);
}

/// Before that is on the disk nothing is removed, so that both ways are open.
#[test]
fn a_rollback_that_was_killed_before_it_could_say_so() {
    if !is_possible() {
        return;
    }
    for number in [1, 2] {
        let node = interrupted(6);
        let kill = format!("fdatasync:signal=SIGKILL:when={number}");
        inject(node.path(), &ROLLBACK, &[&kill]);
        // The line may be there, though nothing says that it is there for certain.
        if count(&records(&node), "turned-back") > 0 {
            only_back(&node);
        } else {
            run(&node, &RESUME, 0);
            is_settled(&node);
        }
    }
}

/// The rename came through, its flush failed, and then nobody can look: it is not said that all is as before.
#[test]
fn a_file_of_which_nobody_knows_is_not_taken_for_an_old_one() {
    if !is_possible() {
        return;
    }
    let before = Tree::read(Node::materialize(NODE).path());
    let node = Node::materialize(NODE);
    let trial = node.copy();
    let names = ["fsync", "readlinkat", "renameat"];
    let order = calls(trial.path(), &RECOVER, &[], &names);
    let flush = first_behind(&order, "fsync", "renameat");
    let look = first_behind(&order, "readlinkat", "renameat");
    let told = inject(
        node.path(),
        &RECOVER,
        &[
            &format!("fsync:error=EIO:when={flush}"),
            &format!("readlinkat:error=EIO:when={look}"),
        ],
    );
    let told = told.expect(5);
    says(&told, "not-known", &node);
    let now = Tree::read(node.path()).without_state().without_staged();
    let changed = before.timeless().differences(&now.timeless());
    assert_eq!(changed, ["/etc/kubernetes/admin.conf"]);
    only_back(&node);
}

/// Every file is as before, and the journal cannot say so: others would take the run for unfinished, and so does this one.
#[test]
fn a_journal_that_cannot_be_closed_after_the_way_back() {
    if !is_possible() {
        return;
    }
    let node = Node::materialize(NODE);
    let before = Tree::read(node.path());
    let trial = node.copy();
    let order = calls(trial.path(), &RECOVER, &[FAULT], &["write", "fdatasync"]);
    // The last line that is flushed is the checkpoint, and the one before it the close.
    let last = order
        .iter()
        .rposition(|call| call.starts_with("fdatasync("));
    let writes = order[..last.unwrap()]
        .iter()
        .filter(|call| call.starts_with("write("));
    let close = writes.count() - 1;
    let told = inject(
        node.path(),
        &RECOVER,
        &[FAULT, &format!("write:error=EIO:when={close}")],
    );
    let told = told.expect(5);
    says(&told, "not-closed", &node);
    only_back(&node);
    is_as(&before, &node);
}

/// What was staged and cannot be removed is named, and what comes behind it is removed all the same.
#[test]
fn what_cannot_be_cleared_away_is_told() {
    if !is_possible() {
        return;
    }
    let staged = |node: &Node| {
        let tree = Tree::read(node.path());
        tree.paths()
            .filter(|path| path.contains("/.rekindle-"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let is_told = |text: &str, left: &[String]| {
        let warnings = text.lines().filter(|line| line.starts_with("warning: "));
        assert_eq!(warnings.count(), left.len(), "{text}");
        for path in left {
            assert!(text.contains(&format!("{path}\n")) || text.contains(&format!("{path}:")));
        }
    };
    let fault = ["unlinkat:error=EIO:when=1..2"];
    let node = interrupted(6);
    let told = inject(node.path(), &ROLLBACK, &fault).expect(1);
    let left = staged(&node);
    assert_eq!(left.len(), 2, "{left:?}");
    is_told(&told.stdout, &left);

    let node = Node::materialize(NODE);
    let told = inject(node.path(), &RECOVER, &[FAULT, fault[0]]).expect(4);
    let left = staged(&node);
    assert_eq!(left.len(), 2, "{left:?}");
    is_told(&told.stderr, &left);
    says(&told, "not-cleared-away", &node);

    // Of a run that had not committed, too.
    let node = Node::materialize(NODE);
    inject(node.path(), &RECOVER, &["symlinkat:signal=SIGKILL:when=1"]);
    let told = inject(node.path(), &ROLLBACK, &fault).expect(1);
    is_told(&told.stdout, &staged(&node));
}
