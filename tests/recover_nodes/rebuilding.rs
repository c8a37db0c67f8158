//! What is missing or ruined is made anew: as kubeadm made it, which the node's own old certificate tells, or not at all.
//!
//! After a change of wording: `SNAPSHOTS=overwrite cargo test --test recover_nodes`, and read the difference.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::support::der::{Lasting, of_pem};
use crate::support::golden;
use crate::support::leaf::{Leaf, leaves};
use crate::support::node::{Node, project};
use crate::support::openssl;
use crate::support::program::rekindle;
use crate::support::tree::Tree;

const NODE: &str = "ecdsa-p256-stacked";
/// The nodes that kubeadm itself laid out.
const KUBEADM: [&str; 3] = [
    "rsa2048-stacked",
    "ecdsa-p256-stacked",
    "rsa3072-external-etcd",
];
/// What is lost of them: all certificates, all pairs, all kubeconfigs. One of the administrators' has to be there, for it names the
/// endpoint.
const LOST: [&str; 4] = [
    "-name '*.crt'",
    "-name '*.???'",
    "-name '*.conf' ! -name super-admin.conf",
    "-name super-admin.conf",
];
/// The names that were in the certSANs of those nodes, which are kept in the cluster alone.
const CERT_SANS: [&str; 2] = [
    "--add-san=apiserver=localhost",
    "--add-san=apiserver=127.0.0.1",
];
const IMAGE_BY_DIGEST: &str = "sed -i 's|\\(image: [^:]*\\):v.*|\\1@sha256:0123|' etc/kubernetes/manifests/kube-apiserver.yaml;";

/// How each is broken, and which certificate that is; the golden file has the name of the test.
macro_rules! rebuilt {
    ($($test:ident: $certificate:literal by $script:expr,)*) => {
        $(
            #[test]
            fn $test() {
                is_rebuilt(stringify!($test), $certificate, $script);
            }
        )*
    };
}

rebuilt! {
    certificate_missing: "apiserver" by "rm etc/kubernetes/pki/apiserver.crt",
    pair_missing: "apiserver" by "rm etc/kubernetes/pki/apiserver.*",
    key_missing: "apiserver" by "rm etc/kubernetes/pki/apiserver.key",
    certificate_empty: "etcd-server" by ": >etc/kubernetes/pki/etcd/server.crt",
    certificate_cut_short: "etcd-peer" by "truncate -s 300 etc/kubernetes/pki/etcd/peer.crt",
    certificate_of_noise: "front-proxy-client" by "echo noise >etc/kubernetes/pki/front-proxy-client.crt",
    key_of_noise: "apiserver-kubelet-client" by "echo noise >etc/kubernetes/pki/apiserver-kubelet-client.key",
    key_of_another: "apiserver" by "cat etc/kubernetes/pki/front-proxy-client.key >etc/kubernetes/pki/apiserver.key",
    pair_of_noise: "apiserver-etcd-client"
        by "cd etc/kubernetes/pki; echo noise >apiserver-etcd-client.crt; echo noise >apiserver-etcd-client.key",
    etcd_leaves_deleted: "etcd-healthcheck-client,etcd-peer,etcd-server"
        by "find etc/kubernetes/pki/etcd -type f ! -name 'ca.*' -delete",
    admin_conf_missing: "admin.conf" by "rm etc/kubernetes/admin.conf",
    admin_conf_empty: "admin.conf" by ": >etc/kubernetes/admin.conf",
    admin_conf_cut_short: "admin.conf" by "truncate -s 1500 etc/kubernetes/admin.conf",
    admin_conf_with_half_a_key: "admin.conf"
        by "sed -i 's/\\(client-key-data: .\\{80\\}\\).*/\\1/' etc/kubernetes/admin.conf",
    scheduler_conf_missing: "scheduler.conf" by "rm etc/kubernetes/scheduler.conf",
    scheduler_conf_empty: "scheduler.conf" by ": >etc/kubernetes/scheduler.conf",
    scheduler_conf_cut_short: "scheduler.conf" by "truncate -s 1500 etc/kubernetes/scheduler.conf",
    kubelet_conf_missing: "kubelet.conf" by "rm etc/kubernetes/kubelet.conf",
    kubelet_conf_empty: "kubelet.conf" by ": >etc/kubernetes/kubelet.conf",
    kubelet_conf_cut_short: "kubelet.conf" by "truncate -s 100 etc/kubernetes/kubelet.conf",
    kubelet_pem_of_noise: "kubelet.conf" by "cd var/lib/kubelet/pki; echo noise >\"$(ls kubelet-client-2*.pem)\"",
    kubelet_folder_deleted: "kubelet.conf" by "rm -r var/lib/kubelet/pki",
    folder_deleted: "apiserver-etcd-client" by "
        sed -i 's|pki/apiserver-etcd-client|pki/clients/of-etcd/apiserver-etcd-client|' etc/kubernetes/manifests/kube-apiserver.yaml
        rm etc/kubernetes/pki/apiserver-etcd-client.*",
}

