//! `journal show`.

use crate::support::program::rekindle;
use crate::{cut, interrupted, journal, recovered, renew, run, runs, tamper};

/// The kinds of the records that are shown, in order.
fn kinds(shown: &str) -> Vec<String> {
    let records = shown.lines().filter(|line| {
        let number = line.split_whitespace().next().unwrap_or_default();
        number.parse::<usize>().is_ok() && line.get(6..8) == Some("20")
    });
    records
        .map(|line| line[28..].split("  ").next().unwrap().trim().to_owned())
        .collect()
}

#[test]
fn a_journal_is_shown_record_by_record_with_the_names_of_what_was_changed() {
    let node = recovered();
    let shown = run(&node, &["journal", "show"], 0);
    let kinds = kinds(&shown.stdout);
    let lines = node.read(&journal(&runs(&node)[0]));
    assert_eq!(kinds.len(), lines.split(|byte| *byte == b'\n').count() - 1);
    assert_eq!(kinds[..2], ["genesis", "checkpoint"]);
    assert_eq!(kinds[kinds.len() - 2..], ["close", "checkpoint"]);
    for text in [
        "intent        change 1: apiserver\n",
        "done          change 1: apiserver\n",
        " until 20",
        "commit        14 changes\n",
        "close         completed\n",
    ] {
        assert!(shown.stdout.contains(text), "{text}\n{}", shown.stdout);
    }
    // The last of several, where none is named.
    renew(&node, "etcd-peer");
    let shown = run(&node, &["journal", "show"], 0).stdout;
    assert!(shown.contains("change 0: etcd-peer\n"), "{shown}");
    let first = &runs(&node)[0];
    let shown = run(&node, &["journal", "show", first], 0).stdout;
    assert!(shown.contains("commit        14 changes\n"), "{shown}");
}

#[test]
fn a_line_that_a_kill_cut_short_is_no_reason_to_fail() {
    let Some(node) = interrupted() else {
        return;
    };
    let name = &runs(&node)[0];
    let lines = node.read(&journal(name));
    let lines = lines.split(|byte| *byte == b'\n').count() - 1;
    cut(&node, name, lines - 1, 99);
    let shown = run(&node, &["journal", "show"], 0);
    assert_eq!(kinds(&shown.stdout).len(), lines - 1);
    let last: Vec<&str> = shown.stdout.lines().rev().take(2).collect();
    assert_eq!(
        last[0],
        "      unfinished: the run did not come to its end, with 5 of 14 files replaced"
    );
    assert!(last[1].trim_start().starts_with("cut short: "), "{last:?}");
    // And each attempt stands among the records.
    let reason = ["--reason", "take two", "--ticket", "INC-4711"];
    run(&node, &[&["resume", "--yes"], &reason[..]].concat(), 0);
    let shown = run(&node, &["journal", "show"], 0).stdout;
    assert!(!shown.contains("unfinished"), "{shown}");
    let attempt = shown
        .lines()
        .find(|line| line.contains("attempt  "))
        .unwrap();
    for text in [
        "2, forward, ",
        "take two, ticket INC-4711",
        "1 line cut short and set aside",
    ] {
        assert!(attempt.contains(text), "{attempt}");
    }
    assert!(
        shown.contains("change 4: controller-manager.conf\n"),
        "{shown}"
    );
}

#[test]
fn a_journal_that_is_not_as_it_was_written_is_not_shown_as_if_it_were() {
    let node = recovered();
    let name = &runs(&node)[0];
    // It still reads well, and says something else.
    tamper(&node, name, 7);
    let shown = run(&node, &["journal", "show", name], 6);
    let expected = "error: line 7 of the journal is not as it was written\ncaused by: ";
    assert!(shown.stderr.starts_with(expected), "{}", shown.stderr);
    let hint = format!("journal verify {name}\n");
    assert!(shown.stderr.contains(&hint), "{}", shown.stderr);
    // It does not read at all from there on.
    let bytes = node.read(&journal(name));
    let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    lines[8] = b"{}\n";
    node.write(&journal(name), lines.concat());
    let shown = run(&node, &["journal", "show", name], 6);
    assert_eq!(kinds(&shown.stdout).len(), 8);
}

#[test]
fn a_file_of_a_journal_is_shown_and_what_is_none_is_refused() {
    let node = recovered();
    let path = node.file(&journal(&runs(&node)[0]));
    let path = path.to_str().unwrap();
    let of_file = rekindle(std::path::Path::new("/"), &["journal", "show", path]).expect(0);
    assert_eq!(of_file.stdout, run(&node, &["journal", "show"], 0).stdout);
    let unknown = run(
        &node,
        &["journal", "show", "20200101T000000.000Z-abcdef"],
        2,
    );
    assert!(
        unknown.stderr.starts_with(
            "error: there is no run 20200101T000000.000Z-abcdef on this node, which knows 1 run\n"
        ),
        "{}",
        unknown.stderr
    );
    // A file is offered where one can be named.
    let hint = "journal list; a file in this folder is ./FILE\n";
    assert!(unknown.stderr.ends_with(hint), "{}", unknown.stderr);
    for arguments in [
        &["rollback", "--yes", "nope"][..],
        &["rollback", "--yes", "./x.jsonl"],
        &["journal", "export", "nope", "--out", "a.tar"],
    ] {
        let unknown = run(&node, arguments, 2);
        assert!(unknown.stderr.ends_with("journal list\n"), "{unknown:?}");
    }
    let folder = run(&node, &["journal", "show", "./"], 2);
    assert!(folder.stderr.contains("folder"), "{}", folder.stderr);
}
