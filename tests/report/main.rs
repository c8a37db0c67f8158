//! The report of real runs: true whatever became of the run and of its journal, harmless whatever the journal says.
#![allow(
    clippy::case_sensitive_file_extension_comparisons,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests start programs, read and write files in temporary folders, compare names as Linux does, and end at the first surprise"
)]

mod hostile;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use support::golden::is_line;
use support::journal::{path, runs};
use support::node::{Node, project};
use support::program::{Run, rekindle};
use support::secrets::Secrets;
use support::tree::Tree;

const NODE: &str = "ecdsa-p256-stacked";
const HOSTILE: &str = "<script>alert(1)</script>\u{202e}|[x](http://evil)\"'<img src=x>";

fn run(node: &Node, arguments: &[&str], code: i32) -> Run {
    rekindle(node.path(), arguments).expect(code)
}

fn recovered(reason: &str) -> Node {
    let node = Node::materialize(NODE);
    run(&node, &["recover", "--yes", "--reason", reason], 0);
    node
}

/// The page, and what the program said.
fn page(node: &Node, name: &str, more: &[&str], code: i32) -> (String, Run) {
    let place = node.file(name);
    let place = place.to_str().unwrap();
    let said = run(node, &[&["report", "--out", place], more].concat(), code);
    (fs::read_to_string(place).unwrap(), said)
}

