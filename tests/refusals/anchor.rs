//! A journal that nobody vouches for: written by somebody who had the state folder, and nothing else of the node.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rekindle::journal::{Act, Chain, Direction, Log, TakeUp};
use rekindle::pki::{Authority, PrivateKey, read_certificates};
use time::OffsetDateTime;

use super::forger::{JOURNALS, Lines, forge, forge_with, genuine, run_of};
use super::situation::{NODE, compare};
use super::taken_up::{follow, interrupted, is_settled, refuses, ways_out};
use crate::support::golden;
use crate::support::interruption::{is_possible, kill};
use crate::support::node::Node;
use crate::support::program::{Run, rekindle};
use crate::support::tree::Tree;

const SSHD: &str = "/etc/ssh/sshd_config";

/// A recovered node on which somebody wrote a file of his own.
fn prepared() -> Node {
    let node = Node::materialize(NODE);
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    node.shell("mkdir -m 755 etc/ssh; (umask 022; echo safe >etc/ssh/sshd_config; echo evil >etc/ssh/evil)");
    node
}

/// The first word is a warning, in those of the golden file, which the runbook on interrupted runs quotes.
#[track_caller]
fn warns(told: &Run, name: &str, node: &Node) {
    let first = told.stdout.lines().next().unwrap();
    let golden = format!("tests/resume/not-vouched-for.{name}.stderr");
    golden::compare(&golden, &format!("{first}\n"), node.path());
    assert_eq!(told.stderr, "");
}

/// Its own key, no certificate: the file of another service would be replaced.
#[test]
fn a_journal_that_anybody_wrote_moves_no_file() {
    let node = prepared();
    forge(&node, SSHD, "/etc/ssh/evil", None);
    let run = refuses(&node, &["rollback", "--yes"], "journal-not-anchored");
    refuses(&node, &["resume", "--yes"], "journal-not-anchored.resume");
    assert_eq!(ways_out(&run).len(), 3, "{run:?}");
    let own = run_of(&node);
    assert!(!run.stderr.contains(&own), "{run:?}");
    // The ways of the hint: it is looked at, believed if the operator says so, or taken away.
    let shown = ways_out(&run)[0].clone();
    rekindle(node.path(), &shown.split(' ').skip(3).collect::<Vec<_>>()).expect(0);
    let kept = node.copy();
    let way = refuses(&kept, &["rollback", "--yes"], "journal-not-anchored");
    follow(&kept, &ways_out(&way)[1], 0);
    assert_eq!(kept.read(SSHD), b"evil\n");
    let outside = node.path().parent().unwrap().display().to_string();
    node.shell(&ways_out(&run)[2].replace("/root/", &outside));
    is_settled(&node);
    assert_eq!(node.read(SSHD), b"safe\n");
}

/// Without the CA's key in the genesis it might be one of a node that has none; this one has it.
#[test]
fn nor_in_the_places_of_certificates() {
    let node = prepared();
    node.shell("mkdir -p var/lib/rekindle/backups/20991231T000000.000Z-abcdef/etc/kubernetes; chmod -R go= var/lib/rekindle");
    let copy = "/var/lib/rekindle/backups/RUN/etc/kubernetes/admin.conf";
    node.write(&copy.replace("RUN", "20991231T000000.000Z-abcdef"), "evil");
    forge(&node, "/etc/kubernetes/admin.conf", copy, None);
    refuses(&node, &["rollback", "--yes"], "journal-not-anchored");
    let named = ["rollback", "20991231T000000.000Z-abcdef", "--yes"];
    refuses(&node, &named, "journal-not-anchored");

    // The key is gone: nobody could vouch for any journal that is written now.
    node.shell("mv etc/kubernetes/pki/ca.key ..");
    let excused = node.copy();
    let told = rekindle(excused.path(), &["rollback", "--yes"]).expect(0);
    assert!(
        told.stdout.starts_with("warning: nobody vouches for"),
        "{told:?}"
    );
    // But not for the files of others, nor for a pod; nor with a copy that is not of that run.
    for (target, stray) in [
        (SSHD, SSHD),
        ("/etc/kubernetes/admin.conf", "/etc/ssh/evil"),
        (
            "/etc/kubernetes/manifests/etcd.yaml",
            "/etc/kubernetes/manifests/etcd.yaml",
        ),
        (
            "/etc/kubernetes/../ssh/sshd_config",
            "/etc/kubernetes/../ssh/sshd_config",
        ),
        (
            "/var/lib/kubelet/config.yaml",
            "/var/lib/kubelet/config.yaml",
        ),
    ] {
        forge(&node, target, "/etc/ssh/evil", None);
        let told = rekindle(node.path(), &["rollback", "--yes"]).expect(3);
        let words = format!("; and it names {stray}, where no run replaces anything\n");
        assert!(told.stderr.contains(&words), "{told:?}");
        if target == SSHD {
            compare("journal-not-anchored.stray", &told.stderr, node.path());
        }
    }
    // Nor is anything started or moved on its word.
    let service = "debug-shell.service".to_owned();
    let (path, aside) = (SSHD.to_owned(), "/etc/ssh/evil".to_owned());
    for (act, stray) in [
        (Act::StopService { service }, "debug-shell.service"),
        (Act::MoveAside { path, aside }, SSHD),
    ] {
        forge_with(&node, "/etc/kubernetes/admin.conf", copy, None, Some(act));
        let told = rekindle(node.path(), &["rollback", "--yes"]).expect(3);
        let words = format!("; and it names {stray}, which is to be ");
        assert!(told.stderr.contains(&words), "{told:?}");
    }
}

