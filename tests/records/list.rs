//! `journal list`.

use std::fs;

use crate::support::interruption::{is_possible, kill};
use crate::support::node::Node;
use crate::support::tree::Tree;
use crate::{AGAIN, NODE, RECOVER, cut, interrupted, journal, recovered, renew, run, runs, tamper};

/// The rows of the table: what stands in the columns behind the run.
fn rows(node: &Node) -> Vec<String> {
    let before = Tree::read(node.path());
    let listed = run(node, &["journal", "list"], 0);
    assert_eq!(Tree::read(node.path()), before, "listing wrote something");
    assert_eq!(listed.stderr, "");
    let mut lines = listed.stdout.lines();
    let heading: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    assert_eq!(heading, ["RUN", "BEGUN", "VERB", "CHANGED", "ENDED"]);
    let rows: Vec<String> = lines
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    for (row, run) in rows.iter().zip(runs(node)) {
        assert!(row.starts_with(&run), "{rows:?}");
    }
    let behind_run = |row: String| match row.split_once(' ') {
        Some((_, rest)) => rest.to_owned(),
        None => row,
    };
    rows.into_iter().map(behind_run).collect()
}

#[track_caller]
fn ends(row: &str, expected: &str) {
    assert!(row.ends_with(expected), "{row:?} should end {expected:?}");
}

#[test]
fn each_run_is_listed_with_its_verb_and_its_end() {
    if !is_possible() {
        return;
    }
    let node = recovered();
    renew(&node, "apiserver");
    let last = runs(&node).pop().unwrap();
    run(&node, &["rollback", "--yes", &last], 0);
    kill(node.path(), &AGAIN, "renameat", 4);
    let listed = rows(&node);
    let [first, second, third, fourth] = listed.as_slice() else {
        panic!("{listed:?}");
    };
    ends(first, "recover 14 of 14 completed");
    ends(second, "recover 1 of 1 completed");
    ends(third, &format!("rollback {last} 1 of 1 completed"));
    ends(fourth, "unfinished");
    run(&node, &["rollback", "--yes"], 0);
    ends(&rows(&node)[3], "rolled back");
}

/// Exit 5 and "half-way" are for a run that waits; this one has ended, and nothing is left to be done.
#[test]
fn a_run_that_left_a_strangers_file_alone_is_settled() {
    let Some(node) = interrupted() else {
        return;
    };
    node.write("/etc/kubernetes/scheduler.conf", "a stranger's");
    run(&node, &["resume", "--yes", "--skip-foreign"], 1);
    ends(&rows(&node)[0], "13 of 14 settled, 1 left alone");
    for verb in ["verify", "show"] {
        let told = run(&node, &["journal", verb], 0).stdout;
        assert!(told.contains(" settled, 1 left alone\n"), "{told}");
        assert!(!told.contains("half-way"), "{told}");
    }
}

#[test]
fn a_run_that_was_interrupted_before_it_changed_anything_is_named_as_such() {
    if !is_possible() {
        return;
    }
    let node = Node::materialize(NODE);
    kill(node.path(), &RECOVER, "fdatasync", 1);
    ends(&rows(&node)[0], "nothing before it changed anything");
    let run = &runs(&node)[0];
    node.write(&journal(run), "{\"payloadTy");
    ends(&rows(&node)[0], "before it began");
}

#[test]
fn a_node_without_a_run_says_so() {
    let node = Node::materialize(NODE);
    let listed = run(&node, &["journal", "list"], 0);
    assert_eq!(listed.stdout, "No run has left a journal on this node.\n");
}

/// However broken one of them is, the others are listed.
#[test]
fn a_broken_journal_hides_no_other_one() {
    let node = recovered();
    for name in [
        "apiserver",
        "front-proxy-client",
        "etcd-server",
        "etcd-peer",
    ] {
        renew(&node, name);
    }
    let runs = runs(&node);
    tamper(&node, &runs[0], 5);
    node.write(&journal(&runs[1]), b"\xff\0garbage\n");
    node.shell(&format!("rm .{0} && mkfifo .{0}", journal(&runs[2])));
    fs::copy(node.file(&journal(&runs[4])), node.file(&journal(&runs[3]))).unwrap();
    let listed = rows(&node);
    ends(&listed[0], "? (broken in line 5)");
    ends(&listed[1], "? (broken in line 1)");
    assert!(listed[2].contains("? ("), "{listed:?}");
    ends(&listed[3], &format!("? (the journal of {})", runs[4]));
    ends(&listed[4], "recover 1 of 1 completed");
}

/// Each journal names the checkpoint of the one before it.
#[test]
fn a_journal_that_was_taken_away_or_cut_is_missed() {
    let node = recovered();
    renew(&node, "apiserver");
    renew(&node, "etcd-server");
    let runs = runs(&node);
    assert_eq!(rows(&node).len(), 3, "nothing is missed yet");
    let warning = |node: &Node| {
        let listed = run(node, &["journal", "list"], 0).stdout;
        let warnings: Vec<&str> = listed
            .lines()
            .filter(|line| line.starts_with("warning: "))
            .collect();
        let [warning] = warnings.as_slice() else {
            panic!("{listed}");
        };
        (*warning).to_owned()
    };
    let whole = node.read(&journal(&runs[1]));
    cut(&node, &runs[1], 9, 0);
    assert!(
        warning(&node).contains(&format!(
            "the journal of the run {} is not the one that {} followed",
            runs[1], runs[2]
        )),
        "{}",
        warning(&node)
    );
    node.write(&journal(&runs[1]), "");
    assert!(warning(&node).ends_with("was emptied"));
    fs::remove_file(node.file(&journal(&runs[1]))).unwrap();
    assert!(
        warning(&node).ends_with(&format!("which {} followed, is not here", runs[2])),
        "{}",
        warning(&node)
    );
    fs::write(node.file(&journal(&runs[1])), whole).unwrap();
    node.shell(&format!("chmod 600 .{}", journal(&runs[1])));
    assert_eq!(rows(&node).len(), 3);
}
