//! The clock was set back between two runs: which one came first, their journals tell, and whoever begins another is warned.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rekindle::journal::{Chain, Run as RunFacts};
use time::{Duration, OffsetDateTime};

use crate::expect::forge;
use crate::support::node::{Node, temporary_folder};
use crate::{AGAIN, backup, interrupted, journal, recovered, renew, run, runs, ticket};

/// A run that changed nothing, the second of the node by its counter, with the name and the dates of such a moment.
fn second(node: &Node, name: &str, at: OffsetDateTime) {
    let first = runs(node).pop().unwrap();
    let facts = RunFacts {
        id: name.to_owned(),
        counter: 2,
        previous_checkpoint: Some(ticket(node, &first)),
    };
    let path = journal(name);
    node.write(&path, forge(node, facts, at));
    fs::set_permissions(node.file(&path), fs::Permissions::from_mode(0o600)).unwrap();
}

fn listed(node: &Node) -> Vec<String> {
    let list = run(node, &["journal", "list"], 0).stdout;
    let rows = list.lines().filter(|line| line.starts_with("20"));
    let first = |line: &str| line.split(' ').next().unwrap().to_owned();
    rows.map(first).collect()
}

#[test]
fn runs_stand_in_the_order_in_which_they_were_begun() {
    let node = recovered();
    let first = runs(&node).pop().unwrap();
    let early = "20200101T000000.000Z-abcdef";
    second(&node, early, OffsetDateTime::now_utc());
    assert_eq!(listed(&node), [first.clone(), early.to_owned()]);
    renew(&node, "apiserver");
    let third = runs(&node).pop().unwrap();
    assert_eq!(listed(&node), [&first[..], early, &third]);
    let chain = Chain::read(&node.read(&journal(&third))).unwrap().unwrap();
    let facts = &chain.genesis().circumstances.run;
    assert_eq!(facts.counter, 3);
    let previous = facts.previous_checkpoint.as_ref().unwrap();
    assert!(previous.contains(early), "{previous}");
    // The latest one is that, and not the one that is last by name.
    let verified = run(&node, &["journal", "verify"], 0).stdout;
    assert!(
        verified.contains(&format!("run       {third}\n")),
        "{verified}"
    );

    // Nobody takes it away unseen, and no counter comes twice then.
    node.shell(&format!("rm .{}", journal(early)));
    let list = run(&node, &["journal", "list"], 0).stdout;
    assert!(
        list.contains(&format!(
            "the journal of the run {early}, which {third} followed, is not here"
        )),
        "{list}"
    );
    renew(&node, "apiserver-kubelet-client");
    let fourth = listed(&node).pop().unwrap();
    let chain = Chain::read(&node.read(&journal(&fourth))).unwrap().unwrap();
    assert_eq!(chain.genesis().circumstances.run.counter, 4);
}

/// Of which `prune` keeps the last.
#[test]
fn backups_stand_in_that_order() {
    let node = recovered();
    let first = runs(&node).pop().unwrap();
    let early = "20200101T000000.000Z-abcdef";
    second(&node, early, OffsetDateTime::now_utc());
    node.shell(&format!("mkdir -m 700 .{}", backup(early)));
    let list = run(&node, &["backups", "list"], 0).stdout;
    assert!(list.find(&first) < list.find(early), "{list}");
}

#[test]
fn a_clock_before_the_last_record_is_refused_or_warned_of() {
    let node = recovered();
    second(
        &node,
        "20990101T000000.000Z-abcdef",
        OffsetDateTime::now_utc() + Duration::hours(2),
    );
    let first = listed(&node)[0].clone();
    let recovered = node.copy();
    let again = [&AGAIN[..], &["--only", "apiserver"]].concat();
    let refused = run(&recovered, &again, 3).stderr;
    assert!(
        refused.starts_with("error: refused (clock-behind)"),
        "{refused}"
    );
    let out = temporary_folder();
    let issue = [
        "node",
        "issue",
        "w-1=0123456789abcdef0123456789abcdef",
        "--yes",
        "--out",
        out.path().to_str().unwrap(),
    ];
    for (node, arguments) in [
        (&recovered, [&again[..], &["--accept-clock"]].concat()),
        (&node.copy(), issue.to_vec()),
        (&node, vec!["rollback", &first, "--yes"]),
    ] {
        let told = run(node, &arguments, 0).stdout;
        let first = told.lines().next().unwrap();
        assert!(
            first.starts_with("warning: the clock says ")
                && first.contains("the last record of a run on this node was written at "),
            "{told}"
        );
    }
    // That it was accepted is on the record.
    let accepting = runs(&recovered);
    let accepting = accepting.iter().filter(|run| {
        let chain = Chain::read(&recovered.read(&journal(run)));
        let chain = chain.unwrap().unwrap();
        let setting = &chain.genesis().circumstances.setting;
        setting.arguments.contains(&"--accept-clock".to_owned())
    });
    assert_eq!(accepting.count(), 1);
}

/// The CA cannot vouch for the attempt then, and whoever makes it is told.
#[test]
fn a_clock_outside_the_validity_of_the_ca_is_warned_of() {
    let Some(node) = interrupted() else {
        return;
    };
    node.shell(
        "cd etc/kubernetes/pki; openssl x509 -in ca.crt -signkey ca.key -days -1 -out old.pem 2>&1
        cat old.pem >ca.crt; rm old.pem",
    );
    for verb in ["resume", "rollback"] {
        let node = node.copy();
        let told = run(&node, &[verb, "--yes"], 0).stdout;
        let first = told.lines().next().unwrap();
        assert!(
            first.starts_with("warning: the clock says ")
                && first.ends_with("it cannot vouch for what is recorded now"),
            "{told}"
        );
    }
}
