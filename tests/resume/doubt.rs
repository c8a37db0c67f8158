//! Journals that do not tell whether their run has ended: nobody is told that all is well, and no other run begins. What is no
//! journal of a run stands in nobody's way.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::chown;

use crate::support::interruption::{is_possible, kill};
use crate::support::journal::{path as journal, runs};
use crate::support::node::Node;
use crate::support::tree::Tree;
use crate::{NODE, RECOVER, RESUME, ROLLBACK, interrupted, is_as, is_settled, run, says};

/// Another node's journal of a run that came to its end.
fn finished() -> (Node, String) {
    let node = Node::materialize(NODE);
    run(&node, &RECOVER, 0);
    let run = runs(&node).pop().unwrap();
    (node, run)
}

/// All is new on the disk, and the run is not at its end: nothing else tells of it but the journal.
fn all_new() -> Node {
    let node = Node::materialize(NODE);
    kill(node.path(), &RECOVER, "utimensat", 1);
    node
}

/// `check` says that it does not know, to people and to programs, and `recover` begins nothing.
#[track_caller]
fn is_in_doubt(node: &Node, recover: i32, words: &str) {
    let before = Tree::read(node.path());
    let told = run(node, &["check"], 1).stdout;
    let (_, last) = told.rsplit_once("\n\n").unwrap();
    assert!(last.contains("Unknown: "), "{told}");
    assert!(last.contains(words), "{told}");
    let told = run(node, &["check", "-o", "json"], 1).stdout;
    let document: serde_json::Value = serde_json::from_str(&told).unwrap();
    let obstacles = document["obstacles"].to_string();
    assert!(obstacles.contains(words), "{told}");
    for arguments in [&["plan"][..], &RECOVER, &RESUME, &ROLLBACK] {
        run(node, arguments, recover);
    }
    let told = run(node, &["plan", "-o", "json"], recover).stdout;
    assert!(told.contains(words), "{told}");
    assert_eq!(Tree::read(node.path()), before, "something was done");
}

#[test]
fn a_journal_that_cannot_be_opened_is_no_sign_that_all_is_well() {
    if !is_possible() {
        return;
    }
    let node = all_new();
    let path = node.file(&journal(&runs(&node)[0]));
    let shell = |script: &str| node.shell(&format!("J={}; {script}", path.display()));
    shell("chmod 0620 $J");
    is_in_doubt(&node, 3, "has mode 0620");
    shell("chmod 0600 $J; ln $J hard-link");
    is_in_doubt(&node, 3, "has 2 hard links");
    shell("rm hard-link");
    if nix::unistd::geteuid().is_root() {
        chown(&path, Some(1000), None).unwrap();
        is_in_doubt(&node, 3, "belongs to uid 1000");
        chown(&path, Some(0), None).unwrap();
    }
    run(&node, &ROLLBACK, 0);
    is_settled(&node);
}

/// Whatever its end looks like.
#[test]
fn lines_of_another_journal_do_not_end_a_run() {
    if !is_possible() {
        return;
    }
    let node = interrupted(5);
    let (other, ended) = finished();
    let mut bytes = node.read(&journal(&runs(&node)[0]));
    let closing = other.read(&journal(&ended));
    let lines: Vec<&[u8]> = closing.split_inclusive(|byte| *byte == b'\n').collect();
    bytes.extend(lines[lines.len() - 2..].concat());
    node.write(&journal(&runs(&node)[0]), bytes);
    is_in_doubt(&node, 6, "cannot be relied on");
}

#[test]
fn an_emptied_journal_is_not_one_that_was_not_begun() {
    if !is_possible() {
        return;
    }
    let node = interrupted(5);
    node.write(&journal(&runs(&node)[0]), "");
    is_in_doubt(&node, 6, "was emptied");
    says(&run(&node, &RECOVER, 6), "journal-emptied", &node);
    node.write(&journal(&runs(&node)[0]), "{\"payload");
    is_in_doubt(&node, 6, "was emptied");
}