fn is_rebuilt(name: &str, certificates: &str, script: &str) {
    let node = Node::materialize(NODE);
    let good = Tree::read(node.path());
    node.shell(script);
    let before = Tree::read(node.path());
    rekindle(node.path(), &["check"]).expect(1);
    let plan = rekindle(node.path(), &["plan", "--only", certificates]).expect(0);
    golden::compare(
        &format!("tests/recover_nodes/plans/{name}.stdout"),
        &plan.stdout,
        node.path(),
    );
    assert_eq!(Tree::read(node.path()), before);
    let run = rekindle(
        node.path(),
        &[&["recover", "--yes"], &CERT_SANS[..]].concat(),
    )
    .expect(0);
    assert_eq!(run.stderr, "");
    let after = Tree::read(node.path());
    for one in certificates.split(',') {
        assert!(
            run.stdout.contains(&format!("\n  {one} ")),
            "{}",
            run.stdout
        );
    }
    judge(&node, &good, &after);
    rekindle(node.path(), &["journal", "verify"]).expect(0);
    rekindle(node.path(), &["journal", "show"]).expect(0);
    rekindle(node.path(), &["check"]).expect(0);
    let again = rekindle(node.path(), &["recover", "--yes"]).expect(0);
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
}

/// Each certificate says what it said when the node was good, and openssl takes it, and its key for its own.
fn judge(node: &Node, good: &Tree, after: &Tree) {
    let (old, new) = (leaves(good), leaves(after));
    // The kubelet makes its serving certificate itself.
    let serving = after.get("/var/lib/kubelet/pki/kubelet.crt").is_none();
    assert_eq!(old.len(), new.len() + usize::from(serving));
    for path in good.paths().filter(|path| path.ends_with(".conf")) {
        let text = |tree: &Tree| without_credential(tree.entry(path).text()).join("\n");
        assert_eq!(text(good), text(after), "{path}");
    }
    let kubelet = "/etc/kubernetes/kubelet.conf";
    assert_eq!(good.entry(kubelet).content, after.entry(kubelet).content);
    let scratch = tempfile::tempdir().unwrap();
    for leaf in &new {
        let file = &leaf.file;
        let (certificate, key) = leaf.write(scratch.path());
        let reading = openssl::read(&certificate);
        assert_eq!(reading.public_key, openssl::public_half(&key), "{file}");
        if let Some(authority) = &leaf.authority {
            for purpose in leaf.purposes {
                let verified = openssl::verify(&certificate, &node.file(authority), purpose);
                assert_eq!(verified, Ok(()), "{file}: {purpose}");
            }
        }
        let name = file.rsplit('/').next().unwrap();
        let mode = after.entry(file).mode & 0o7777;
        let is_public = name.ends_with(".crt");
        assert_eq!(mode, if is_public { 0o644 } else { 0o600 }, "{file}");
        let Some(model) = old
            .iter()
            .find(|old| old.file.ends_with(&format!("/{name}")))
        else {
            // The kubelet's own is made as its rotation makes it: tests/recover_nodes/kubelet.rs.
            assert!(name.starts_with("kubelet-client-"), "{file}");
            continue;
        };
        says_the_same(model, leaf);
    }
}

/// All but key, dates, serial number and signature; the extensions in whatever order, for none has a meaning.
fn says_the_same(old: &Leaf, new: &Leaf) {
    let lasting = |leaf: &Leaf| Lasting::of(&of_pem(&leaf.certificate, "CERTIFICATE").unwrap().0);
    let (old, lasting_new) = (lasting(old), lasting(new));
    let file = &new.file;
    assert_eq!(
        old.rest[..3],
        lasting_new.rest[..3],
        "{file}: version, algorithm, subject"
    );
    if new.authority.is_some() {
        let set = |lasting: &Lasting| lasting.extensions.iter().cloned().collect::<BTreeSet<_>>();
        assert_eq!(old.issuer, lasting_new.issuer, "{file}: issuer");
        assert_eq!(set(&old), set(&lasting_new), "{file}: extensions");
    }
}