/// A CA of the same name is another CA.
#[test]
fn a_journal_under_another_ca_moves_no_file() {
    let node = prepared();
    let other = Node::materialize("ecdsa-p384-stacked");
    let certificates = read_certificates(&other.read("/etc/kubernetes/pki/ca.crt")).unwrap();
    let key = other.read("/etc/kubernetes/pki/ca.key");
    let key = PrivateKey::from_pem(&key, certificates.first()).unwrap();
    let authority = Authority::new(&certificates, key, OffsetDateTime::now_utc()).unwrap();
    forge(&node, SSHD, "/etc/ssh/evil", Some(&authority));
    refuses(
        &node,
        &["rollback", "--yes"],
        "journal-not-anchored.other-ca",
    );
}

/// The end of a good journal is cut off, and an attempt to go back is put in its place.
#[test]
fn a_good_journal_that_somebody_continued_moves_no_file() {
    let node = prepared();
    let (_, run) = genuine(&node);
    let bytes = node.read(&format!("{JOURNALS}/{run}.jsonl"));
    let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    lines.truncate(lines.len() - 2);
    let cut = lines.concat();
    let chain = Chain::read(&cut).unwrap().unwrap();
    let attempt = TakeUp {
        direction: Direction::Back,
        torn: Vec::new(),
        setting: chain.genesis().circumstances.setting.clone(),
    };
    let forged = Lines(Arc::new(Mutex::new(cut)));
    let now = OffsetDateTime::now_utc();
    Log::take_up(Box::new(forged.clone()), chain, attempt, None, now).unwrap();
    forged.write(&node, &run);
    refuses(&node, &["rollback", "--yes"], "journal-not-anchored");
}

/// What is begun where the CA's key is not to be had has no certificate: as long as it is not there that goes, with a warning.
#[test]
fn a_node_without_the_key_of_its_ca() {
    if !is_possible() {
        return;
    }
    let node = prepared();
    node.shell("mv etc/kubernetes/pki/ca.key ..");
    let run = run_of(&node);
    kill(node.path(), &["rollback", &run, "--yes"], "renameat", 3);
    for verb in ["resume", "rollback"] {
        let node = node.copy();
        let told = rekindle(node.path(), &[verb, "--yes"]).expect(0);
        warns(&told, "no-key", &node);
    }
    node.shell("mv ../ca.key etc/kubernetes/pki/");
    let refused = refuses(&node, &["resume", "--yes"], "journal-not-anchored.resume");
    follow(&node, &ways_out(&refused)[1], 0);
}

/// What the CA's certificate would tell nobody can tell without it: then the places alone, and a word of warning.
#[test]
fn a_node_without_the_certificate_of_its_ca() {
    if !is_possible() {
        return;
    }
    let node = interrupted(6);
    for (name, spoil) in [
        ("garbage", "echo garbage >etc/kubernetes/pki/ca.crt"),
        ("gone", "rm etc/kubernetes/pki/ca.crt"),
    ] {
        for verb in ["resume", "rollback"] {
            let node = node.copy();
            node.shell(spoil);
            let told = rekindle(node.path(), &[verb, "--yes"]).expect(0);
            warns(&told, name, &node);
            let key = |text: &str| {
                let keys = text
                    .lines()
                    .filter_map(|line| line.strip_prefix("  signed by sha256:"));
                keys.map(str::to_owned).collect::<Vec<_>>()
            };
            let shown = rekindle(
                node.path(),
                &["journal", "verify", "--key", &"0".repeat(64)],
            );
            assert_eq!(key(&shown.stdout).len(), 2, "{shown:?}");
        }
    }
    // A key that is named needs no excuse.
    let verified = rekindle(node.path(), &["journal", "verify"])
        .expect(5)
        .stdout;
    let key = verified
        .lines()
        .find_map(|line| line.strip_prefix("  signed by sha256:"))
        .unwrap();
    node.shell("echo garbage >etc/kubernetes/pki/ca.crt");
    let told = rekindle(node.path(), &["resume", "--yes", "--key", key]).expect(0);
    assert!(told.stdout.starts_with("Finished the run "), "{told:?}");
    forge_on_garbage();
}

fn forge_on_garbage() {
    let node = prepared();
    forge(&node, SSHD, "/etc/ssh/evil", None);
    node.shell("echo garbage >etc/kubernetes/pki/ca.crt");
    let before = Tree::read(node.path());
    let told = rekindle(node.path(), &["rollback", "--yes"]).expect(3);
    assert!(
        told.stderr.contains("refused (journal-not-anchored)"),
        "{told:?}"
    );
    assert_eq!(Tree::read(node.path()), before);
    assert_eq!(
        fs::read(node.path().join(Path::new("etc/ssh/sshd_config"))).unwrap(),
        b"safe\n"
    );
}
