//! `check --roots` and `check -o nagios`: many nodes in one call, and one line for a monitoring system.
#![allow(
    clippy::case_sensitive_file_extension_comparisons,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests start programs, write in folders of their own, and end at the first surprise"
)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use support::interruption;
use support::node::{self, Node};
use support::program::{Run, binary, rekindle};

#[path = "support/mod.rs"]
mod support;

/// `rekindle check ARGUMENTS`, without a `--root`.
fn check(arguments: &[&str]) -> Run {
    let mut command = Command::new(binary());
    command
        .env_clear()
        .stdin(Stdio::null())
        .arg("check")
        .args(arguments);
    Run::of(command)
}

/// A folder with each node of testdata in it, by its name.
fn fleet() -> Node {
    let fleet = Node::empty();
    for name in node::names() {
        let node = Node::materialize(&name);
        let target = fleet.path().join(&name);
        node.shell(&format!("cp -a . '{}'", target.display()));
    }
    fleet
}

/// A node on which all is well.
fn recovered() -> Node {
    let node = Node::materialize("ecdsa-p256-stacked");
    let recover = ["recover", "--yes", "--restart", "none", "-q"];
    rekindle(node.path(), &recover).expect(0);
    node
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn each_node_has_the_document_that_it_has_alone_and_one_that_is_none_stops_nobody() {
    let fleet = fleet();
    fs::create_dir(fleet.path().join("empty")).unwrap();
    symlink("/", fleet.path().join("not-followed")).unwrap();
    let damaged = fleet
        .path()
        .join("rsa2048-stacked/etc/kubernetes/admin.conf");
    fs::write(&damaged, "no kubeconfig").unwrap();
    let several = check(&["--roots", text(fleet.path()), "-o", "json"]).expect(1);
    assert_eq!(several.stderr, "");
    let mut names = node::names();
    names.push("empty".to_owned());
    names.sort();
    assert_eq!(several.stdout.lines().count(), names.len());
    for (line, name) in several.stdout.lines().zip(&names) {
        let mut document: Value = serde_json::from_str(line).unwrap();
        let path = fleet.path().join(name);
        assert_eq!(document["root"], text(&path));
        document.as_object_mut().unwrap().remove("root");
        let alone = rekindle(&path, &["check", "-o", "json"]).expect(1);
        let mut alone: Value = serde_json::from_str(&alone.stdout).unwrap();
        for document in [&mut document, &mut alone] {
            without_residual_times(document);
        }
        assert_eq!(document, alone, "{name}");
    }
}

/// They differ by the second in which it was looked.
fn without_residual_times(document: &mut Value) {
    for list in ["certificates", "certificateAuthorities"] {
        for entry in document[list].as_array_mut().unwrap() {
            entry["residualTime"] = Value::Null;
        }
    }
}

#[test]
fn only_what_needs_something_has_a_line_and_the_summary_counts_all() {
    let fleet = fleet();
    let well = fleet.path().join("ecdsa-p256-stacked");
    rekindle(&well, &["recover", "--yes", "--restart", "none", "-q"]).expect(0);
    let run = check(&["--roots", text(fleet.path())]).expect(1);
    assert!(!run.stdout.contains("ecdsa-p256-stacked"), "{}", run.stdout);
    let others = node::names().len() - 1;
    assert_eq!(run.stdout.matches("; first end ").count(), others);
    let summary = format!(
        "{} nodes: 1 valid, {others} expired or broken.\n",
        others + 1
    );
    assert!(run.stdout.contains(&summary), "{}", run.stdout);
    // A node may be named itself.
    let run = check(&["--roots", text(&well)]).expect(0);
    assert_eq!(run.stdout, "1 node: 1 valid.\n");
    let run = check(&["--within", "400d", "--roots", text(&well)]).expect(1);
    assert!(
        run.stdout.contains("13 expiring of 16; first end "),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("\n1 node: 1 expiring.\n"),
        "{}",
        run.stdout
    );
    let gone = fleet.path().join("gone");
    let run = check(&["--roots", text(&well), text(&gone)]).expect(1);
    assert!(
        run.stdout.contains("gone: not looked at: "),
        "{}",
        run.stdout
    );
}

/// A backup that is not mounted must not look healthy.
#[test]
fn a_folder_in_which_no_node_is_is_said() {
    let well = recovered();
    let nothing = Node::empty();
    let name = text(nothing.path());
    let line = format!("{name}: not looked at: no node is in it\n\n");
    let run = check(&["--roots", name]).expect(1);
    assert_eq!(run.stdout, format!("{line}No node is there.\n"));
    let run = check(&["--roots", text(well.path()), name, name]).expect(1);
    let summary = "1 node: 1 valid. 1 folder without a node.\n";
    assert_eq!(run.stdout, format!("{line}{summary}"));
    let run = check(&["-o", "json", "--roots", text(well.path()), name]).expect(1);
    let last: Value = serde_json::from_str(run.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(last["root"], name);
    assert_eq!(last["obstacles"][0], "no node is in it");
}

#[test]
fn a_node_that_is_named_twice_is_one() {
    let site = Node::empty();
    let node = site.path().join("n1");
    let well = recovered();
    well.shell(&format!("cp -a . '{}'", node.display()));
    symlink("n1", site.path().join("latest")).unwrap();
    let other = format!("{}/./n1/", text(site.path()));
    let link = site.path().join("latest");
    let named = [text(&node), &other, text(&link), text(site.path())];
    let run = check(&[&["--roots"], &named[..]].concat()).expect(0);
    assert_eq!(run.stdout, "1 node: 1 valid.\n");
}

/// Links in a node lead beneath its root, and nowhere on this machine.
#[test]
fn a_node_whose_folder_is_a_link_is_a_node() {
    for (folder, destination) in [("etc/kubernetes", "/srv/kubernetes"), ("etc", "/srv/etc")] {
        let node = recovered();
        node.shell(&format!(
            "mkdir -p srv && mv {folder} .{destination} && ln -s {destination} {folder}"
        ));
        rekindle(node.path(), &["check"]).expect(0);
        let run = check(&["--roots", text(node.path())]).expect(0);
        assert_eq!(run.stdout, "1 node: 1 valid.\n");
    }
    // One that leads to nothing is a node that is not well, and not a folder of nodes.
    let node = recovered();
    node.shell("mv etc/kubernetes elsewhere && ln -s /gone etc/kubernetes");
    let run = check(&["--roots", text(node.path())]).expect(1);
    assert!(
        run.stdout.ends_with("1 node: 1 not looked at.\n"),
        "{}",
        run.stdout
    );
}

/// Whoever may not look does not know whether a node is there.
#[test]
fn a_folder_that_cannot_be_searched_is_not_taken_for_a_site() {
    let node = recovered();
    node.shell("chmod 0600 etc");
    let program = node.path().with_file_name("rekindle");
    fs::copy(binary(), &program).unwrap();
    let mut command = Command::new("setpriv");
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .args(["--reuid=1000", "--regid=1000", "--clear-groups"])
        .arg(&program)
        .args(["check", "--roots"])
        .arg(node.path());
    if !nix::unistd::geteuid().is_root() {
        println!("skipped: not root");
        return;
    }
    let run = Run::of(command).expect(1);
    let line = format!("{}: not looked at: ", text(node.path()));
    assert!(run.stdout.starts_with(&line), "{}", run.stdout);
    assert!(run.stdout.contains("permission denied"), "{}", run.stdout);
    assert_eq!(run.stdout.matches("not looked at").count(), 2);
}

/// What `check` says of a node alone, and what it advises, a line among others says too.
#[test]
fn a_run_that_is_not_settled_is_called_what_it_is() {
    let tampered = recovered();
    tampered.shell("sed -i '2s/.$//' var/lib/rekindle/journal/*.jsonl");
    expect_standing(
        &tampered,
        "REKINDLE CRITICAL: a journal cannot be relied on |",
        2,
        "a journal cannot be relied on; first end ",
        "1 node: 1 with a journal in doubt.",
    );
    if !interruption::is_possible() {
        return;
    }
    let again = ["recover", "--yes", "--force", "--validity", "9000h"];
    let left_over = recovered();
    interruption::kill(left_over.path(), &again, "symlinkat", 1);
    expect_standing(
        &left_over,
        "REKINDLE WARNING: a run is left over |",
        1,
        "a run is left over; first end ",
        "1 node: 1 with a run left over.",
    );
    let unfinished = recovered();
    interruption::kill(unfinished.path(), &again, "renameat", 6);
    expect_standing(
        &unfinished,
        "REKINDLE CRITICAL: a run is unfinished |",
        2,
        "a run is unfinished; first end ",
        "1 node: 1 with a run unfinished.",
    );
    let dead = Node::materialize("ecdsa-p256-stacked");
    interruption::kill(dead.path(), &["recover", "--yes"], "renameat", 1);
    let run = check(&["--roots", text(dead.path())]).expect(1);
    let words = "13 expired of 16, a run is unfinished; first end ";
    assert!(run.stdout.contains(words), "{}", run.stdout);
}

#[track_caller]
fn expect_standing(node: &Node, nagios: &str, code: i32, line: &str, summary: &str) {
    let run = rekindle(node.path(), &["check", "-o", "nagios"]).expect(code);
    assert!(run.stdout.starts_with(nagios), "{}", run.stdout);
    let run = check(&["--roots", text(node.path())]).expect(1);
    let line = format!("{}: {line}", text(node.path()));
    assert!(run.stdout.starts_with(&line), "{}", run.stdout);
    let end = format!("\n\n{summary}\nWhat to do about a run: rekindle --root DIR check\n");
    assert!(run.stdout.ends_with(&end), "{}", run.stdout);
}

#[test]
fn a_form_of_one_node_and_a_root_beside_roots_are_refused() {
    let nothing = Node::empty();
    let folder = text(nothing.path());
    let run = check(&["-o", "prometheus", "--roots", folder]).expect(2);
    assert!(
        run.stderr.contains("-o table and -o json"),
        "{}",
        run.stderr
    );
    let run = check(&["--root", folder, "--roots", folder]).expect(2);
    assert!(
        run.stderr.contains("--root has no meaning here"),
        "{}",
        run.stderr
    );
}

/// What 3,000 nodes may take, in KiB of address space: a tenth of what all that is found on them would.
const ROOM: usize = 32 * 1024;

#[test]
fn thousands_of_nodes_take_no_more_room_than_a_batch() {
    let fleet = Node::empty();
    let original = Node::materialize("ecdsa-p256-stacked");
    // Hard links, which are refused where keys are: each node has faults to be held, as well as certificates.
    original.shell(&format!(
        "cp -a . '{0}/n0' && for i in $(seq 1 2999); do cp -al '{0}/n0' '{0}/n'$i; done",
        fleet.path().display()
    ));
    let mut command = Command::new("bash");
    command
        .env_clear()
        .stdin(Stdio::null())
        .args(["-c", "ulimit -v \"$2\"; exec \"$0\" check --roots \"$1\""])
        .arg(binary())
        .arg(fleet.path())
        .arg(ROOM.to_string());
    let run = Run::of(command).expect(1);
    assert!(run.stdout.contains("3000 nodes: "), "{}", run.stdout);
}

#[test]
fn a_monitoring_system_gets_one_line_and_a_code_of_its_own() {
    let node = Node::materialize("ecdsa-p256-stacked");
    let nagios = ["check", "-o", "nagios"];
    let line = |run: Run| {
        assert_eq!((run.stdout.lines().count(), run.stderr.as_str()), (1, ""));
        run.stdout
    };
    let critical = line(rekindle(node.path(), &nagios).expect(2));
    assert!(
        critical.starts_with("REKINDLE CRITICAL: admin.conf expired ("),
        "{critical}"
    );
    assert!(
        critical.ends_with(" expired=13 expiring=0 faulty=0 all=16\n"),
        "{critical}"
    );
    rekindle(
        node.path(),
        &["recover", "--yes", "--restart", "none", "-q"],
    )
    .expect(0);
    let ok = line(rekindle(node.path(), &nagios).expect(0));
    assert_eq!(
        ok,
        "REKINDLE OK: 16 certificates valid | days=364 expired=0 expiring=0 faulty=0 all=16\n"
    );
    let warning =
        line(rekindle(node.path(), &["check", "-o", "nagios", "--within", "400d"]).expect(1));
    assert!(warning.starts_with("REKINDLE WARNING: "), "{warning}");
    node.write("/etc/kubernetes/pki/ca.crt", "a|b\nc");
    let broken = line(rekindle(node.path(), &nagios).expect(2));
    assert_eq!(broken.matches('|').count(), 1, "{broken}");
    let nobody = line(rekindle(Node::empty().path(), &nagios).expect(3));
    assert!(nobody.starts_with("REKINDLE UNKNOWN: "), "{nobody}");
    // What somebody mistyped in its configuration is not known to be critical.
    for (misused, word) in [
        (&["check", "-o", "nagios", "--wihtin", "3d"][..], "--wihtin"),
        (&["check", "-onagios", "--within"], "--within"),
        (&["check", "--within", "3x", "--output=nagios"], "3x"),
        (&["chekc", "--output", "nagios"], "chekc"),
        (&["check", "-o", "nagios", "--roots", "/"], "no meaning"),
    ] {
        let unknown = line(rekindle(node.path(), misused).expect(3));
        assert!(unknown.starts_with("REKINDLE UNKNOWN: "), "{unknown}");
        assert!(
            unknown.contains(word) && !unknown.contains("Usage"),
            "{unknown}"
        );
    }
    for usage in [
        &["check", "-o", "json", "--wihtin"][..],
        &["check", "--", "-o", "nagios"],
    ] {
        let run = rekindle(node.path(), usage).expect(2);
        assert_eq!(run.stdout, "");
    }
    let help = rekindle(node.path(), &["check", "-o", "nagios", "--help"]).expect(0);
    assert!(help.stdout.contains("3  UNKNOWN"), "{}", help.stdout);
}
