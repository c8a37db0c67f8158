//! The names by which a certificate is asked for on its node: what it lacks is shown, and added when somebody says so.

use crate::support::golden;
use crate::support::node::Node;
use crate::support::openssl::openssl;
use crate::support::program::rekindle;
use crate::support::tree::Tree;

const NODE: &str = "ecdsa-p256-stacked";

/// Its name, a shell script, and each certificate with the name that it lacks then.
type Move = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// How a node comes to be asked for by another name; the certificates that lack it, and what they get.
const MOVES: [Move; 3] = [
    (
        "advertise_address_changed",
        "sed -i 's/\\(advertise-address[:=] *\\)192.0.2.10/\\1192.0.2.77/' etc/kubernetes/manifests/kube-apiserver.yaml",
        &[("apiserver", "192.0.2.77")],
    ),
    (
        "etcd_moved",
        "sed -i 's|https://192.0.2.10:|https://192.0.2.77:|g' etc/kubernetes/manifests/etcd.yaml",
        &[("etcd-peer", "192.0.2.77"), ("etcd-server", "192.0.2.77")],
    ),
    (
        "load_balancer_renamed",
        "sed -i 's|https://api.example.test:|https://k8s.example.test:|' etc/kubernetes/admin.conf",
        &[("apiserver", "k8s.example.test")],
    ),
];

fn file(certificate: &str) -> String {
    match certificate.strip_prefix("etcd-") {
        Some(stem) => format!("/etc/kubernetes/pki/etcd/{stem}.crt"),
        None => format!("/etc/kubernetes/pki/{certificate}.crt"),
    }
}

fn names(node: &Node, certificate: &str) -> String {
    let path = node.file(&file(certificate));
    let arguments = [
        "x509",
        "-in",
        path.to_str().unwrap(),
        "-noout",
        "-ext",
        "subjectAltName",
    ];
    openssl(&arguments).unwrap()
}

#[test]
fn a_node_that_moved_is_shown_left_and_mended_when_somebody_says_so() {
    for (name, script, lacking) in MOVES {
        let node = Node::materialize(NODE);
        node.shell(script);
        let check = rekindle(node.path(), &["check"]).expect(1).stdout;
        let plan = rekindle(node.path(), &["plan"]).expect(1);
        golden::compare(
            &format!("tests/recover_nodes/plans/{name}.stdout"),
            &plan.stdout,
            node.path(),
        );
        // Renewed, and left: whether they are to have that name is not for a tool to say.
        let run = rekindle(node.path(), &["recover", "--yes"])
            .expect(1)
            .stdout;
        for (certificate, lacks) in lacking {
            let line = check.lines().find(|line| line.contains(lacks));
            assert!(line.is_some(), "{name}\n{check}");
            assert!(
                run.contains(&format!("  {certificate}: it lacks ")),
                "{run}"
            );
            assert!(run.contains("--fix-sans"), "{run}");
            assert!(!names(&node, certificate).contains(lacks));
        }
        let check = rekindle(node.path(), &["check"]).expect(1).stdout;
        assert!(check.contains("names missing"), "{check}");
        let before = Tree::read(node.path());
        rekindle(node.path(), &["recover", "--yes"]).expect(1);
        assert_eq!(
            Tree::read(node.path()),
            before,
            "there is nothing to do but that"
        );

        let old: Vec<String> = lacking
            .iter()
            .map(|(certificate, _)| names(&node, certificate))
            .collect();
        let plan = rekindle(node.path(), &["plan", "--fix-sans"]).expect(0);
        golden::compare(
            &format!("tests/recover_nodes/plans/{name}.fix-sans.stdout"),
            &plan.stdout,
            node.path(),
        );
        rekindle(node.path(), &["recover", "--yes", "--fix-sans"]).expect(0);
        for ((certificate, lacks), old) in lacking.iter().zip(old) {
            let new = names(&node, certificate);
            // What it had it keeps, in its order; the new one comes behind.
            let old = old.trim_end();
            assert!(new.starts_with(old), "{old}\n{new}");
            assert!(new[old.len()..].contains(lacks), "{new}");
        }
        rekindle(node.path(), &["check"]).expect(0);
        let files: Vec<String> = lacking
            .iter()
            .map(|(certificate, _)| file(certificate))
            .collect();
        let changed = before
            .without_state()
            .differences(&Tree::read(node.path()).without_state());
        let changed: Vec<&String> = changed
            .iter()
            .filter(|path| !path.contains("/manifests/"))
            .collect();
        assert_eq!(changed, files.iter().collect::<Vec<_>>());
        rekindle(node.path(), &["journal", "verify"]).expect(0);
    }
}

