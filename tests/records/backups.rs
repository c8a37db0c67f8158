//! `backups list` and `backups prune`: what is or may be the way back of a run stays, and so does all that is none of ours.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::interruption::{is_possible, kill};
use crate::support::node::Node;
use crate::support::program::Run;
use crate::support::terminal::Terminal;
use crate::support::tree::{Content, Tree};
use crate::{AGAIN, backup, cut, interrupted, journal, recovered, renew, run, runs, tamper};

/// Removes all but the latest so many without asking.
#[track_caller]
fn prune(node: &Node, keep: &str) -> Run {
    run(node, &["backups", "prune", "--keep", keep, "--yes"], 0)
}

/// Whether each run has a backup, oldest run first.
fn kept(node: &Node) -> Vec<bool> {
    runs(node)
        .iter()
        .map(|run| node.file(&backup(run)).exists())
        .collect()
}

/// A node with the backups of four runs.
fn four_runs() -> Node {
    let node = recovered();
    for name in ["apiserver", "etcd-server", "etcd-peer"] {
        renew(&node, name);
    }
    assert_eq!(kept(&node), [true; 4]);
    node
}

#[test]
fn backups_are_listed_with_what_they_hold() {
    let node = Node::materialize(crate::NODE);
    let listed = run(&node, &["backups", "list"], 0);
    assert_eq!(listed.stdout, "There is no backup on this node.\n");
    let node = four_runs();
    let before = Tree::read(node.path());
    let listed = run(&node, &["backups", "list"], 0).stdout;
    assert_eq!(Tree::read(node.path()), before, "listing wrote something");
    let rows: Vec<Vec<&str>> = listed
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(rows[0], ["RUN", "FILES", "BYTES", "ETCD", "BYTES"]);
    for (row, name) in rows[1..].iter().zip(runs(&node)) {
        let files = before
            .paths()
            .filter(|path| path.starts_with(&backup(&name)))
            .filter_map(|path| match &before.entry(path).content {
                Content::File(bytes) => Some(bytes.len()),
                Content::Link(destination) => Some(destination.as_os_str().len()),
                _ => None,
            });
        let (number, bytes) = files.fold((0, 0), |(number, sum), size| (number + 1, sum + size));
        assert_eq!(*row, [&name, &number.to_string(), &bytes.to_string(), "-"]);
    }
    let folder = |name: &str| {
        node.file(&format!("/var/lib/rekindle/{name}"))
            .display()
            .to_string()
    };
    let last = format!(
        "Each in a folder of its name in {}; copies of etcd's data in {}\n",
        folder("backups"),
        folder("etcd")
    );
    assert!(listed.ends_with(&last), "{listed}");
}

#[test]
fn all_but_the_latest_are_removed_and_nothing_else() {
    let node = four_runs();
    let before = Tree::read(node.path());
    let names = runs(&node);
    let told = prune(&node, "2");
    assert!(
        told.stdout.ends_with("Removed 2 backups; 2 left.\n"),
        "{told:?}"
    );
    let gone = before.differences(&Tree::read(node.path()));
    let is_of_old = |path: &String| names[..2].iter().any(|run| path.starts_with(&backup(run)));
    assert!(gone.iter().all(is_of_old), "{gone:?}");
    assert_eq!(kept(&node), [false, false, true, true]);
    // Again: nothing is left to do.
    let told = prune(&node, "2");
    assert_eq!(
        told.stdout,
        "There is nothing to remove: 2 backups in all.\n"
    );
    prune(&node, "0");
    assert_eq!(kept(&node), [false; 4]);
    assert_eq!(
        prune(&node, "0").stdout,
        "There is nothing to remove: 0 backups in all.\n"
    );
    // The journals tell what was done for ever.
    for name in &names {
        run(&node, &["journal", "verify", name], 0);
    }
    let refused = run(&node, &["rollback", "--yes", &names[3]], 3);
    assert!(refused.stderr.contains("(backup-lost)"), "{refused:?}");
}

