//! How a journal is named: by its run, a part of the run's name, its file, or the archive of `journal export`.

use std::fs;

use crate::support::journal::{path, runs};
use crate::support::node::Node;
use crate::support::program::{Run, rekindle};

fn run(node: &Node, arguments: &[&str], code: i32) -> Run {
    rekindle(node.path(), arguments).expect(code)
}

/// A node with two runs.
fn node() -> (Node, Vec<String>) {
    let node = Node::materialize("ecdsa-p256-stacked");
    run(&node, &["recover", "--yes"], 0);
    let again = ["recover", "--yes", "--force", "--validity", "9000h"];
    run(&node, &again, 0);
    let runs = runs(&node);
    (node, runs)
}

#[test]
fn an_archive_is_judged_as_the_journal_in_it() {
    let (node, runs) = node();
    let archive = node.file("run.tar");
    let archive = archive.to_str().unwrap();
    run(&node, &["journal", "export", &runs[0], "--out", archive], 0);
    let ca = node.file("/etc/kubernetes/pki/ca.crt");
    let elsewhere = Node::empty();
    let arguments = ["journal", "verify", archive, "--ca", ca.to_str().unwrap()];
    let said = run(&elsewhere, &arguments, 0).stdout;
    assert!(said.starts_with("COMPLETE\n"), "{said}");
    assert!(said.contains(&runs[0]), "{said}");
    let shown = run(&elsewhere, &["journal", "show", archive], 0).stdout;
    assert!(shown.contains(&runs[0]), "{shown}");
}

#[test]
fn what_is_no_journal_is_a_mistake_and_no_evidence() {
    let (node, runs) = node();
    let file = node.file("page.html");
    fs::write(&file, "<!DOCTYPE html>\n<p>no journal</p>\n").unwrap();
    for verb in ["verify", "show"] {
        let said = run(&node, &["journal", verb, file.to_str().unwrap()], 2).stderr;
        assert!(said.contains("is no journal"), "{said}");
    }
    let file = file.to_str().unwrap();
    run(&node, &["report", file, "-o", "markdown"], 2);
    // In the place of a run's journal it is evidence.
    node.write(&path(&runs[1]), "<!DOCTYPE html>\n");
    let said = run(&node, &["journal", "verify", &runs[1]], 6).stdout;
    assert!(said.starts_with("TAMPERED\n"), "{said}");
}

#[test]
fn a_part_of_a_runs_name_is_enough_if_no_other_has_it() {
    let (node, runs) = node();
    let (first, second) = (&runs[0], &runs[1]);
    let (_, tail) = first.rsplit_once('-').unwrap();
    let shown = run(&node, &["journal", "show", tail], 0).stdout;
    assert!(
        shown.contains(first) && !shown.contains(&format!("run {second}")),
        "{shown}"
    );
    let latest = run(&node, &["journal", "show", "latest"], 0).stdout;
    assert!(latest.contains(&format!("run {second}")), "{latest}");
    let both = run(&node, &["journal", "show", &first[..8]], 2).stderr;
    assert!(both.contains(first) && both.contains(second), "{both}");
    let unknown = run(&node, &["rollback", "abcdefgh", "--yes"], 2).stderr;
    assert!(unknown.contains("there is no run abcdefgh"), "{unknown}");
    let (_, tail) = second.rsplit_once('-').unwrap();
    let undone = run(&node, &["rollback", tail, "--yes"], 0).stdout;
    assert!(undone.contains(second.as_str()), "{undone}");
}

/// The latest run may be about something else than the outage.
#[test]
fn a_report_names_the_run_that_it_is_about() {
    let (node, runs) = node();
    let place = |name: &str| node.file(name).to_str().unwrap().to_owned();
    let jane = place("jane.conf");
    let who = ["--user", "jane", "--group", "oncall", "--out", &jane];
    let issue = [&["credential", "issue", "--yes", "--reason", "x"], &who[..]].concat();
    run(&node, &issue, 0);
    let said = run(&node, &["report", "--out", &place("a.html")], 0).stdout;
    assert!(said.contains("(credential issue)"), "{said}");
    assert!(
        said.contains(&format!("report {} --out FILE", runs[1])),
        "{said}"
    );
    let arguments = ["report", &runs[1], "--out", &place("b.html")];
    let said = run(&node, &arguments, 0).stdout;
    assert!(
        said.contains(&format!("the run {} (recover)", runs[1])),
        "{said}"
    );
    assert!(!said.contains("note:"), "{said}");
}

/// Nor is what somebody laid beside the journals the latest run.
#[test]
fn a_copy_is_not_the_latest_run() {
    let (node, runs) = node();
    let folder = "var/lib/rekindle/journal";
    node.shell(&format!(
        "cd {folder}; cp {0}.jsonl '{0} copy.jsonl'; touch latest.jsonl; chmod 600 *",
        runs[0]
    ));
    let shown = run(&node, &["journal", "verify"], 0).stdout;
    assert!(shown.contains(&runs[1]), "{shown}");
}
