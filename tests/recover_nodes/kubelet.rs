//! A kubelet's credential that is missing: made anew, for the right node or not at all.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::interruption::{is_possible, kill};
use crate::support::node::Node;
use crate::support::openssl::{self, openssl};
use crate::support::program::rekindle;
use crate::support::tree::Tree;

const NODE: &str = "ecdsa-p256-stacked";
const PKI: &str = "/var/lib/kubelet/pki";
const LINK: &str = "/var/lib/kubelet/pki/kubelet-client-current.pem";
const RECOVER: [&str; 2] = ["recover", "--yes"];

/// The ways in which it can be missing.
const MISSING: [&str; 4] = [
    "rm kubelet-client-*",
    "rm kubelet-client-2*.pem",
    ": >\"$(ls kubelet-client-2*.pem)\"",
    "rm kubelet-client-*; ln -s kubelet-client-2025-01-01-00-00-00.pem kubelet-client-current.pem",
];

fn without_credential(script: &str) -> Node {
    let node = Node::materialize(NODE);
    node.shell(&format!("cd .{PKI}; {script}"));
    node
}

#[test]
fn a_missing_credential_is_made_anew_as_the_kubelet_makes_it() {
    for script in MISSING {
        let node = without_credential(script);
        let before = Tree::read(node.path());
        rekindle(node.path(), &["check"]).expect(1);
        let plan = rekindle(node.path(), &["plan"]).expect(0).stdout;
        assert!(plan.contains("issue kubelet.conf for cp-1"), "{plan}");
        assert_eq!(Tree::read(node.path()), before);
        let run = rekindle(node.path(), &RECOVER).expect(0);
        assert!(run.stdout.contains("missing"), "{}", run.stdout);
        let after = Tree::read(node.path());
        let file = after.entry(LINK).destination();
        assert!(file.is_absolute() && file.starts_with(PKI), "{file:?}");
        let file = file.to_str().unwrap();
        assert_eq!(before.get(file), None);
        judge(&node, &after, file);
        rekindle(node.path(), &["check"]).expect(0);
        rekindle(node.path(), &["journal", "verify"]).expect(0);
        // It has one now.
        let again = rekindle(node.path(), &RECOVER).expect(0);
        assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
    }
}

fn judge(node: &Node, after: &Tree, file: &str) {
    assert_eq!(after.entry(file).mode & 0o7777, 0o600);
    let text = after.entry(file).text();
    let blocks: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("-----BEGIN"))
        .collect();
    assert_eq!(
        blocks,
        [
            "-----BEGIN CERTIFICATE-----",
            "-----BEGIN EC PRIVATE KEY-----"
        ]
    );
    let pem = node.file(file);
    let path = pem.to_str().unwrap();
    let authority = node.file("/etc/kubernetes/pki/ca.crt");
    assert_eq!(openssl::verify(&pem, &authority, "sslclient"), Ok(()));
    openssl::verify(&pem, &authority, "sslserver").unwrap_err();
    let text = openssl(&[
        "x509", "-in", path, "-noout", "-text", "-nameopt", "RFC2253",
    ])
    .unwrap();
    for said in [
        "Subject: CN=system:node:cp-1,O=system:nodes\n",
        "NIST CURVE: P-256",
        "CA:FALSE",
        "TLS Web Client Authentication\n",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("Alternative Name"), "{text}");
    assert_eq!(openssl::read(&pem).public_key, openssl::public_half(&pem));
}

#[test]
fn it_is_taken_back_and_taken_forward() {
    for script in MISSING {
        let node = without_credential(script);
        let before = Tree::read(node.path());
        rekindle(node.path(), &RECOVER).expect(0);
        let run = rekindle(node.path(), &["journal", "list"]).expect(0).stdout;
        let run = run
            .split_whitespace()
            .find(|word| word.starts_with("20"))
            .unwrap();
        rekindle(node.path(), &["rollback", run, "--yes"]).expect(0);
        let after = Tree::read(node.path());
        // What was there is there again; what was not is kept, as all that a run added.
        let changed = before
            .timeless()
            .differences(&after.without_state().timeless());
        let added = |path: &String| path.starts_with("/var/lib/kubelet/pki/kubelet-client-");
        assert!(changed.iter().all(added), "{changed:?}");
        if let Some(link) = before.get(LINK) {
            assert_eq!(link.destination(), after.entry(LINK).destination());
        }
    }
    if !is_possible() {
        return;
    }
    let some = ["recover", "--yes", "--only", "kubelet.conf"];
    for verb in ["resume", "rollback"] {
        for script in MISSING {
            // Before the file is there, and between the file and the link; a link that is there is replaced by another call.
            let probe = without_credential(script);
            let is_link = Tree::read(probe.path()).get(LINK).is_some();
            let between = if is_link {
                ("renameat", 1)
            } else {
                ("renameat2", 2)
            };
            for (call, number) in [("renameat2", 1), between] {
                let node = without_credential(script);
                let before = Tree::read(node.path());
                kill(node.path(), &some, call, number);
                rekindle(node.path(), &[verb, "--yes"]).expect(0);
                let after = Tree::read(node.path());
                if verb == "resume" {
                    let file = after.entry(LINK).destination().to_str().unwrap();
                    judge(&node, &after, file);
                } else {
                    let after = after.without_state().timeless();
                    let differences = before.timeless().differences(&after);
                    assert_eq!(differences, Vec::<String>::new(), "{script}");
                }
            }
        }
    }
}

