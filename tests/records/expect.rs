//! `journal verify --expect`: the two known attacks on sealed logs, by root on the node.

use std::fs;

use rekindle::digest::Sha256Digest;
use rekindle::journal::{
    Circumstances, Clocks, Host, Log, Operator, Run as RunFacts, RunOutcome, Setting, Storage, Tool,
};
use rekindle::pki::{Authority, PrivateKey, read_certificates};
use time::OffsetDateTime;

use crate::support::node::Node;
use crate::support::program::Run;
use crate::support::tree::Tree;
use crate::{
    AGAIN, cut, elsewhere, interrupted, journal, recovered, renew, run, run_with_input, runs,
    ticket,
};

/// Judges the journal of the run against what was kept in a ticket.
#[track_caller]
fn judge(node: &Node, name: &str, kept: &str, code: i32) -> Run {
    let (_folder, folder) = elsewhere();
    let file = folder.join("ticket.txt");
    fs::write(&file, kept).unwrap();
    let file = file.to_str().unwrap();
    run(node, &["journal", "verify", name, "--expect", file], code)
}

#[track_caller]
fn is_not_the_expected_one(judged: &Run) {
    assert!(judged.stdout.starts_with("NOT ANCHORED\n"), "{judged:?}");
    assert!(
        judged.stderr.contains(
            "caused by: the journal is not the one that the expected checkpoint covers\n"
        ),
        "{judged:?}"
    );
}

#[track_caller]
fn is_complete(judged: &Run) {
    assert!(judged.stdout.starts_with("COMPLETE\n"), "{judged:?}");
}

#[test]
fn the_checkpoint_of_the_ticket_holds_however_the_ticket_keeps_it() {
    let node = recovered();
    let told = run(&node, &AGAIN, 0).stdout;
    let name = runs(&node).pop().unwrap();
    let checkpoint = ticket(&node, &name);
    let quoted = checkpoint
        .lines()
        .fold("Anna:\n".to_owned(), |text, line| text + "> " + line + "\n");
    // The whole report of the run, too: it is in there, indented.
    for text in [&checkpoint, &quoted, &told] {
        let judged = judge(&node, &name, text, 0);
        is_complete(&judged);
        let size: usize = checkpoint.lines().nth(1).unwrap().parse().unwrap();
        let line = format!("  expected  the checkpoint over {size} lines that was kept holds\n");
        assert!(judged.stdout.contains(&line), "{judged:?}");
        let arguments = ["journal", "verify", &name, "--expect", "-"];
        is_complete(&run_with_input(&node, &arguments, text, 0));
    }
}

#[test]
fn a_journal_that_was_cut_and_resumed_is_not_the_expected_one() {
    let node = recovered();
    let name = runs(&node).pop().unwrap();
    let checkpoint = ticket(&node, &name);
    let lines = node.read(&journal(&name));
    let lines = lines.split(|byte| *byte == b'\n').count() - 1;
    // Two replacements never happened, it seems.
    cut(&node, &name, lines - 14, 0);
    let judged = judge(&node, &name, &checkpoint, 6);
    is_not_the_expected_one(&judged);
    // The journal knows nothing of their replacements, and the files tell.
    let told = run(&node, &["rollback", "--yes"], 1);
    assert!(
        told.stdout
            .contains("found what the run would have made of it"),
        "{told:?}"
    );
    is_complete(&run(&node, &["journal", "verify", &name], 0));
    let judged = judge(&node, &name, &checkpoint, 6);
    is_not_the_expected_one(&judged);
    assert!(
        judged
            .stderr
            .contains("hint: lines were taken away, or all were written anew"),
        "{judged:?}"
    );
    // What the node keeps beside the journal is the new one: it belongs into the ticket for that reason.
    is_complete(&judge(&node, &name, &ticket(&node, &name), 0));
}

#[test]
fn a_journal_that_was_signed_anew_is_not_the_expected_one() {
    let node = recovered();
    let name = runs(&node).pop().unwrap();
    let checkpoint = ticket(&node, &name);
    let before = node.read(&journal(&name));
    let first = RunFacts {
        id: name.clone(),
        counter: 1,
        previous_checkpoint: None,
    };
    let forged = forge(&node, first, OffsetDateTime::now_utc());
    assert_ne!(forged, before);
    node.write(&journal(&name), forged);
    is_complete(&run(&node, &["journal", "verify", &name], 0));
    is_not_the_expected_one(&judge(&node, &name, &checkpoint, 6));
}

/// A file that only grows.
#[derive(Clone)]
struct File(std::path::PathBuf);

impl Storage for File {
    fn append(&mut self, line: &[u8]) -> std::io::Result<()> {
        let before = fs::read(&self.0).unwrap_or_default();
        fs::write(&self.0, [&before[..], line].concat())
    }

    fn append_durably(&mut self, line: &[u8]) -> std::io::Result<()> {
        self.append(line)
    }
}

