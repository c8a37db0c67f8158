//! `node issue`: what is made, for whom, and what is on the record.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::journal::{only, payload, payloads};
use crate::support::program::{Run, rekindle};
use crate::support::tree::Tree;
use crate::support::worker::{Cluster, MACHINE_ID, WORKER};
use crate::{NODE, is_untouched};

fn issue(cluster: &Cluster, arguments: &[&str], code: i32) -> Run {
    let all = [
        &["node", "issue"],
        arguments,
        &["--out", cluster.out(), "--yes"],
    ]
    .concat();
    rekindle(cluster.plane.path(), &all).expect(code)
}

#[test]
fn each_node_gets_a_file_of_its_own_that_nobody_else_may_read() {
    let cluster = Cluster::of(NODE);
    let other = "w-2=0123456789abcdef0123456789abcdef";
    let one = format!("{WORKER}={MACHINE_ID}");
    let before = Tree::read(cluster.plane.path());
    issue(&cluster, &[&one, other], 0);
    for name in ["w-1", "w-2"] {
        let path = format!("{}/{name}.rekindle-node", cluster.out());
        let about = fs::metadata(&path).unwrap();
        assert_eq!(about.permissions().mode() & 0o7777, 0o600, "{path}");
        assert!(about.len() < 16 * 1024, "{path}: {}", about.len());
    }
    // Nothing of the control plane is another than before.
    let after = Tree::read(cluster.plane.path()).without_state();
    let changed = before
        .without_state()
        .timeless()
        .differences(&after.timeless());
    assert_eq!(changed, Vec::<String>::new());
    // And no file is overwritten.
    let first = fs::read(format!("{}/w-1.rekindle-node", cluster.out())).unwrap();
    let again = issue(&cluster, &[&one], 2);
    assert!(again.stderr.contains("is there already"), "{again:?}");
    let still = fs::read(format!("{}/w-1.rekindle-node", cluster.out())).unwrap();
    assert!(first == still);
}

#[test]
fn every_credential_is_on_the_record_and_no_key_is() {
    let cluster = Cluster::of(NODE);
    let bundle = fs::read(cluster.issue()).unwrap();
    let verified = rekindle(cluster.plane.path(), &["journal", "verify"]).expect(0);
    assert!(verified.stdout.starts_with("COMPLETE\n"), "{verified:?}");
    let shown = rekindle(cluster.plane.path(), &["journal", "show"]).expect(0);
    let issued =
        format!("issue a kubelet's credential for {WORKER} (machine {MACHINE_ID}, serial ");
    assert_eq!(shown.stdout.matches(&issued).count(), 2, "{shown:?}");

    let payload = payload(&bundle);
    let key = crate::forged::field(&payload, "key");
    let body: String = key
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    assert!(body.len() > 100, "{}", body.len());
    let journal = payloads(&only(&cluster.plane));
    assert!(journal.contains(MACHINE_ID) && journal.contains("\"not_after\""));
    let digest = rekindle::digest::Sha256Digest::of(&bundle).to_string();
    for secret in [&body[20..60], &digest] {
        assert!(!journal.contains(secret), "{secret}");
    }
}

/// What somebody looked at before is what the journal names.
#[test]
fn the_inventory_on_the_record_is_the_one_of_the_plan() {
    let cluster = Cluster::of(NODE);
    let plan = rekindle(cluster.plane.path(), &["plan"]).expect(0).stdout;
    let mut lines = plan.lines();
    let planned = lines.find_map(|line| line.strip_prefix("Inventory "));
    cluster.issue();
    let payloads = payloads(&only(&cluster.plane));
    let recorded = format!("\"inventory_digest\":\"{}\"", planned.unwrap());
    assert!(payloads.contains(&recorded), "{plan}{payloads}");
}

#[test]
fn names_and_machine_ids_are_looked_at_before_anything_is_made() {
    let cluster = Cluster::of(NODE);
    let before = Tree::read(cluster.plane.path());
    let good = format!("{WORKER}={MACHINE_ID}");
    for (arguments, told) in [
        (vec!["w-1"], "the machine id is missing"),
        (vec!["w-1=abc"], "cat /etc/machine-id"),
        (
            vec!["W 1=5d2f3f0c6b2e4a0f9d8c7b6a5f4e3d2c"],
            "no node's name",
        ),
        (
            vec!["../x=5d2f3f0c6b2e4a0f9d8c7b6a5f4e3d2c"],
            "no node's name",
        ),
        (vec![&*good, &*good], "named twice"),
        (vec![&*good, "--validity", "1m"], "too short"),
    ] {
        let run = issue(&cluster, &arguments, 2);
        assert!(run.stderr.contains(told), "{arguments:?}: {run:?}");
    }
    let nowhere = ["node", "issue", &good, "--out", "/nonexistent", "--yes"];
    let run = rekindle(cluster.plane.path(), &nowhere).expect(2);
    assert!(run.stderr.contains("is no folder"), "{run:?}");
    is_untouched(&before, &cluster.plane);
    assert_eq!(fs::read_dir(cluster.out()).unwrap().count(), 0);
}

/// The certificates get their dates from this clock, and it takes a person to say that it is right.
#[test]
fn a_clock_before_what_was_written_is_refused_until_somebody_says_that_it_is_right() {
    let cluster = Cluster::of(NODE);
    cluster
        .plane
        .shell("touch -d 'now + 3 days' etc/kubernetes/pki/apiserver.crt");
    let before = Tree::read(cluster.plane.path());
    let node = format!("{WORKER}={MACHINE_ID}");
    let refused = issue(&cluster, &[&node], 3);
    assert!(refused.stderr.contains("(clock-behind)"), "{refused:?}");
    assert!(refused.stderr.contains("--accept-clock"), "{refused:?}");
    is_untouched(&before, &cluster.plane);
    let accepted = issue(&cluster, &[&node, "--accept-clock"], 0).stdout;
    let warning = accepted.lines().next().unwrap();
    assert!(
        warning.starts_with("warning: the clock says ")
            && warning.ends_with(": accepted, as asked"),
        "{accepted}"
    );
    let payloads = payloads(&only(&cluster.plane));
    assert!(payloads.contains("\"--accept-clock\""), "{payloads}");
}

#[test]
fn without_the_key_of_the_authority_nothing_is_made() {
    let cluster = Cluster::of(NODE);
    cluster.plane.shell("rm etc/kubernetes/pki/ca.key");
    let before = Tree::read(cluster.plane.path());
    let run = issue(&cluster, &[&format!("{WORKER}={MACHINE_ID}")], 3);
    assert!(run.stderr.contains("ca-key-missing"), "{run:?}");
    is_untouched(&before, &cluster.plane);
    let on_worker = ["node", "issue", "w-2=0123456789abcdef0123456789abcdef"];
    let arguments = [&on_worker[..], &["--out", cluster.out(), "--yes"]].concat();
    let run = rekindle(cluster.worker.path(), &arguments).expect(3);
    assert!(run.stderr.contains("worker-node"), "{run:?}");
    assert_eq!(fs::read_dir(cluster.out()).unwrap().count(), 0);
}
