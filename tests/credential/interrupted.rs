//! Killed in the middle: either there is nothing, or it is on the record.

use crate::Desk;
use crate::support::interruption::{calls, fail, inject, is_possible, kill, making};

/// The number of the call that makes the file, among those of its name.
fn making_it() -> usize {
    let tried = Desk::new();
    let file = tried.file("alice.conf");
    let arguments = Desk::arguments(&file, &["--yes"]);
    making(tried.node.path(), &arguments, "alice.conf")
}

#[test]
fn killed_before_the_file_is_made_it_may_be_alive_for_all_that_is_known() {
    if !is_possible() {
        return;
    }
    let number = making_it();
    for verb in ["resume", "rollback"] {
        let desk = Desk::new();
        let file = desk.file("alice.conf");
        let arguments = Desk::arguments(&file, &["--yes"]);
        kill(desk.node.path(), &arguments, "openat", number);
        assert!(desk.handed_out().is_empty());
        // The record was on the disk before: whoever reads it cannot know how far it came.
        let listed = desk.run(&["credential", "list"]).expect(0);
        assert!(
            listed.stdout.contains("alice  perhaps alive, 59m left"),
            "{listed:?}"
        );
        // Nothing else begins meanwhile, and either way ends it.
        let refused = desk.run(&arguments).expect(3);
        assert!(refused.stderr.contains("unfinished-run"), "{refused:?}");
        let told = desk.run(&[verb, "--yes"]).expect(1);
        assert!(
            told.stdout
                .contains("credential for alice was written: its file may be there"),
            "{told:?}"
        );
        desk.run(&["journal", "verify"]).expect(0);
        let listed = desk.run(&["credential", "list"]).expect(0);
        assert!(listed.stdout.contains("alice  perhaps alive"), "{listed:?}");
        desk.run(&arguments).expect(0);
        let listed = desk.run(&["credential", "list"]).expect(0);
        assert!(
            listed.stdout.contains("alice  alive, 59m left"),
            "{listed:?}"
        );
    }
}

#[test]
fn a_file_that_cannot_be_written_is_not_there_and_never_was() {
    if !is_possible() {
        return;
    }
    let number = making_it().to_string();
    for error in ["ENOSPC", "EROFS"] {
        let desk = Desk::new();
        let file = desk.file("alice.conf");
        let arguments = Desk::arguments(&file, &["--yes"]);
        let run = fail(desk.node.path(), &arguments, error, "openat", &number).expect(4);
        assert!(run.stderr.contains("alice.conf"), "{run:?}");
        assert!(desk.handed_out().is_empty());
        let verified = desk.run(&["journal", "verify"]).expect(0);
        assert!(verified.stdout.contains("rolled back"), "{verified:?}");
        let listed = desk.run(&["credential", "list"]).expect(0);
        assert!(listed.stdout.starts_with("No credential"), "{listed:?}");
        let listed = desk.run(&["credential", "list", "--all"]).expect(0);
        assert!(
            listed.stdout.contains("alice  never handed out"),
            "{listed:?}"
        );
        desk.run(&arguments).expect(0);
    }
}

/// The number of the call that flushes the file, among those of its name.
fn flushing() -> usize {
    let tried = Desk::new();
    let file = tried.file("alice.conf");
    let arguments = Desk::arguments(&file, &["--yes"]);
    let calls = calls(tried.node.path(), &arguments, &[], &["fsync"]);
    let place = calls.iter().position(|call| call.contains("alice.conf"));
    place.unwrap_or_else(|| panic!("{calls:#?}")) + 1
}

/// What could not be written for good is removed; where that fails too, there is a key that logs on, and nobody says otherwise.
#[test]
fn a_file_that_cannot_be_removed_again_may_be_alive() {
    if !is_possible() {
        return;
    }
    let number = flushing();
    let flushed = format!("fsync:error=EIO:when={number}");
    let after = format!("fsync:error=EIO:when={}+", number + 1);
    let removal = ["unlink:error=EROFS", "unlinkat:error=EROFS"];
    let desk = Desk::new();
    let file = desk.file("alice.conf");
    let arguments = Desk::arguments(&file, &["--yes"]);
    let faults = [&[flushed.as_str()][..], &removal].concat();
    let run = inject(desk.node.path(), &arguments, &faults).expect(5);
    assert_eq!(desk.handed_out(), ["alice.conf"]);
    for words in [
        "could not be removed: it is still there",
        "Input/output error",
        "the file system is read-only",
        "the key in it is good until its certificate ends: rm /",
        "rekindle",
    ] {
        assert!(run.stderr.contains(words), "{words}: {run:?}");
    }
    assert!(!run.stderr.contains("as it was before"), "{run:?}");
    let may_be_alive = || {
        let listed = desk.run(&["credential", "list"]).expect(0);
        assert!(listed.stdout.contains("alice  perhaps alive"), "{listed:?}");
        let listed = desk.run(&["credential", "list", "-o", "json"]).expect(0);
        assert!(listed.stdout.contains("perhaps-alive"), "{listed:?}");
    };
    may_be_alive();
    let told = desk.run(&["rollback", "--yes"]).expect(1);
    assert!(told.stdout.contains("its file may be there"), "{told:?}");
    may_be_alive();
    // A removal that is not on the disk is none: after a power failure the file is there again.
    let desk = Desk::new();
    let file = desk.file("alice.conf");
    let arguments = Desk::arguments(&file, &["--yes"]);
    inject(desk.node.path(), &arguments, &[&flushed, &after]).expect(5);
    let listed = desk.run(&["credential", "list", "--all"]).expect(0);
    assert!(listed.stdout.contains("alice  perhaps alive"), "{listed:?}");
}

/// Killed after the file is there, and before the record says so.
#[test]
fn killed_after_the_file_is_made_it_is_on_the_record() {
    if !is_possible() {
        return;
    }
    let desk = Desk::new();
    let file = desk.file("alice.conf");
    let arguments = Desk::arguments(&file, &["--yes"]);
    kill(desk.node.path(), &arguments, "fsync", flushing());
    assert_eq!(desk.handed_out(), ["alice.conf"]);
    let listed = desk.run(&["credential", "list"]).expect(0);
    assert!(listed.stdout.contains("alice  perhaps alive"), "{listed:?}");
    desk.run(&["resume", "--yes"]).expect(1);
    desk.run(&["journal", "verify"]).expect(0);
}