#[test]
fn all_at_once_in_one_run() {
    let node = Node::materialize(NODE);
    for (_, script, _) in MOVES {
        node.shell(script);
    }
    rekindle(node.path(), &["recover", "--yes", "--fix-sans"]).expect(0);
    rekindle(node.path(), &["check"]).expect(0);
}

#[test]
fn names_that_a_person_adds_are_added_once() {
    let node = Node::materialize(NODE);
    let asked = [
        "--add-san=api.internal.example.test",
        "--san=apiserver=2001:db8::7",
        "--add-san=etcd-server=etcd-0.example.test,etcd-peer=192.0.2.99",
    ];
    let plan = rekindle(node.path(), &[&["plan"], &asked[..]].concat()).expect(0);
    golden::compare(
        "tests/recover_nodes/plans/add_san.stdout",
        &plan.stdout,
        node.path(),
    );
    rekindle(node.path(), &[&["recover", "--yes"], &asked[..]].concat()).expect(0);
    for (certificate, added) in [
        ("apiserver", "DNS:api.internal.example.test"),
        ("apiserver", "2001:DB8:0:0:0:0:0:7"),
        ("etcd-server", "DNS:etcd-0.example.test"),
        ("etcd-peer", "IP Address:192.0.2.99"),
    ] {
        assert_eq!(
            names(&node, certificate).matches(added).count(),
            1,
            "{certificate} {added}"
        );
    }
    rekindle(node.path(), &["check"]).expect(0);
    // They are there: asked for again, they come no second time.
    rekindle(node.path(), &[&["recover", "--yes"], &asked[..]].concat());
    assert_eq!(names(&node, "apiserver").matches("api.internal").count(), 1);
}

/// DNS names have no case: nothing is signed again for a name that is there in capitals.
#[test]
fn a_name_that_is_there_in_capitals_is_there() {
    let node = Node::materialize(NODE);
    let asked = ["recover", "--yes", "--add-san=api.internal.example.test"];
    rekindle(node.path(), &asked).expect(0);
    node.shell(
        "cd etc/kubernetes/pki
        names=$(openssl x509 -in apiserver.crt -noout -ext subjectAltName | tail -n 1 | tr -d ' ')
        names=$(echo \"$names\" | sed 's/IPAddress:/IP:/g; s/api.internal/API.Internal/')
        printf 'extendedKeyUsage=serverAuth\nsubjectAltName=%s\n' \"$names\" >extensions
        openssl req -new -key apiserver.key -subj /CN=kube-apiserver -out request
        openssl x509 -req -in request -CA ca.crt -CAkey ca.key -set_serial 77 -days 300 -extfile extensions -out new
        cat new >apiserver.crt
        rm extensions request new",
    );
    assert!(names(&node, "apiserver").contains("DNS:API.Internal.example.test"));
    let before = Tree::read(node.path());
    rekindle(node.path(), &asked).expect(0);
    assert_eq!(Tree::read(node.path()), before);
}

#[test]
fn what_is_no_name_or_for_no_certificate_is_a_usage_error() {
    let node = Node::materialize(NODE);
    let before = Tree::read(node.path());
    for wrong in [
        "",
        "a b",
        "apiserver=",
        "scheduler.conf=a.example.test",
        "https://a.example.test",
        "10.0.0.0/8",
    ] {
        rekindle(node.path(), &["recover", "--yes", "--add-san", wrong]).expect(2);
    }
    assert_eq!(Tree::read(node.path()), before);
}