/// A journal of that run by somebody who holds the authority's key, written then, that says that nothing was done.
pub fn forge(node: &Node, run: RunFacts, now: OffsetDateTime) -> Vec<u8> {
    let certificates = read_certificates(&node.read("/etc/kubernetes/pki/ca.crt")).unwrap();
    let key = PrivateKey::from_pem(&node.read("/etc/kubernetes/pki/ca.key"), None).unwrap();
    let authority = Authority::new(&certificates, key, now).unwrap();
    let circumstances = Circumstances {
        run,
        setting: Setting {
            host: Host {
                name: "cp-1".to_owned(),
                machine_id: None,
                boot_id: None,
            },
            tool: Tool {
                version: "0.1.0".to_owned(),
                sha256: Some(Sha256Digest::of(b"another program")),
            },
            arguments: vec!["recover".to_owned()],
            operator: Operator {
                uid: 0,
                loginuid: None,
                sudo_user_claimed: None,
            },
            reason: None,
            ticket: None,
            clocks: Clocks {
                wall: now,
                monotonic: "1".to_owned(),
                boot_time: now,
            },
        },
        root: "/".to_owned(),
        inventory_digest: None,
        folders: Vec::new(),
        new_folders: Vec::new(),
        homes: Vec::new(),
        plan: Vec::new(),
    };
    let (_folder, folder) = elsewhere();
    let file = File(folder.join("forged"));
    let storage = Box::new(file.clone());
    let mut log = Log::begin(storage, circumstances, Some(&authority), now).unwrap();
    log.close(RunOutcome::RolledBack, now).unwrap();
    fs::read(file.0).unwrap()
}

#[test]
fn a_checkpoint_of_another_run_is_told_from_one_that_does_not_hold() {
    let node = recovered();
    renew(&node, "apiserver");
    let names = runs(&node);
    let (first, second) = (ticket(&node, &names[0]), ticket(&node, &names[1]));
    let judged = judge(&node, &names[1], &first, 6);
    is_not_the_expected_one(&judged);
    assert!(
        judged
            .stderr
            .contains("hint: is it the checkpoint of this run?"),
        "{judged:?}"
    );
    // A ticket may hold those of both.
    let both = format!("{first}\nand then\n{second}");
    for name in &names {
        let judged = judge(&node, name, &both, 0);
        assert_eq!(
            judged.stdout.matches("  expected  ").count(),
            1,
            "{judged:?}"
        );
    }
    // The file of one run, put in place of that of another, is good in itself.
    let exchanged = node.read(&journal(&names[0]));
    node.write(&journal(&names[1]), exchanged);
    let judged = run(&node, &["journal", "verify", &names[1]], 6);
    assert!(judged.stdout.starts_with("NOT ANCHORED\n"), "{judged:?}");
    let error = format!(
        "caused by: the file of the run {} holds the journal of the run {}\n",
        names[1], names[0]
    );
    assert!(judged.stderr.contains(&error), "{judged:?}");
    // Nor is it rolled back under that name.
    let before = Tree::read(node.path());
    let refused = run(&node, &["rollback", &names[1], "--yes"], 6);
    let cause = format!(
        "caused by: it is the journal of the run {}, and the file is that of the run {}\n",
        names[0], names[1]
    );
    assert!(refused.stderr.contains(&cause), "{refused:?}");
    assert_eq!(Tree::read(node.path()), before);
}

/// The copy that somebody made of an unfinished journal is no run: nothing is taken up by it, and it is in nobody's way.
#[test]
fn an_unfinished_journal_under_another_name_is_not_taken_up() {
    let Some(node) = interrupted() else {
        return;
    };
    let name = runs(&node).pop().unwrap();
    let copy = format!("/var/lib/rekindle/journal/{name}_copy.jsonl");
    node.write(&copy, node.read(&journal(&name)));
    node.shell(&format!("chmod 600 .{copy}"));
    for verb in ["resume", "rollback"] {
        let node = node.copy();
        let told = run(&node, &[verb, "--yes"], 0).stdout;
        assert!(told.contains(&format!(" the run {name}\n")), "{told}");
        assert!(node.read(&copy).len() < node.read(&journal(&name)).len());
        run(&node, &["recover", "--yes"], 0);
    }
    let refused = run(&node, &["recover", "--yes"], 3);
    assert!(
        refused
            .stderr
            .contains(&format!("run {name}: it was interrupted")),
        "{refused:?}"
    );
}

#[test]
fn a_text_without_a_whole_checkpoint_is_a_mistake_and_no_verdict() {
    let node = recovered();
    let name = runs(&node).pop().unwrap();
    let checkpoint = ticket(&node, &name);
    let half: String = checkpoint
        .lines()
        .take(3)
        .map(|line| line.to_owned() + "\n")
        .collect();
    for (text, expected) in [
        ("", "this is not the text of a checkpoint\n"),
        (
            "No checkpoint was printed.\n",
            "this is not the text of a checkpoint\n",
        ),
        (
            &half,
            "line 1 begins a checkpoint that is not as it was written\n",
        ),
        (
            &format!("{checkpoint}\n{half}"),
            "line 7 begins a checkpoint that is not as it was written\n",
        ),
    ] {
        let judged = judge(&node, &name, text, 2);
        assert_eq!(judged.stdout, "");
        assert!(judged.stderr.contains(expected), "{judged:?}");
        assert!(
            judged.stderr.contains("hint: it is the five lines"),
            "{judged:?}"
        );
    }
    let arguments = ["journal", "verify", &name, "--expect", "/nonexistent"];
    run(&node, &arguments, 2);
    let long = " ".repeat(1024 * 1024) + &checkpoint;
    let arguments = ["journal", "verify", &name, "--expect", "-"];
    let judged = run_with_input(&node, &arguments, &long, 2);
    assert!(
        judged
            .stderr
            .starts_with("error: standard input is longer than "),
        "{judged:?}"
    );
}