#[test]
fn the_journal_of_another_run_does_not_speak_for_this_one() {
    if !is_possible() {
        return;
    }
    let node = interrupted(5);
    let (other, ended) = finished();
    let (name, own) = (
        runs(&node).pop().unwrap(),
        node.read(&journal(&runs(&node)[0])),
    );
    node.write(&journal(&name), other.read(&journal(&ended)));
    let words =
        format!("it is the journal of the run {ended}, and the file is that of the run {name}");
    is_in_doubt(&node, 6, &words);
    node.write(
        "/var/lib/rekindle/journal/copy.jsonl",
        other.read(&journal(&ended)),
    );
    says(&run(&node, &RECOVER, 6), "journal-renamed", &node);
    fs::copy(node.file(&journal(&name)), node.file(&journal(&ended))).unwrap();
    says(&run(&node, &RECOVER, 6), "journal-exchanged", &node);
    fs::remove_file(node.file(&journal(&ended))).unwrap();
    fs::remove_file(node.file("/var/lib/rekindle/journal/copy.jsonl")).unwrap();
    // Nor does it undo anything here.
    let told = run(&node, &["rollback", &name, "--yes"], 6);
    assert!(told.stderr.contains(&words), "{told:?}");
    // Renamed alone: the hint gives it its name back.
    node.write(&journal(&name), own);
    let renamed = "20200101T000000.000Z-abcdef";
    node.shell(&format!("mv .{} .{}", journal(&name), journal(renamed)));
    is_in_doubt(&node, 6, &format!("the file is that of the run {renamed}"));
    let told = run(&node, &RECOVER, 6).stderr;
    let (_, command) = told.split_once("give it its name back: ").unwrap();
    node.shell(command.lines().next().unwrap());
    run(&node, &RESUME, 0);
    is_settled(&node);
}

/// One that a good journal names as the one before it had ended when that run began.
#[test]
fn an_old_journal_that_is_damaged_keeps_no_other_run_from_beginning() {
    let (node, first) = finished();
    run(&node, &["expire"], 0);
    let mut bytes = node.read(&journal(&first));
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    node.write(&journal(&first), bytes);
    run(&node, &RECOVER, 0);
    run(&node, &["check"], 0);
    // Of the last one nobody knows.
    let last = runs(&node).pop().unwrap();
    let mut bytes = node.read(&journal(&last));
    bytes[middle] ^= 1;
    node.write(&journal(&last), bytes);
    is_in_doubt(&node, 6, "cannot be relied on");
}

/// A copy, and what cannot be the journal of a run, whatever it is called.
#[test]
fn what_is_no_journal_of_a_run_stands_in_nobodys_way() {
    if !is_possible() {
        return;
    }
    let before = Tree::read(Node::materialize(NODE).path());
    for verb in [RESUME, ROLLBACK] {
        let node = interrupted(5);
        let name = runs(&node).pop().unwrap();
        let folder = node.file("/var/lib/rekindle/journal");
        node.shell(&format!(
            "cd var/lib/rekindle/journal; mkdir zzz.jsonl; mkfifo zz.jsonl {name}.torn-0123456789abcdef
             cp -a {name}.jsonl copy.jsonl"
        ));
        fs::write(folder.join(OsStr::from_bytes(b"z\xff.jsonl")), "").unwrap();
        let torn = format!("{name}.torn-");
        let torn = [torn.as_bytes(), b"\xff"].concat();
        fs::write(folder.join(OsStr::from_bytes(&torn)), "").unwrap();
        let told = run(&node, &["check"], 1).stdout;
        assert!(told.contains("with 4 of 14 files replaced"), "{told}");
        run(&node, &verb, 0);
        if verb == ROLLBACK {
            is_as(&before, &node);
        } else {
            run(&node, &["recover", "--yes"], 0);
        }
    }
}

/// The same name as that of a run: it hides no interrupted one, and without one it is a doubt.
#[test]
fn a_folder_or_fifo_in_place_of_a_journal_hides_no_other() {
    if !is_possible() {
        return;
    }
    let node = interrupted(5);
    let later = "20991231T235959.999Z-abcdef";
    node.shell(&format!("mkfifo .{}", journal(later)));
    let told = run(&node, &["check"], 1).stdout;
    assert!(told.contains("with 4 of 14 files replaced"), "{told}");
    run(&node, &RESUME, 0);
    is_in_doubt(&node, 3, "is a FIFO");
    node.shell(&format!("rm .{0}; mkdir .{0}", journal(later)));
    is_in_doubt(&node, 3, "is a folder");
    node.shell(&format!("rmdir .{}", journal(later)));
    is_settled(&node);
}
