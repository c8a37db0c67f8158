//! What can be asked for: which certificates, for how long, and how it is refused.

use time::Duration;

use crate::support::leaf::{Leaf, leaves};
use crate::support::node::Node;
use crate::support::openssl;
use crate::support::program::rekindle;
use crate::support::tree::Tree;

const NODE: &str = "ecdsa-p256-stacked";

#[test]
fn only_what_is_named_is_renewed_and_only_its_readers_are_touched() {
    let node = Node::materialize(NODE);
    let before = Tree::read(node.path());
    rekindle(
        node.path(),
        &["recover", "--yes", "--only", "apiserver,admin.conf"],
    )
    .expect(0);
    let after = Tree::read(node.path()).without_state();
    assert_eq!(
        before.differences(&after),
        [
            "/etc/kubernetes/admin.conf",
            "/etc/kubernetes/manifests/kube-apiserver.yaml",
            "/etc/kubernetes/pki/apiserver.crt",
        ]
    );
    // The others are still to be done.
    rekindle(node.path(), &["check"]).expect(1);
}

#[test]
fn restart_none_leaves_the_manifests_alone() {
    let node = Node::materialize(NODE);
    let before = Tree::read(node.path());
    rekindle(node.path(), &["recover", "--yes", "--restart", "none"]).expect(0);
    let after = Tree::read(node.path());
    let differences = before.differences(&after);
    assert!(
        !differences.iter().any(|path| path.contains("manifests")),
        "{differences:?}"
    );
    rekindle(node.path(), &["check"]).expect(0);
}

#[test]
fn force_renews_what_is_valid_even_within_the_same_second() {
    let node = Node::materialize(NODE);
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    let before = Tree::read(node.path());
    rekindle(
        node.path(),
        &["recover", "--yes", "--force", "--validity", "9000h"],
    )
    .expect(0);
    let after = Tree::read(node.path());
    for (old, new) in leaves(&before).iter().zip(&leaves(&after)) {
        let (old_reading, new_reading) = (reading(old), reading(new));
        assert_ne!(old_reading.serial, new_reading.serial, "{}", new.file);
        assert_eq!(
            old_reading.public_key, new_reading.public_key,
            "{}",
            new.file
        );
    }
    rekindle(node.path(), &["check"]).expect(0);
    let shown = rekindle(node.path(), &["journal", "verify"])
        .expect(0)
        .stdout;
    assert!(shown.starts_with("COMPLETE"), "{shown}");
}

#[test]
fn force_that_gains_nothing_says_so_and_writes_nothing() {
    let node = Node::materialize(NODE);
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    let before = Tree::read(node.path());
    let asked = ["recover", "--yes", "--force", "--validity", "2000h"];
    let run = rekindle(node.path(), &asked).expect(1);
    assert!(
        run.stdout.contains("it already lives until"),
        "{}",
        run.stdout
    );
    assert_eq!(Tree::read(node.path()), before);
}

#[test]
fn a_validity_of_a_day_is_a_day() {
    let node = Node::materialize(NODE);
    rekindle(
        node.path(),
        &["recover", "--yes", "--validity", "24h", "--within", "1h"],
    )
    .expect(0);
    for leaf in leaves(&Tree::read(node.path())) {
        let (not_before, not_after) = reading(&leaf).validity;
        let expected = Duration::days(1) + Duration::minutes(5);
        // The kubelet's serving certificate may live longer than that on the day when these tests are new.
        if leaf.file.ends_with("kubelet.crt") {
            continue;
        }
        assert_eq!(not_after - not_before, expected, "{}", leaf.file);
    }
    rekindle(node.path(), &["check", "--within", "1h"]).expect(0);
    rekindle(node.path(), &["check"]).expect(1);
}

#[test]
fn no_certificate_outlives_its_authority() {
    let node = Node::materialize(NODE);
    rekindle(node.path(), &["recover", "--yes", "--validity", "200000h"]).expect(0);
    for leaf in leaves(&Tree::read(node.path())) {
        let Some(authority) = &leaf.authority else {
            continue;
        };
        let end = openssl::read(&node.file(authority)).validity.1;
        assert_eq!(reading(&leaf).validity.1, end, "{}", leaf.file);
    }
    rekindle(node.path(), &["check"]).expect(0);
}

