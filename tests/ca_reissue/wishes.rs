//! What has to be said for it, and what is said where it is not done.

use crate::expired::{ALL, REISSUE, exchange, node};
use crate::support::golden;
use crate::support::node::Node;
use crate::support::openssl;
use crate::support::program::{Run, rekindle};
use crate::support::tree::Tree;

/// Runs it, and sees that it changed nothing, not even a time.
#[track_caller]
fn changes_nothing(node: &Node, arguments: &[&str], code: i32) -> Run {
    let before = Tree::read(node.path());
    let run = rekindle(node.path(), arguments).expect(code);
    assert_eq!(Tree::read(node.path()), before, "{arguments:?}");
    run
}

#[test]
fn without_the_very_words_nothing_is_changed() {
    let (node, _) = node("ecdsa-p256-stacked");
    for words in [
        "ca",
        "",
        "yes",
        "ca,etcd-ca",
        "etcd-ca,ca,front-proxy-ca",
        "CA,ETCD-CA,FRONT-PROXY-CA",
    ] {
        let run = changes_nothing(&node, &["ca", "reissue", "--yes", "--confirm", words], 2);
        assert!(run.stderr.contains(&format!("--confirm {ALL}")), "{run:?}");
    }
    changes_nothing(&node, &["ca", "reissue", "--yes"], 2);
    // Nobody is there to be asked.
    changes_nothing(&node, &["ca", "reissue"], 2);
}

#[test]
fn where_no_authority_has_expired_it_says_so_and_how_to_name_one() {
    let node = Node::materialize("ecdsa-p256-stacked");
    let run = changes_nothing(&node, &["ca", "reissue", "--yes", "--confirm", ALL], 1);
    golden::compare("tests/ca_reissue/nothing.stdout", &run.stdout, node.path());
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    let run = changes_nothing(&node, &["ca", "reissue", "--yes"], 0);
    assert!(run.stdout.contains("ca reissue ca\n"), "{run:?}");
    assert!(!run.stdout.contains("recover"), "{run:?}");
}

#[test]
fn one_that_is_named_gets_new_dates_though_it_is_valid() {
    let node = Node::materialize("ecdsa-p256-stacked");
    let authority = node.file("/etc/kubernetes/pki/front-proxy-ca.crt");
    let others = [
        "/etc/kubernetes/pki/ca.crt",
        "/etc/kubernetes/pki/etcd/ca.crt",
    ];
    let before = (
        openssl::read(&authority),
        others.map(|path| node.read(path)),
    );
    let words = [
        "ca",
        "reissue",
        "front-proxy-ca",
        "--yes",
        "--confirm",
        "front-proxy-ca",
        "--ca-validity",
        "5000d",
    ];
    rekindle(node.path(), &words).expect(0);
    let after = openssl::read(&authority);
    assert_eq!(before.0.words, after.words);
    let left = after.validity.1 - time::OffsetDateTime::now_utc();
    assert_eq!(left.whole_days(), 4999, "{left}");
    assert_eq!(before.1, others.map(|path| node.read(path)));
    // Nearer its end is never brought.
    let last = words.len() - 1;
    let shorter: Vec<&str> = words[..last].iter().copied().chain(["100d"]).collect();
    let run = rekindle(node.path(), &shorter).expect(1);
    assert!(run.stdout.contains("it already lives until"), "{run:?}");
    assert_eq!(openssl::read(&authority).validity, after.validity);
}

#[test]
fn without_the_key_or_with_another_one_it_is_refused() {
    let (node, _) = node("ecdsa-p256-stacked");
    let here = "cd etc/kubernetes/pki;";
    node.shell(&format!("{here} mv ca.key ../../../"));
    let run = changes_nothing(&node, &REISSUE, 3);
    assert!(run.stderr.contains("ca-key-missing"), "{run:?}");
    node.shell(&format!("{here} cp -p front-proxy-ca.key ca.key"));
    let run = changes_nothing(&node, &REISSUE, 3);
    assert!(run.stderr.contains("ca-key-mismatch"), "{run:?}");
    node.shell(&format!("{here} mv ../../../ca.key ca.key; : >etcd/ca.crt"));
    let run = changes_nothing(&node, &REISSUE, 3);
    assert!(run.stderr.contains("etcd-ca"), "{run:?}");
}