#[test]
fn nobody_is_asked_without_a_terminal_and_nothing_is_removed() {
    let node = four_runs();
    let before = Tree::read(node.path());
    let told = run(&node, &["backups", "prune", "--keep", "1"], 2);
    assert!(told.stderr.contains("in a script, say --yes"), "{told:?}");
    run(&node, &["backups", "prune"], 2);
    run(&node, &["backups", "prune", "--keep", "-1"], 2);
    assert_eq!(Tree::read(node.path()), before);
}

#[test]
fn somebody_at_a_terminal_is_asked() {
    let node = four_runs();
    let before = Tree::read(node.path());
    let question = "Remove them? [y]es / [n]o / [e]xplain: ";
    let mut terminal = Terminal::start(node.path(), &["backups", "prune", "--keep", "1"]);
    terminal.wait_for(question);
    terminal.enter("e\n");
    terminal.wait_for("A run whose backup is gone cannot be rolled back any more");
    terminal.enter("n\n");
    let run = terminal.end().expect(1);
    assert!(
        run.stdout
            .contains("with the private keys and the data that they hold"),
        "{run:?}"
    );
    assert!(run.stdout.ends_with("Nothing was removed.\r\n"), "{run:?}");
    assert_eq!(Tree::read(node.path()), before);
    let mut terminal = Terminal::start(node.path(), &["backups", "prune", "--keep", "1"]);
    terminal.wait_for(question);
    terminal.enter("y\n");
    let run = terminal.end().expect(0);
    assert!(
        run.stdout.ends_with("Removed 3 backups; 1 left.\r\n"),
        "{run:?}"
    );
    assert_eq!(kept(&node), [false, false, false, true]);
}

#[test]
fn the_backup_of_an_unfinished_run_is_never_removed() {
    let Some(node) = interrupted() else {
        return;
    };
    let before = Tree::read(node.path());
    let listed = run(&node, &["backups", "list"], 0).stdout;
    assert!(listed.contains(" (unfinished) "), "{listed}");
    let told = prune(&node, "0");
    assert!(told.stdout.starts_with("Kept: "), "{told:?}");
    assert!(told.stdout.contains(" (unfinished)\n"), "{told:?}");
    assert_eq!(Tree::read(node.path()), before);
    run(&node, &["rollback", "--yes"], 0);
    prune(&node, "0");
    assert_eq!(kept(&node), [false]);
    // Nor that of one on its way back, whatever ended after it was begun.
    run(&node, &["recover", "--yes"], 0);
    kill(node.path(), &AGAIN, "renameat", 6);
    kill(node.path(), &["rollback", "--yes"], "renameat", 2);
    prune(&node, "0");
    assert_eq!(kept(&node), [false, false, true]);
    run(&node, &["rollback", "--yes"], 0);
    run(&node, &["check"], 0);
}

/// What such a run had replaced was brought back, or it had replaced nothing: its backup must not push out another.
#[test]
fn the_backups_of_runs_that_changed_nothing_are_told_apart_and_do_not_count() {
    if !is_possible() {
        return;
    }
    let node = recovered();
    renew(&node, "apiserver");
    kill(node.path(), &AGAIN, "symlinkat", 1);
    run(&node, &["rollback", "--yes"], 0);
    kill(node.path(), &AGAIN, "renameat", 6);
    run(&node, &["rollback", "--yes"], 0);
    let names = runs(&node);
    let listed = run(&node, &["backups", "list"], 0).stdout;
    for (name, is_idle) in names.iter().zip([false, false, true, true]) {
        let row = listed.lines().find(|line| line.starts_with(name)).unwrap();
        assert_eq!(
            row.contains(" (changed nothing in the end) "),
            is_idle,
            "{listed}"
        );
    }
    let told = prune(&node, "2");
    assert!(
        told.stdout.ends_with("Removed 2 backups; 2 left.\n"),
        "{told:?}"
    );
    assert_eq!(kept(&node), [true, true, false, false]);
    prune(&node, "1");
    assert_eq!(kept(&node), [false, true, false, false]);
    run(&node, &["rollback", "--yes", &names[1]], 0);
}