#[test]
fn what_cannot_be_meant_is_a_usage_error_and_changes_nothing() {
    let node = Node::materialize(NODE);
    let before = Tree::read(node.path());
    let wrong: [(&[&str], &str); 6] = [
        (
            &["--yes", "--only", "api-server"],
            "known are: admin.conf, apiserver, ",
        ),
        (
            &["--yes", "--only", ""],
            "known are: admin.conf, apiserver, ",
        ),
        (&["--yes", "--validity", "1h"], "not longer than"),
        (&["--yes", "--validity", "a year"], "--validity"),
        (&["--yes", "--restart", "often"], "touch"),
        (&[], "there is no terminal to ask on"),
    ];
    for (arguments, message) in wrong {
        let arguments = [&["recover"], arguments].concat();
        let run = rekindle(node.path(), &arguments).expect(2);
        assert!(
            run.stderr.contains(message),
            "{arguments:?}\n{}",
            run.stderr
        );
        assert_eq!(run.stdout, "");
    }
    assert_eq!(Tree::read(node.path()), before);
}

fn reading(leaf: &Leaf) -> openssl::Reading {
    let scratch = tempfile::tempdir().unwrap();
    openssl::read(&leaf.write(scratch.path()).0)
}

#[test]
fn a_ca_that_ends_soon_is_named_since_what_it_signs_ends_with_it() {
    let node = Node::materialize(NODE);
    // The CA has ten years, so fewer days than that.
    let soon = ["--within", "4000d"];
    let renew = ["recover", "--yes", "--validity", "5000d"];
    let run = rekindle(node.path(), &[&renew[..], &soon].concat()).expect(1);
    assert!(run.stdout.contains("when its CA ends"), "{}", run.stdout);
    rekindle(node.path(), &["check"]).expect(0);
    rekindle(node.path(), &[&["check"], &soon[..]].concat()).expect(1);
}

#[test]
fn what_a_long_outage_did_elsewhere_is_said_where_it_was_long_enough() {
    // The fixtures have been expired for less than a day, or for long: the certificate says for how long.
    let node = Node::materialize(NODE);
    let age = |node: &Node| {
        let end = openssl::read(&node.file("/etc/kubernetes/pki/apiserver.crt"))
            .validity
            .1;
        time::OffsetDateTime::now_utc() - end
    };
    let outage = age(&node);
    let run = rekindle(node.path(), &["recover", "--yes"]).expect(0);
    let said = |what: &str| run.stdout.contains(what);
    assert_eq!(
        said("  tokens: "),
        outage >= Duration::hours(18),
        "{}",
        run.stdout
    );
    assert_eq!(
        said("  workers: "),
        outage >= Duration::hours(876),
        "{}",
        run.stdout
    );
    assert_eq!(
        said("rekindle runbook full-expiry#what-else-is-stale"),
        outage >= Duration::hours(18)
    );
    // A cluster that signs for an hour at a time has workers that are gone after minutes.
    let node = Node::materialize(NODE);
    node.shell(
        "sed -i 's/^    - kube-controller-manager$/&\\n    - --cluster-signing-duration=1h0m0s/' \
         etc/kubernetes/manifests/kube-controller-manager.yaml
         grep -q signing-duration etc/kubernetes/manifests/kube-controller-manager.yaml",
    );
    let run = rekindle(node.path(), &["recover", "--yes"]).expect(0);
    assert!(run.stdout.contains("  workers: "), "{}", run.stdout);
    // Nothing of it where nothing had ended.
    let again = ["recover", "--yes", "--force", "--validity", "9000h"];
    let run = rekindle(node.path(), &again).expect(0);
    assert!(
        !run.stdout
            .contains("rekindle runbook full-expiry#what-else-is-stale"),
        "{}",
        run.stdout
    );
}