/// Of every node that kubeadm made: all certificates gone, all pairs gone, all kubeconfigs gone.
#[test]
fn what_kubeadm_made_is_made_once_more() {
    let mut threes = String::new();
    let mut count = 0;
    for name in KUBEADM {
        for lost in LOST {
            let node = Node::materialize(name);
            let good = Tree::read(node.path());
            // Of an etcd elsewhere there is no key to sign with: that pair stays, and is left to others.
            node.shell(&format!(
                "cd etc/kubernetes; [ -e pki/etcd/ca.key ] || theirs='! -name apiserver-etcd-client.*'
                 find . -type f {lost} ! -name '*ca.*' ! -name 'sa.*' ! -name kubelet.conf ! -path '*/manifests/*' \
                     $theirs -delete"
            ));
            let broken = Tree::read(node.path());
            let arguments = [
                &["recover", "--yes", "--add-san=apiserver=api.example.test"],
                &CERT_SANS[..],
            ]
            .concat();
            let left = i32::from(name.contains("external-etcd"));
            rekindle(node.path(), &arguments).expect(left);
            let after = Tree::read(node.path());
            for (old, new) in leaves(&good).iter().zip(&leaves(&after)) {
                if new.file.contains("/kubelet")
                    || new.file.contains("apiserver-etcd-client") && left > 0
                {
                    continue;
                }
                says_the_same(old, new);
                let key = old.file.replace(".crt", ".key");
                assert_eq!(
                    old.key == new.key,
                    broken.get(&key).is_some(),
                    "{name} {lost} {key}"
                );
                if old.file.ends_with(".conf") {
                    let text =
                        |tree: &Tree| without_credential(tree.entry(&old.file).text()).join("\n");
                    assert_eq!(text(&good), text(&after), "{name} {}", old.file);
                }
                let Some(authority) = &new.authority else {
                    continue;
                };
                let first = |pem: &str| {
                    pem[..pem.find("-----END CERTIFICATE-----\n").unwrap() + 26].to_owned()
                };
                threes += after.entry(authority).text();
                threes += &first(&old.certificate);
                threes += &first(&new.certificate);
                count += 1;
            }
        }
    }
    assert!(count > 80, "{count}");
    go_accepts(&threes, count);
}

fn without_credential(kubeconfig: &str) -> Vec<&str> {
    let is_credential = |line: &&str| !line.trim_start().starts_with("client-");
    kubeconfig.lines().filter(is_credential).collect()
}