#[test]
fn a_name_in_doubt_is_left_to_a_person() {
    let doubts = [
        // The flag says one thing, etcd and the certificates another.
        "sed -i s/cp-1/cp-7/ var/lib/kubelet/kubeadm-flags.env",
        "echo 'KUBELET_EXTRA_ARGS=\"--hostname-override=cp-7\"' >etc/default/kubelet",
        "echo 'KUBELET_EXTRA_ARGS=\"--hostname-override=cp-7\"' >etc/sysconfig/kubelet",
        "sed -i s/--name=cp-1/--name=cp-7/ etc/kubernetes/manifests/etcd.yaml",
        // Neither a flag nor a host name.
        "rm var/lib/kubelet/kubeadm-flags.env",
        "rm var/lib/kubelet/kubeadm-flags.env; echo cp_1 >etc/hostname",
    ];
    for doubt in doubts {
        let node = without_credential("rm kubelet-client-2*.pem");
        node.shell(&format!("mkdir etc/default etc/sysconfig; {doubt}"));
        let before = Tree::read(node.path());
        let run = rekindle(node.path(), &["recover", "--yes", "--only", "kubelet.conf"]).expect(1);
        assert!(run.stdout.contains("in doubt"), "{doubt}: {}", run.stdout);
        assert!(
            run.stdout.contains("--node-name NAME"),
            "{doubt}: {}",
            run.stdout
        );
        assert_eq!(Tree::read(node.path()), before, "{doubt}");
        let named = ["--only", "kubelet.conf", "--node-name", "cp-1"];
        rekindle(node.path(), &[&RECOVER[..], &named].concat()).expect(0);
        let file = fs::read_link(node.file(LINK)).unwrap();
        judge(&node, &Tree::read(node.path()), file.to_str().unwrap());
    }
}

#[test]
fn without_a_flag_it_is_the_host_name_in_lower_case() {
    let node = without_credential("rm kubelet-client-*");
    node.shell("rm var/lib/kubelet/kubeadm-flags.env; echo CP-1 >etc/hostname");
    rekindle(node.path(), &RECOVER).expect(0);
    let file = fs::read_link(node.file(LINK)).unwrap();
    judge(&node, &Tree::read(node.path()), file.to_str().unwrap());
}

#[test]
fn nothing_on_the_node_that_confirms_the_name_is_doubt_too() {
    let node = Node::materialize("rsa3072-external-etcd");
    node.shell(&format!("rm .{PKI}/*"));
    let run = rekindle(node.path(), &RECOVER).expect(1);
    assert!(
        run.stdout.contains("nothing else on the node confirms it"),
        "{}",
        run.stdout
    );
}

#[test]
fn what_is_no_node_name_is_a_usage_error() {
    let node = Node::materialize(NODE);
    for name in ["CP-1", "cp_1", "", "cp-1.", "system:node:cp-1"] {
        let run = rekindle(node.path(), &["plan", "--node-name", name]).expect(2);
        assert!(run.stderr.contains("is no node's name"), "{}", run.stderr);
    }
}

#[test]
fn what_is_not_a_missing_link_stays_as_it_was_judged_before() {
    // A file where the link belongs, and a credential of another name.
    let node = Node::materialize(NODE);
    node.shell(&format!(
        "cd .{PKI}; rm kubelet-client-*; (umask 077; : >kubelet-client-current.pem)"
    ));
    let run = rekindle(node.path(), &RECOVER).expect(3);
    assert!(run.stderr.contains("file-empty"), "{}", run.stderr);
    let node = Node::materialize(NODE);
    node.shell("sed -i s/kubelet-client-current.pem/other.pem/ etc/kubernetes/kubelet.conf");
    let run = rekindle(node.path(), &RECOVER).expect(1);
    assert!(run.stdout.contains("kubelet.conf: "), "{}", run.stdout);
    assert!(
        run.stdout.contains("nothing on the node to renew"),
        "{}",
        run.stdout
    );
}

#[test]
fn its_mode_does_not_hang_on_the_umask() {
    let node = without_credential("rm kubelet-client-*");
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", "umask 0277; exec \"$0\" --root \"$1\" recover --yes"])
        .arg(env!("CARGO_BIN_EXE_rekindle"))
        .arg(node.path());
    crate::support::program::Run::of(shell).expect(0);
    let file = fs::read_link(node.file(LINK)).unwrap();
    let mode = fs::metadata(node.file(file.to_str().unwrap()))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o7777, 0o600);
}