/// The authority of an etcd elsewhere is somebody else's: it is left to them, unless it is asked for by name.
#[test]
fn an_authority_whose_key_is_elsewhere_is_left_to_its_owner() {
    let (node, _) = node("ecdsa-p256-stacked");
    node.shell("mv etc/kubernetes/pki/etcd/ca.key .");
    let words = ["ca", "reissue", "etcd-ca", "--yes", "--confirm", "etcd-ca"];
    let run = changes_nothing(&node, &words, 3);
    assert!(run.stderr.contains("ca-key-missing"), "{run:?}");
    let etcd = node.read("/etc/kubernetes/pki/etcd/ca.crt");
    let words = ["ca", "reissue", "--yes", "--confirm", "ca,front-proxy-ca"];
    rekindle(node.path(), &words).expect(1);
    assert_eq!(node.read("/etc/kubernetes/pki/etcd/ca.crt"), etcd);
    let plan = rekindle(node.path(), &["ca", "reissue", "--yes"]).expect(1);
    assert!(plan.stdout.contains("etcd-ca"), "{plan:?}");
}

/// Signed by itself it would be another authority than the one that its root made.
#[test]
fn an_intermediate_is_its_roots_to_renew() {
    for (clock, code) in [("-f -3660d", "ca-expired"), ("-f -1d", "ca-cannot-sign")] {
        let node = Node::materialize("ecdsa-p256-stacked");
        let path = "/etc/kubernetes/pki/ca.crt";
        let old = String::from_utf8(node.read(path)).unwrap();
        node.shell(&format!(
            "openssl ecparam -name prime256v1 -genkey -noout -out ../root.key
             faketime {clock} openssl req -x509 -new -key ../root.key -subj /CN=root -days 3655 -out ../root.crt
             openssl x509 -x509toreq -in etc/kubernetes/pki/ca.crt -signkey etc/kubernetes/pki/ca.key -copy_extensions copyall -out ../ca.csr
             faketime {clock} openssl x509 -req -in ../ca.csr -copy_extensions copyall -CA ../root.crt -CAkey ../root.key -days 3655 -set_serial 7 -out ../new.crt"
        ));
        let new = std::fs::read_to_string(node.path().join("../new.crt")).unwrap();
        exchange(&node, &old, &new);
        let words = ["ca", "reissue", "ca", "--yes", "--confirm", "ca"];
        let run = changes_nothing(&node, &words, 3);
        assert!(run.stderr.contains(code), "{run:?}");
        assert!(run.stderr.contains("signed by `CN=root`"), "{run:?}");
    }
}

#[test]
fn a_name_that_is_none_is_a_slip() {
    let node = Node::materialize("ecdsa-p256-stacked");
    changes_nothing(&node, &["ca", "reissue", "apiserver", "--yes"], 2);
}

#[test]
fn what_is_left_to_do_outside_the_node_is_laid_out_for_root_alone() {
    let (node, _) = node("ecdsa-p256-stacked");
    let run = rekindle(node.path(), &REISSUE).expect(0);
    let tree = Tree::read(node.path());
    let readme = tree
        .paths()
        .find(|path| path.ends_with("/README.md"))
        .unwrap();
    let told = node.file(readme);
    assert!(run.stdout.contains(told.to_str().unwrap()), "{run:?}");
    let text = tree.entry(readme).text();
    let folder = readme.rsplit_once('/').unwrap().0;
    for (name, file) in [
        ("ca", "ca.crt"),
        ("etcd-ca", "etcd/ca.crt"),
        ("front-proxy-ca", "front-proxy-ca.crt"),
    ] {
        let copy = format!("{folder}/{name}.crt");
        assert_eq!(
            tree.entry(&copy).bytes(),
            node.read(&format!("/etc/kubernetes/pki/{file}"))
        );
        assert!(text.contains(&format!("`{name}.crt`")), "{text}");
        assert_eq!(tree.entry(&copy).mode & 0o077, 0);
    }
}