/// Go, with which Kubernetes reads certificates, finds in each what it found in the model, but for the key.
fn go_accepts(threes: &str, count: usize) {
    if Command::new("go").arg("version").output().is_err() {
        println!("skipped: go is not on the PATH, so crypto/x509 could not be asked");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("threes.pem");
    std::fs::write(&file, threes).unwrap();
    let output = Command::new("go")
        .args(["run", "."])
        .args([file.as_path(), Path::new("rebuilt")])
        .current_dir(project().join("tests/reissue_judge"))
        .env("GOFLAGS", "-mod=mod")
        .env("GOPROXY", "off")
        .env("GOTOOLCHAIN", "local")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let verdicts = String::from_utf8(output.stdout).unwrap();
    let accepted = verdicts.lines().filter(|line| *line == "accepted").count();
    assert_eq!(accepted, count, "{verdicts}");
}

/// What is not on the node is asked for, by the flag that takes it; with that it goes on.
macro_rules! asked_for {
    ($($test:ident: $certificate:literal by $script:expr => $flag:literal,)*) => {
        $(
            #[test]
            fn $test() {
                is_asked_for(stringify!($test), $certificate, $script, $flag);
            }
        )*
    };
}

asked_for! {
    version_unknown: "front-proxy-client"
        by format!("{IMAGE_BY_DIGEST} rm etc/kubernetes/pki/front-proxy-client.crt") => "--kubernetes-version=1.36.2",
    endpoint_unknown: "apiserver"
        by "rm etc/kubernetes/admin.conf etc/kubernetes/super-admin.conf etc/kubernetes/pki/apiserver.crt"
        => "--add-san=apiserver=api.example.test",
    node_name_in_doubt: "etcd-server"
        by "sed -i s/cp-1/cp-7/ var/lib/kubelet/kubeadm-flags.env; rm etc/kubernetes/pki/etcd/server.*" => "--node-name=cp-1",
}

fn is_asked_for(name: &str, certificate: &str, script: impl AsRef<str>, flag: &str) {
    let node = Node::materialize(NODE);
    let good = Tree::read(node.path());
    node.shell(script.as_ref());
    let before = Tree::read(node.path());
    let plan = rekindle(node.path(), &["plan", "--only", certificate]).expect(1);
    golden::compare(
        &format!("tests/recover_nodes/plans/{name}.stdout"),
        &plan.stdout,
        node.path(),
    );
    let only = ["recover", "--yes", "--only", certificate];
    rekindle(node.path(), &only).expect(1);
    assert_eq!(Tree::read(node.path()), before);
    let sans = CERT_SANS
        .iter()
        .filter(|_| certificate == "apiserver")
        .copied();
    let told: Vec<&str> = only.into_iter().chain([flag]).chain(sans).collect();
    rekindle(node.path(), &told).expect(0);
    let after = Tree::read(node.path());
    let file = format!("/{}.crt", certificate.trim_start_matches("etcd-"));
    let of = |tree: &Tree| {
        leaves(tree)
            .into_iter()
            .find(|leaf| leaf.file.ends_with(&file))
            .unwrap()
    };
    says_the_same(&of(&good), &of(&after));
}

/// A folder that the run makes is like the one above it, and goes with a run that goes back.
#[test]
fn a_folder_that_is_gone_is_made_like_the_one_above_it() {
    use crate::support::interruption::{is_possible, kill};

    let deleted = || {
        let node = Node::materialize(NODE);
        node.shell(
            "sed -i 's|pki/apiserver-etcd-client|pki/clients/of-etcd/apiserver-etcd-client|' etc/kubernetes/manifests/kube-apiserver.yaml
             rm etc/kubernetes/pki/apiserver-etcd-client.*; chmod 0750 etc/kubernetes/pki
             [ $(id -u) != 0 ] || chgrp 4321 etc/kubernetes/pki",
        );
        node
    };
    let only = ["recover", "--yes", "--only", "apiserver-etcd-client"];
    let node = deleted();
    let before = Tree::read(node.path());
    rekindle(node.path(), &only).expect(0);
    let after = Tree::read(node.path());
    let pki = after.entry("/etc/kubernetes/pki");
    for folder in ["clients", "clients/of-etcd"] {
        let made = after.entry(&format!("/etc/kubernetes/pki/{folder}"));
        assert_eq!((made.mode, made.owner), (pki.mode, pki.owner), "{folder}");
    }
    assert!(before.get("/etc/kubernetes/pki/clients").is_none());
    if !is_possible() {
        return;
    }
    // Killed before anything is in it, when something is staged there, before the first file is put in place, and after it.
    for (call, number) in [
        ("mkdirat", 4),
        ("write", 4),
        ("renameat2", 1),
        ("renameat2", 2),
    ] {
        for verb in ["resume", "rollback"] {
            let node = deleted();
            let before = Tree::read(node.path());
            kill(node.path(), &only, call, number);
            let is_committed = call == "renameat2";
            // What was not committed to is not finished.
            let end = i32::from(verb == "resume" && !is_committed);
            rekindle(node.path(), &[verb, "--yes"]).expect(end);
            let now = Tree::read(node.path()).without_state();
            if verb == "rollback" || !is_committed {
                let differences = before.timeless().differences(&now.timeless());
                assert_eq!(differences, Vec::<String>::new(), "{call} {number}");
                rekindle(node.path(), &only).expect(0);
            } else {
                rekindle(node.path(), &["check"]).expect(1);
                assert!(
                    now.get("/etc/kubernetes/pki/clients/of-etcd/apiserver-etcd-client.crt")
                        .is_some()
                );
            }
            rekindle(node.path(), &["journal", "verify"]).expect(0);
        }
    }
}

#[test]
fn behind_a_link_that_leads_nowhere_no_folder_is_made() {
    let node = Node::materialize(NODE);
    node.shell(
        "sed -i 's|pki/apiserver-etcd-client|disk/apiserver-etcd-client|' etc/kubernetes/manifests/kube-apiserver.yaml
         ln -s /not/mounted etc/kubernetes/disk",
    );
    let before = Tree::read(node.path());
    let run = rekindle(
        node.path(),
        &["recover", "--yes", "--only", "apiserver-etcd-client"],
    )
    .expect(1);
    assert!(run.stdout.contains("does not exist"), "{}", run.stdout);
    assert_eq!(Tree::read(node.path()), before);
}

/// Half of the old one would be beside half of the new one.
#[test]
fn a_run_that_is_taken_back_leaves_what_was_no_whole_before_it() {
    let node = Node::materialize(NODE);
    node.shell(
        "cd etc/kubernetes/pki; rm apiserver.crt etcd/server.crt; echo noise >etcd/server.key",
    );
    let good = Tree::read(Node::materialize(NODE).path());
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    let made = Tree::read(node.path());
    let list = rekindle(node.path(), &["journal", "list"]).expect(0).stdout;
    let run = list
        .split_whitespace()
        .find(|word| word.starts_with("20"))
        .unwrap();
    let back = rekindle(node.path(), &["rollback", run, "--yes"]).expect(1);
    assert!(
        back.stdout
            .contains("etcd-server: a part of it was missing"),
        "{}",
        back.stdout
    );
    let after = Tree::read(node.path());
    for file in [
        "apiserver.crt",
        "apiserver.key",
        "etcd/server.crt",
        "etcd/server.key",
    ] {
        let path = format!("/etc/kubernetes/pki/{file}");
        assert_eq!(
            made.entry(&path).content,
            after.entry(&path).content,
            "{file}"
        );
    }
    let admin = "/etc/kubernetes/admin.conf";
    assert_eq!(good.entry(admin).content, after.entry(admin).content);
}