#[test]
fn a_good_journal_gives_a_page_without_an_outside_reference() {
    let node = recovered("expired");
    let (page, _) = page(&node, "page.html", &[], 0);
    assert!(page.contains("<strong>COMPLETE</strong>"), "{page}");
    assert!(page.contains("13 of 13 certificates had expired"), "{page}");
    for outside in ["http:", "https:", "src=", "@import", "url(", "<script"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("default-src 'none'") || page.contains("default-src &#39;none"));
    let mode = fs::metadata(node.file("page.html"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let secrets = Secrets::of(&Tree::read(&node.file("etc/kubernetes")));
    let text = run(&node, &["report", "-o", "markdown"], 0).stdout;
    for written in [&page, &text] {
        assert!(!written.contains("PRIVATE KEY"));
        assert!(!secrets.are_in(written.as_bytes()));
    }
}

#[test]
fn a_file_that_is_there_is_never_written_over() {
    let node = recovered("expired");
    fs::write(node.file("page.html"), "mine").unwrap();
    let place = node.file("page.html");
    run(&node, &["report", "--out", place.to_str().unwrap()], 2);
    assert_eq!(fs::read_to_string(place).unwrap(), "mine");
    run(&node, &["report"], 2);
}

#[test]
fn a_journal_that_was_tampered_with_looks_like_no_success() {
    let node = recovered("expired");
    let journal = path(&runs(&node)[0]);
    let mut bytes = node.read(&journal);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    node.write(&journal, bytes);
    let (page, said) = page(&node, "page.html", &[], 6);
    assert!(page.contains("<strong>TAMPERED</strong>"), "{page}");
    assert!(!page.contains("COMPLETE"), "{page}");
    assert!(page.contains("class=\"verdict bad\""), "{page}");
    assert!(said.stderr.contains("TAMPERED"), "{}", said.stderr);
}

#[test]
fn a_journal_that_breaks_off_says_so() {
    let node = recovered("expired");
    let journal = path(&runs(&node)[0]);
    let text = String::from_utf8(node.read(&journal)).unwrap();
    let some: String = text.split_inclusive('\n').take(40).collect();
    node.write(&journal, some);
    let (page, _) = page(&node, "page.html", &[], 5);
    assert!(page.contains("<strong>INCOMPLETE</strong>"), "{page}");
    assert!(page.contains("unfinished"), "{page}");
    assert!(page.contains("not replaced"), "{page}");
}

#[test]
fn a_journal_of_another_authority_is_not_believed() {
    let (node, other) = (recovered("expired"), Node::materialize("rsa2048-stacked"));
    let journal = node.file(&path(&runs(&node)[0]));
    let (page, _) = page(&other, "page.html", &[journal.to_str().unwrap()], 6);
    assert!(page.contains("<strong>NOT ANCHORED</strong>"), "{page}");
    assert!(page.contains("not to be believed"), "{page}");
}

#[test]
fn hostile_words_are_shown_and_do_nothing() {
    let node = recovered(HOSTILE);
    let (page, _) = page(&node, "page.html", &[], 0);
    assert!(!page.contains("<script"), "{page}");
    assert!(!page.contains("<img"), "{page}");
    assert!(!page.contains('\u{202e}'), "{page}");
    assert!(
        page.contains("&lt;script&gt;") && page.contains("⟨U+202E⟩"),
        "{page}"
    );
    let text = run(&node, &["report", "-o", "markdown"], 0).stdout;
    assert!(
        !text.contains("<script") && !text.contains('\u{202e}'),
        "{text}"
    );
    assert!(!text.contains("[x](http"), "{text}");
}

#[test]
fn a_fleet_has_one_page_with_a_row_for_each_node() {
    let node = recovered("expired");
    let archive = node.file("run.tar");
    let archive = archive.to_str().unwrap();
    run(&node, &["journal", "export", "--out", archive], 0);
    let journal = node.file(&path(&runs(&node)[0]));
    let (page, _) = page(&node, "page.html", &[archive, journal.to_str().unwrap()], 0);
    assert!(page.contains("Recovery of a fleet: 2 runs"), "{page}");
    assert_eq!(page.matches("<div class=\"node\"").count(), 2, "{page}");
    assert!(page.contains("href=\"#node-1\""), "{page}");
}

#[test]
fn a_run_that_was_taken_back_is_told_as_such() {
    let node = recovered("expired");
    let id = runs(&node)[0].clone();
    run(&node, &["rollback", &id, "--yes"], 0);
    let text = run(&node, &["report", "-o", "markdown"], 0).stdout;
    assert!(text.contains(&format!("Takes back: {id}")), "{text}");
    let undone = run(&node, &["report", &id, "-o", "markdown"], 0).stdout;
    let by = format!("the run {} brought back", runs(&node)[1]);
    assert!(undone.contains("**Run: TAKEN BACK LATER.**"), "{undone}");
    assert!(undone.contains(&by), "{undone}");
}

/// The file of a journal with a restart, and of the authority that vouches for it.
fn restarted() -> (String, String) {
    let folder = project().join("testdata/journals/restarted");
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    (file("20261129T062759.679Z-8b22be.jsonl"), file("ca.crt"))
}

#[test]
fn a_real_recovery_is_told_in_markdown_from_its_first_line_to_its_last() {
    let (journal, authority) = restarted();
    let arguments = ["report", &journal, "--ca", &authority, "-o", "markdown"];
    let said = run(&Node::empty(), &arguments, 0).stdout;
    let golden = fs::read_to_string(project().join("tests/report/restarted.md")).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    let expected: Vec<&str> = golden.lines().collect();
    assert_eq!(lines.len(), expected.len(), "{said}");
    for (line, expected) in lines.iter().zip(expected) {
        // The last one says when it was made.
        assert!(is_line(expected, line), "{line}\nexpected: {expected}");
    }
}

#[test]
fn a_run_that_was_rolled_back_half_way_leaves_no_new_certificate() {
    if !support::interruption::is_possible() {
        return;
    }
    let node = Node::materialize(NODE);
    support::interruption::kill(node.path(), &["recover", "--yes"], "renameat", 6);
    let text = run(&node, &["report", "-o", "markdown"], 5).stdout;
    assert!(text.contains("**Run: NOT AT ITS END.**"), "{text}");
    run(&node, &["rollback", "--yes"], 0);
    let text = run(&node, &["report", "-o", "markdown"], 0).stdout;
    assert!(text.contains("**Journal: COMPLETE.**"), "{text}");
    assert!(text.contains("**Run: TAKEN BACK.**"), "{text}");
    let certificates: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("expired"))
        .filter(|line| line.starts_with('|'))
        .collect();
    assert_eq!(certificates.len(), 13, "{text}");
    let ending = |words: &str| {
        certificates
            .iter()
            .filter(|line| line.ends_with(words))
            .count()
    };
    let (back, never) = (ending(" (brought back) |"), ending(" (not replaced) |"));
    assert!(back > 0 && back + never == 13, "{text}");
    let (page, _) = page(&node, "page.html", &[], 0);
    assert!(page.contains("<strong>TAKEN BACK</strong>"), "{page}");
}

#[test]
fn a_proof_in_a_journal_that_was_tampered_with_is_a_claim() {
    let (journal, authority) = restarted();
    let node = Node::empty();
    let mut bytes = fs::read(journal).unwrap();
    // The last line: every condition stands before it.
    let last = bytes.len() - 200;
    bytes[last] ^= 1;
    let journal = node.file("x.jsonl");
    fs::write(&journal, bytes).unwrap();
    let more = [journal.to_str().unwrap(), "--ca", &authority];
    let (page, _) = page(&node, "page.html", &more, 6);
    assert!(page.contains("claimed: proven"), "{page}");
    let arguments = [&["report", "-o", "markdown"], &more[..]].concat();
    let text = run(&node, &arguments, 6).stdout;
    assert!(text.contains("| claimed: proven |"), "{text}");
    assert!(!text.contains("| proven |"), "{text}");
    assert!(!page.contains("badge good"), "{page}");
    assert!(!page.contains("verdict good"), "{page}");
    assert!(page.contains("<strong>UNKNOWN</strong>"), "{page}");
}

#[test]
fn each_of_several_is_held_against_its_own_checkpoint_and_a_missing_one_is_named() {
    let node = recovered("expired");
    let (id, other) = (runs(&node)[0].clone(), "20200101T000000.000Z-abcdef");
    let folder = node.file("collected");
    fs::create_dir(&folder).unwrap();
    let place = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    fs::copy(node.file(&path(&id)), place("first.jsonl")).unwrap();
    let archive = place("second.tar");
    run(&node, &["journal", "export", "--out", &archive], 0);
    fs::write(place("notes.txt"), "no journal").unwrap();
    let kept = node.read(&format!("/var/lib/rekindle/journal/{id}.checkpoint"));
    let kept = String::from_utf8(kept).unwrap();
    let ticket = node.file("ticket");
    let report = |text: &str, code| {
        fs::write(&ticket, text).unwrap();
        let names = [
            folder.to_str().unwrap(),
            "--expect",
            ticket.to_str().unwrap(),
        ];
        let arguments = [&["report", "--out", "-", "-o", "markdown"], &names[..]].concat();
        run(&node, &arguments, code)
    };
    let said = report(&kept, 0).stdout;
    assert!(said.contains("# Recovery of a fleet: 2 runs"), "{said}");
    assert!(!said.contains("No checkpoint"), "{said}");
    let said = report(&kept.replace(&id, other), 6);
    assert!(said.stdout.contains("**MISSING.**"), "{}", said.stdout);
    assert!(said.stderr.contains(other), "{}", said.stderr);
    run(
        &node,
        &[
            "report",
            node.file("etc/").to_str().unwrap(),
            "-o",
            "markdown",
        ],
        2,
    );
}

#[test]
fn where_no_authority_is_known_the_page_is_written_and_nothing_is_believed() {
    let (journal, _) = restarted();
    let node = Node::empty();
    let (page, said) = page(&node, "page.html", &[&journal], 6);
    assert!(page.contains("<strong>NOT ANCHORED</strong>"), "{page}");
    assert!(said.stderr.contains("--ca FILE"), "{}", said.stderr);
}

/// The latest run of the node in Markdown.
fn told(node: &Node) -> String {
    run(node, &["report", "-o", "markdown"], 0).stdout
}

#[test]
fn what_was_handed_out_is_no_recovery() {
    let node = recovered("expired");
    node.shell("install -d -m 0700 bundles");
    let out = node.file("bundles");
    let out = out.to_str().unwrap();
    let worker = format!("w-1={}", support::worker::MACHINE_ID);
    run(&node, &["node", "issue", &worker, "--out", out, "--yes"], 0);
    let text = told(&node);
    assert!(
        text.starts_with("# Kubelet credentials issued on "),
        "{text}"
    );
    assert!(text.contains("**Run: DONE.**"), "{text}");
    assert!(
        text.contains("It did: issue a kubelet's credential for w-1"),
        "{text}"
    );
    assert!(text.contains("- Proof: none needed"), "{text}");
    let file = format!("{out}/jane.conf");
    let who = ["--user", "jane", "--group", "oncall", "--out", &file];
    let why = ["--reason", "API down", "--yes"];
    run(
        &node,
        &[&["credential", "issue"], &who[..], &why].concat(),
        0,
    );
    let text = told(&node);
    assert!(
        text.starts_with("# Break-glass credential issued on "),
        "{text}"
    );
    assert!(text.contains("for jane (groups oncall"), "{text}");
    let (page, _) = page(&node, "page.html", &[], 0);
    assert!(
        page.contains("<h1><bdi>Break-glass credential issued on "),
        "{page}"
    );
    assert!(page.contains("<strong>DONE</strong>"), "{page}");
    for written in [&text, &page] {
        assert!(!written.contains("PRIVATE KEY"), "{written}");
        assert!(!Secrets::of(&Tree::read(node.path())).are_in(written.as_bytes()));
    }
}

#[test]
fn a_kubelets_credential_that_came_from_elsewhere_is_told() {
    let cluster = support::worker::Cluster::of(NODE);
    let bundle = cluster.issue();
    let installed = cluster.install(&bundle).expect(0);
    // Nothing there certifies the key of the journal: its fingerprint, which the run printed, does.
    let (_, key) = installed.stdout.split_once("sha256:").unwrap();
    let arguments = ["report", "-o", "markdown", "--key", &key[..64]];
    let text = run(&cluster.worker, &arguments, 0).stdout;
    assert!(text.starts_with("# Recovery of "), "{text}");
    assert!(text.contains("| kubelet.conf |"), "{text}");
    assert!(
        text.contains("1 of 1 certificate in 2 files had expired"),
        "{text}"
    );
    assert!(text.contains("which no CA certified"), "{text}");
}

#[test]
fn an_authority_in_many_files_is_one_certificate() {
    let node = recovered("expired");
    let again = ["ca", "reissue", "ca", "--yes", "--confirm", "ca"];
    run(&node, &again, 0);
    let text = told(&node);
    assert!(
        text.starts_with("# Authorities given new dates on "),
        "{text}"
    );
    assert!(
        text.contains("The run was about 1 certificate in 6 files"),
        "{text}"
    );
    let rows = text.lines().filter(|line| line.starts_with("| ca |"));
    assert_eq!(rows.count(), 1, "{text}");
}

#[test]
fn a_journal_in_the_place_of_another_is_judged_as_verify_does() {
    let node = recovered("expired");
    run(
        &node,
        &["recover", "--yes", "--force", "--validity", "9000h"],
        0,
    );
    let [old, new] = &runs(&node)[..] else {
        panic!("two runs")
    };
    node.write(&path(new), node.read(&path(old)));
    let verified = run(&node, &["journal", "verify", new], 6);
    assert!(verified.stdout.starts_with("NOT ANCHORED"), "{verified:?}");
    let reported = run(&node, &["report", new, "-o", "markdown"], 6);
    let said = "**Journal: NOT ANCHORED.**";
    assert!(reported.stdout.contains(said), "{}", reported.stdout);
    for run in [verified, reported] {
        assert!(run.stderr.contains("it is evidence"), "{}", run.stderr);
        assert!(!run.stderr.contains("--ca FILE"), "{}", run.stderr);
    }
}

#[test]
fn the_checkpoint_of_another_run_is_no_want_of_an_authority() {
    let node = recovered("expired");
    run(
        &node,
        &["recover", "--yes", "--force", "--validity", "9000h"],
        0,
    );
    let [old, new] = &runs(&node)[..] else {
        panic!("two runs")
    };
    let kept = node.file(&format!("/var/lib/rekindle/journal/{old}.checkpoint"));
    let expected = ["--expect", kept.to_str().unwrap()];
    let arguments = [&["report", new, "-o", "markdown"], &expected[..]].concat();
    let said = run(&node, &arguments, 6);
    assert!(
        said.stderr.contains("is it the checkpoint of this run?"),
        "{}",
        said.stderr
    );
}

#[test]
fn what_is_no_certificates_is_told_in_markdown_too() {
    let node = recovered("expired");
    let text = told(&node);
    assert!(text.contains("- replaced: kubelet.conf: "), "{text}");
    assert!(text.contains("The journal has no proof"), "{text}");
    assert!(
        text.contains(&format!("- Folder: {}", node.path().display())),
        "{text}"
    );
}
