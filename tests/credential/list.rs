//! What is still alive: of every journal that holds, and of those that do not.

use std::fs;
use std::process::Command;

use crate::Desk;

/// What a filter of jq says of the JSON; the exit code must be `code`.
#[track_caller]
fn ask(desk: &Desk, more: &[&str], code: i32, filter: &str) -> String {
    let arguments = [&["credential", "list", "-o", "json"], more].concat();
    let run = desk.run(&arguments).expect(code);
    let file = desk.file("list.json");
    fs::write(&file, &run.stdout).unwrap();
    let output = Command::new("jq")
        .args(["--raw-output", "--compact-output", filter])
        .arg(&file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{run:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn three(desk: &Desk) {
    for (user, ttl) in [("alice", "1h"), ("bob", "2h"), ("carol", "3h")] {
        let file = desk.file(user);
        let more = ["--group", "oncall", "--ttl", ttl, "--ticket", "INC-1"];
        let more = [&more[..], &["--yes"]].concat();
        let arguments = Desk::arguments_for(user, &file, &more);
        desk.run(&arguments).expect(0);
    }
}

const USERS: &str = "[.credentials[].user] | join(\" \")";

#[test]
fn whoever_can_still_log_on_is_listed_and_why() {
    let desk = Desk::new();
    let none = desk.run(&["credential", "list"]).expect(0);
    assert!(
        none.stdout.starts_with("No credential was issued here."),
        "{none:?}"
    );
    assert_eq!(ask(&desk, &[], 0, ".credentials"), "[]");
    three(&desk);
    // Other runs are none of its business.
    desk.run(&["recover", "--yes"]).expect(0);
    let listed = desk.run(&["credential", "list"]).expect(0);
    for words in [
        "3 credentials that were issued here are alive.",
        "alice  alive, 59m left",
        "  groups    oncall",
        "  reason    a drill",
        "  ticket    INC-1",
        "  by        uid 0",
        "the record of this node alone",
        "but another CA",
    ] {
        assert!(listed.stdout.contains(words), "{words}: {listed:?}");
    }
    assert_eq!(ask(&desk, &[], 0, USERS), "alice bob carol");
    let filter =
        ".credentials[0] | [.state, .verified, .reason, .ticket, .groups[0], .operator.uid]";
    assert_eq!(
        ask(&desk, &[], 0, filter),
        r#"["alive",true,"a drill","INC-1","oncall",0]"#
    );
    let left = ask(
        &desk,
        &[],
        0,
        "[.credentials[].residualTime / 60 | floor] | join(\" \")",
    );
    assert_eq!(left, "59 119 179");
}

/// What programs rely on; and no text of the operator's that may be a key is in it.
#[test]
fn the_document_says_what_it_is_and_shows_no_key() {
    let desk = Desk::new();
    let key = "MHcCAQEEIHt3Cqz4fOeXv4Mbm0DQF7sQb0Ux5xS1pWmJ2nE8oAoGCCqGSM49AwEHoUQDQgAE";
    desk.issue(&["--ticket", key], 0);
    let filter = ".kind, .apiVersion, .credentials[0].expirationDate, .credentials[0].issued, .at";
    let said = ask(&desk, &[], 0, filter);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[..2], ["CredentialList", "rekindle.dev/v1"]);
    for moment in &lines[2..] {
        assert_eq!(moment.len(), "2026-11-24T03:12:45Z".len(), "{moment}");
    }
    let ticket = ask(&desk, &[], 0, ".credentials[0].ticket");
    assert_eq!(ticket, "MHcCAQEEIHt3… (72 characters)");
}

#[test]
fn a_journal_that_does_not_hold_is_never_left_out() {
    let original = Desk::new();
    three(&original);
    let journals = original.journals();
    assert_eq!(journals.len(), 3);
    let bob = journals[1].as_str();
    let shell = |script: &str| {
        let desk = original.copy();
        desk.node
            .shell(&script.replace("JOURNAL", &format!(".{bob}")));
        desk
    };
    // In the record of the credential itself, at the end, and in the first line.
    for (script, why, users) in [
        (
            "sed -i '5s/\"payload\":\"e/\"payload\":\"f/' JOURNAL",
            "line 5",
            "alice carol",
        ),
        (
            "sed -i '7s/\"sig\":\"./\"sig\":\"\\//' JOURNAL",
            "line 7",
            "alice bob carol",
        ),
        ("sed -i 1d JOURNAL", "line 1", "alice bob carol"),
        (": >JOURNAL; echo x >JOURNAL", "line 1", "alice carol"),
        ("rm JOURNAL; mkfifo JOURNAL", "", "alice carol"),
    ] {
        let desk = shell(script);
        assert_eq!(ask(&desk, &[], 6, USERS), users, "{script}");
        let unverified = ask(&desk, &[], 6, ".unverified[].why");
        assert!(
            unverified.contains(why) && !unverified.is_empty(),
            "{script}: {unverified}"
        );
        let bobs = ask(
            &desk,
            &[],
            6,
            "[.credentials[] | select(.user == \"bob\") | .verified]",
        );
        assert!(["[false]", "[]"].contains(&bobs.as_str()), "{bobs}");
        let listed = desk.run(&["credential", "list"]).expect(6);
        assert!(listed.stdout.contains("NOT VERIFIED 2"), "{listed:?}");
        assert!(listed.stderr.contains("does not verify"), "{listed:?}");
        assert!(listed.stderr.contains("journal verify RUN"), "{listed:?}");
    }
    // The good journal of another run in its place, and none at all.
    let desk = shell(&format!("cp .{} JOURNAL", journals[0]));
    assert!(ask(&desk, &[], 6, ".unverified[].why").contains("holds the journal of the run"));
    let desk = shell("rm JOURNAL");
    assert!(ask(&desk, &[], 6, ".warnings[]").contains("is not here"));
    let listed = desk.run(&["credential", "list"]).expect(6);
    assert!(
        listed.stdout.contains("MISSING the journal of the run"),
        "{listed:?}"
    );
}

/// The last journal has none after it that would name it: its own checkpoint does, or what else its run left.
#[test]
fn a_journal_that_was_cut_emptied_or_removed_is_told_of_first() {
    let original = Desk::new();
    three(&original);
    let journals = original.journals();
    let last = journals.last().unwrap();
    let run = |script: &str| {
        let desk = original.copy();
        desk.node
            .shell(&script.replace("JOURNAL", &format!(".{last}")));
        desk
    };
    let checkpoint = last.replace(".jsonl", ".checkpoint");
    for (script, why) in [
        ("head -n 3 JOURNAL >cut; cat cut >JOURNAL", "covers"),
        ("head -n 4 JOURNAL >cut; cat cut >JOURNAL", "covers"),
        ("head -n 6 JOURNAL >cut; cat cut >JOURNAL", "covers"),
        (": >JOURNAL", "its file was emptied"),
        ("rm JOURNAL", "is here, and it is not"),
        (
            "rm var/lib/rekindle/journal/*.jsonl",
            "is here, and it is not",
        ),
    ] {
        let desk = run(script);
        let listed = desk.run(&["credential", "list"]).expect(6);
        assert!(
            listed.stdout.starts_with("NOT VERIFIED 2"),
            "{script}: {listed:?}"
        );
        assert!(listed.stdout.contains(why), "{script}: {listed:?}");
        assert!(listed.stdout.contains(&checkpoint), "{script}: {listed:?}");
        for words in ["journal list", "journal verify RUN"] {
            assert!(listed.stderr.contains(words), "{script}: {listed:?}");
        }
        assert_eq!(ask(&desk, &[], 6, ".complete"), "false");
        let unverified = ask(&desk, &[], 6, ".unverified[].why");
        assert!(unverified.contains(&checkpoint), "{script}: {unverified}");
    }
    assert_eq!(ask(&original, &[], 0, ".complete"), "true");
    // Of a run that changed something there is a backup.
    let desk = original.copy();
    desk.run(&["recover", "--yes"]).expect(0);
    desk.node.shell("rm -r var/lib/rekindle/journal");
    let listed = desk.run(&["credential", "list"]).expect(6);
    assert!(
        listed.stdout.contains("/var/lib/rekindle/backups/"),
        "{listed:?}"
    );
    // What nobody can see is said.
    desk.node.shell("rm -r var/lib/rekindle");
    let listed = desk.run(&["credential", "list"]).expect(0);
    assert!(listed.stdout.contains("left no trace here"), "{listed:?}");
}

/// A whole journal that somebody made who has no key of the CA: another cluster's holds there, and not here.
#[test]
fn another_authority_vouches_for_nothing_unless_it_is_named() {
    let desk = Desk::new();
    three(&desk);
    let own = desk.file("own.crt");
    fs::copy(desk.node.file("/etc/kubernetes/pki/ca.crt"), &own).unwrap();
    let other = crate::Node::materialize("rsa2048-stacked");
    fs::copy(
        other.file("/etc/kubernetes/pki/ca.crt"),
        desk.node.file("/etc/kubernetes/pki/ca.crt"),
    )
    .unwrap();
    assert_eq!(
        ask(&desk, &[], 6, "[.credentials[].verified] | any"),
        "false"
    );
    assert_eq!(ask(&desk, &[], 6, ".unverified | length"), "3");
    let ca = ["--ca", own.to_str().unwrap()];
    assert_eq!(
        ask(&desk, &ca, 0, "[.credentials[].verified] | all"),
        "true"
    );
    // Without any, nothing can be said.
    desk.node.shell("rm etc/kubernetes/pki/ca.crt");
    let run = desk.run(&["credential", "list"]).expect(3);
    assert!(run.stderr.contains("--ca FILE"), "{run:?}");
    assert_eq!(ask(&desk, &ca, 0, USERS), "alice bob carol");
}