/// Neither an emptied journal nor another run's says that this one has ended.
#[test]
fn the_backup_of_an_unfinished_run_stays_whatever_was_done_to_its_journal() {
    let Some(node) = interrupted() else {
        return;
    };
    let name = runs(&node).pop().unwrap();
    let other = recovered();
    let closed = other.read(&journal(&runs(&other)[0]));
    for (bytes, reason) in [
        (Vec::new(), "its journal was emptied"),
        (closed, "its journal is that of another run"),
    ] {
        node.write(&journal(&name), bytes);
        let listed = run(&node, &["backups", "list"], 0).stdout;
        assert!(listed.contains(&format!("{name} ({reason})")), "{listed}");
        let before = Tree::read(node.path());
        prune(&node, "0");
        assert_eq!(Tree::read(node.path()), before);
        // Nor does another run begin, which would remove the journal.
        run(&node, &["recover", "--yes"], 6);
        assert_eq!(Tree::read(node.path()), before);
    }
}

#[test]
fn the_backup_of_a_run_of_which_nobody_knows_whether_it_ended_is_not_removed() {
    let node = four_runs();
    let names = runs(&node);
    tamper(&node, &names[0], 9);
    let lines = node
        .read(&journal(&names[1]))
        .split(|byte| *byte == b'\n')
        .count()
        - 1;
    // Without its last checkpoint it has ended; without its close it has not.
    cut(&node, &names[1], lines - 2, 0);
    cut(&node, &names[2], lines - 2, 30);
    node.shell(&format!("chmod 666 .{}", journal(&names[3])));
    let listed = run(&node, &["backups", "list"], 0).stdout;
    for (name, reason) in names.iter().zip([
        "its journal is broken",
        "unfinished",
        "unfinished",
        "its journal cannot be read",
    ]) {
        assert!(
            listed.contains(&format!("{name} ({reason})")),
            "{reason}: {listed}"
        );
    }
    let before = Tree::read(node.path());
    prune(&node, "0");
    assert_eq!(Tree::read(node.path()), before);
    node.shell(&format!("chmod 600 .{}", journal(&names[3])));
    prune(&node, "0");
    assert_eq!(kept(&node), [true, true, true, false]);
}

#[test]
fn what_is_no_backup_of_a_run_stays_and_links_are_not_followed() {
    let node = four_runs();
    let names = runs(&node);
    let backups = node.file("/var/lib/rekindle/backups");
    fs::write(backups.join("note.txt"), "do not remove").unwrap();
    fs::create_dir(backups.join("20200101T000000.000Z-abcdef")).unwrap();
    fs::write(
        backups.join("20200101T000000.000Z-abcdef/admin.conf"),
        "kept",
    )
    .unwrap();
    // In a backup, and in place of one.
    let secret = node.file("/etc/kubernetes/pki");
    symlink(&secret, backups.join(&names[0]).join("link")).unwrap();
    symlink(
        "../../../../../etc/kubernetes",
        backups.join(&names[0]).join("up"),
    )
    .unwrap();
    node.shell(&format!("mv .{} var/lib/moved", backup(&names[1])));
    symlink("../../moved", backups.join(&names[1])).unwrap();
    let before = Tree::read(node.path());
    let listed = run(&node, &["backups", "list"], 0).stdout;
    assert!(
        listed.contains(&format!("{} (no folder that can be read)", names[1])),
        "{listed}"
    );
    assert!(
        listed.contains("Of no run that has a journal here"),
        "{listed}"
    );
    for name in [
        "/backups/note.txt\n",
        "/backups/20200101T000000.000Z-abcdef\n",
    ] {
        assert!(listed.contains(name), "{listed}");
    }
    let told = prune(&node, "1");
    assert!(
        told.stdout.ends_with("Removed 2 backups; 2 left.\n"),
        "{told:?}"
    );
    let gone = before.differences(&Tree::read(node.path()));
    let expected = |path: &String| {
        path.starts_with(&backup(&names[0])) || path.starts_with(&backup(&names[2]))
    };
    assert!(gone.iter().all(expected), "{gone:?}");
    assert!(node.file("/var/lib/moved").join("etc/kubernetes").exists());
    // A run whose journal somebody took away cannot be judged any more.
    fs::remove_file(node.file(&journal(&names[3]))).unwrap();
    prune(&node, "0");
    assert!(node.file(&backup(&names[3])).exists());
}
