//! The judge itself: nodes with one thing wrong, made on purpose. It must see each, and nothing in a good one.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::bench::{Bench, RECOVER, Subject};
use crate::judge::{Damage, Phase};
use crate::support::program::rekindle;
use crate::template::Workplace;

const NODE: &str = "ecdsa-p256-stacked";
const CERTIFICATE: &str = "etc/kubernetes/pki/apiserver.crt";
const KEY: &str = "etc/kubernetes/pki/apiserver.key";
const KUBECONFIG: &str = "etc/kubernetes/admin.conf";

type Harm = fn(&Path);
type Seen = fn(&Damage) -> bool;

/// What is done to a recovered node, and how the judge is to count it.
const HARMS: [(&str, Harm, Seen); 11] = [
    (
        "a file is gone",
        |root| fs::remove_file(root.join(CERTIFICATE)).unwrap(),
        |seen| seen.lost == 1,
    ),
    (
        "a file is empty",
        |root| cut(root, KUBECONFIG, 0),
        |seen| seen.half_written == 1,
    ),
    (
        "a file is cut short",
        |root| cut(root, CERTIFICATE, 100),
        |seen| seen.half_written == 1,
    ),
    (
        "a key is cut short",
        |root| cut(root, KEY, 100),
        |seen| seen.half_written == 1,
    ),
    (
        "a file is somebody else's",
        |root| write(root, CERTIFICATE, b"foreign\n"),
        |seen| seen.lost == 1,
    ),
    (
        "a key is another one",
        |root| copy(root, "etc/kubernetes/pki/sa.key", KEY),
        |seen| seen.lost == 1,
    ),
    (
        "a file has another mode",
        |root| mode(root, CERTIFICATE, 0o600),
        |seen| seen.words.len() == 1,
    ),
    (
        "a file is one too many",
        |root| write(root, "etc/kubernetes/core", b""),
        |seen| seen.words.len() == 1,
    ),
    (
        "a key is in the state folder",
        |root| copy(root, KEY, "var/lib/rekindle/key"),
        |seen| seen.leaked == 1,
    ),
    ("a copy with a key is open", open_backup, |seen| {
        seen.leaked == 1
    }),
    (
        "a folder is open",
        |root| mode(root, "var/lib/rekindle/backups", 0o755),
        |seen| seen.leaked == 1,
    ),
];

#[test]
fn each_kind_of_damage_is_seen() {
    let bench = Bench::new(NODE);
    let workplace = Workplace::new();
    let root = workplace.root();
    for (what, harm, seen) in HARMS {
        recover(&bench, &root);
        let good = bench.judge.look(&root);
        assert_eq!(good.damage.words, Vec::<String>::new());
        assert_eq!((good.phase, good.old, good.new), (Phase::Ended, 0, 14));
        harm(&root);
        let damage = bench.judge.look(&root).damage;
        assert!(seen(&damage), "{what}: {damage:?}");
    }
}

/// A certificate that is new by the journal's word, with the key of another, must not pass for a good pair.
#[test]
fn a_pair_that_does_not_fit_is_seen() {
    let bench = Bench::new(NODE);
    let workplace = Workplace::new();
    bench.template.copy(&workplace.root());
    let mut damage = Damage::default();
    let pairs = crate::pairs::Pairs::of(&bench.template.tree);
    copy(
        &workplace.root(),
        "etc/kubernetes/pki/front-proxy-client.key",
        KEY,
    );
    let tree = crate::support::tree::Tree::read(&workplace.root());
    pairs.check(&tree, &|_| false, true, &mut damage);
    assert_eq!(damage.mixed, 1, "{damage:?}");
    // Of a run that made new keys, too, once it is over.
    for (is_under_way, mixed) in [(true, 1), (false, 2)] {
        pairs.check(
            &tree,
            &|path| path.ends_with("/apiserver.key"),
            is_under_way,
            &mut damage,
        );
        assert_eq!(damage.mixed, mixed, "{damage:?}");
    }
}

#[test]
fn a_node_that_is_as_it_was_is_told_from_one_that_is_not() {
    let bench = Bench::new(NODE);
    let workplace = Workplace::new();
    let root = workplace.root();
    bench.template.copy(&root);
    assert_eq!(bench.judge.look(&root).phase, Phase::Untouched);
    fs::create_dir(root.join("var/lib/rekindle")).unwrap();
    mode(&root, "var/lib/rekindle", 0o700);
    let found = bench.judge.look(&root);
    assert_eq!(found.phase, Phase::Uncommitted);
    assert_eq!(bench.judge.is_as_before(&found), Ok(()));
    recover(&bench, &root);
    assert!(bench.judge.is_as_before(&bench.judge.look(&root)).is_err());
}

fn recover(bench: &Bench, root: &Path) {
    bench.template.copy(root);
    rekindle(root, &RECOVER).expect(bench.template.normal);
}

fn cut(root: &Path, file: &str, length: u64) {
    fs::OpenOptions::new()
        .write(true)
        .open(root.join(file))
        .unwrap()
        .set_len(length)
        .unwrap();
}

fn write(root: &Path, file: &str, bytes: &[u8]) {
    fs::write(root.join(file), bytes).unwrap();
}

/// Keeps the mode of what is there.
fn copy(root: &Path, from: &str, to: &str) {
    let bytes = fs::read(root.join(from)).unwrap();
    let existed = root.join(to).exists();
    write(root, to, &bytes);
    if !existed {
        mode(root, to, 0o600);
    }
}

fn mode(root: &Path, file: &str, mode: u32) {
    fs::set_permissions(root.join(file), Permissions::from_mode(mode)).unwrap();
}

fn open_backup(root: &Path) {
    let runs = fs::read_dir(root.join("var/lib/rekindle/backups")).unwrap();
    let run = runs.map(|entry| entry.unwrap().path()).next().unwrap();
    fs::set_permissions(run.join(KUBECONFIG), Permissions::from_mode(0o640)).unwrap();
}

/// A key that the run itself made must not pass for anything else.
#[test]
fn a_new_key_in_a_journal_or_lying_open_is_seen() {
    let bench = Bench::of(NODE, Subject::Rekeying);
    let workplace = Workplace::new();
    let root = workplace.root();
    bench.template.copy(&root);
    rekindle(&root, bench.template.arguments).expect(bench.template.normal);
    let found = bench.judge.look(&root);
    assert_eq!(found.damage.words, Vec::<String>::new());
    assert_eq!((found.phase, found.old), (Phase::Ended, 0));
    let key = fs::read_to_string(root.join(KEY)).unwrap();
    assert!(found.new_keys.are_in(&key));
    copy(
        &root,
        KEY,
        "etc/kubernetes/pki/.rekindle-20261128T211420.893Z-63676b-apiserver.key",
    );
    mode(
        &root,
        "etc/kubernetes/pki/.rekindle-20261128T211420.893Z-63676b-apiserver.key",
        0o640,
    );
    let damage = bench.judge.look(&root).damage;
    assert_eq!(damage.leaked, 1, "{damage:?}");
}
