//! On every node of testdata: the same authorities with new dates, everywhere, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use time::{Duration, OffsetDateTime};

use crate::expired::{Expired, REISSUE, blocks, holders, layers, node};
use crate::support::leaf::leaves;
use crate::support::node::Node;
use crate::support::openssl::{self, openssl};
use crate::support::program::rekindle;
use crate::support::tree::{Content, Tree};

/// The words that confirm what is there to be given new dates, and how the run ends.
fn reissue(node: &Node, expired: &[Expired]) -> Tree {
    let before = Tree::read(node.path());
    let names: Vec<&str> = expired.iter().map(name).collect();
    let confirmation = names.join(",");
    let mut arguments = REISSUE;
    arguments[4] = &confirmation;
    let run = rekindle(node.path(), &arguments);
    // What an authority signs that is elsewhere is left, as by `recover`.
    let code = i32::from(expired.len() < 3);
    let run = run.expect(code);
    assert!(!run.stderr.contains("warning"), "{run:?}");
    before
}

fn name(expired: &Expired) -> &'static str {
    match expired.file.rsplit_once("kubernetes/").unwrap().1 {
        file if file.ends_with("front-proxy-ca.crt") => "front-proxy-ca",
        file if file.ends_with("etcd/ca.crt") => "etcd-ca",
        _ => "ca",
    }
}

/// The certificate of `expired` as the node has it now.
fn renewed(node: &Node, expired: &Expired, folder: &Path) -> PathBuf {
    let bundle = String::from_utf8(node.read(&expired.file)).unwrap();
    let path = folder.join("new.crt");
    let public = openssl::public_half(&node.file(&expired.key));
    for block in blocks(&bundle) {
        fs::write(&path, block).unwrap();
        let own = openssl(&["x509", "-in", path.to_str().unwrap(), "-noout", "-pubkey"]).unwrap();
        if own == public {
            return path;
        }
    }
    panic!("{}: no certificate of the key", expired.file);
}

/// The subject, as it stands: DER, string types and all.
fn subject(certificate: &Path) -> String {
    let text = openssl(&["asn1parse", "-in", certificate.to_str().unwrap()]).unwrap();
    let lines = text.lines().skip_while(|line| !line.contains("UTCTIME"));
    let behind = lines
        .skip(2)
        .map(|line| line.split_once("prim").or(line.split_once("cons")));
    behind.flatten().take(12).map(|(_, rest)| rest).collect()
}

fn holds_new_dates(name: &str) {
    let (node, expired) = node(name);
    rekindle(node.path(), &["recover", "--yes"]).expect(3);
    let before = reissue(&node, &expired);
    let after = Tree::read(node.path());
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("old.crt");
    let now = OffsetDateTime::now_utc();
    for authority in &expired {
        fs::write(&old, &authority.certificate).unwrap();
        let new = renewed(&node, authority, folder.path());
        let (was, is) = (openssl::read(&old), openssl::read(&new));
        assert_eq!(
            (was.public_key, was.words),
            (is.public_key, is.words),
            "{name}"
        );
        assert_eq!(subject(&old), subject(&new), "{name}");
        assert_ne!(was.serial, is.serial, "{name}");
        assert_eq!(
            is.validity.0, was.validity.0,
            "what it signed lies within its life"
        );
        let years = is.validity.1 - now;
        assert!(
            (Duration::days(3649)..Duration::days(3651)).contains(&years),
            "{name} {years}"
        );
        // It signs itself, and whoever looks strictly finds nothing amiss.
        let text = new.to_str().unwrap();
        openssl(&["verify", "-x509_strict", "-CAfile", text, text]).unwrap();
        // What it signed before is good under it, in its own time.
        let was_signed = leaves(&before)
            .into_iter()
            .filter(|leaf| leaf.authority.as_ref() == Some(&authority.file));
        let mut count = 0;
        for leaf in was_signed {
            let (path, _) = leaf.write(folder.path());
            openssl(&[
                "verify",
                "-no_check_time",
                "-x509_strict",
                "-CAfile",
                text,
                path.to_str().unwrap(),
            ])
            .unwrap_or_else(|error| panic!("{name} {}: {error}", leaf.file));
            count += 1;
        }
        assert!(count > 0, "{name} {}", authority.file);
        assert_eq!(
            holders(&after, &authority.certificate),
            Vec::<String>::new(),
            "{name}"
        );
    }
    // Every leaf is good now, under the authority on the disk.
    for leaf in leaves(&after) {
        let Some(file) = leaf
            .authority
            .as_ref()
            .filter(|file| expired.iter().any(|one| one.file == **file))
        else {
            continue;
        };
        let (path, _) = leaf.write(folder.path());
        for purpose in leaf.purposes {
            openssl::verify(&path, &node.file(file), purpose)
                .unwrap_or_else(|error| panic!("{name} {}: {error}", leaf.file));
        }
    }
    nothing_else_changed(name, &before, &after, &expired);
    let verified = rekindle(node.path(), &["journal", "verify"]).expect(0);
    assert!(verified.stdout.starts_with("COMPLETE\n"), "{verified:?}");
    let code = i32::from(expired.len() < 3);
    rekindle(node.path(), &["check"]).expect(code);
}

/// Of files that `recover` renews, every line but its own; of all others with the old certificate, every byte around it.
fn nothing_else_changed(name: &str, before: &Tree, after: &Tree, expired: &[Expired]) {
    let keys = |text: &str| -> Vec<String> {
        text.lines()
            .filter(|line| line.contains("client-key-data") || line.contains("server:"))
            .map(str::to_owned)
            .collect()
    };
    let mut exchanged = 0;
    for path in before.differences(&after.without_state()) {
        let Some(Content::File(_)) = before.get(&path).map(|entry| &entry.content) else {
            continue;
        };
        let (was, is) = (before.entry(&path), after.entry(&path));
        assert_eq!(was.label(), is.label(), "{name} {path}");
        if was.content == is.content {
            assert!(path.contains("/manifests/"), "{name} {path}: only its time");
            continue;
        }
        assert!(!path.ends_with(".key"), "{name} {path}");
        assert_eq!(keys(was.text()), keys(is.text()), "{name} {path}");
        let held: Vec<&Expired> = expired
            .iter()
            .filter(|one| {
                layers(was.text())
                    .iter()
                    .any(|layer| layer.contains(&one.certificate))
            })
            .collect();
        let is_ca = expired.iter().any(|one| one.file == path);
        if is_ca {
            // All of the file but the one block.
            let others = |text: &str| blocks(text).len();
            assert_eq!(others(was.text()), others(is.text()), "{name} {path}");
            let kept: Vec<String> = blocks(was.text())
                .into_iter()
                .filter(|block| *block != held[0].certificate)
                .collect();
            for block in kept {
                assert!(
                    is.text().contains(&block),
                    "{name} {path}: an old root is gone"
                );
            }
        }
        exchanged += held.len();
    }
    assert!(exchanged >= expired.len(), "{name}: {exchanged}");
}

#[test]
fn kubeadms_defaults() {
    holds_new_dates("rsa2048-stacked");
}

#[test]
fn elliptic_curves() {
    holds_new_dates("ecdsa-p256-stacked");
    holds_new_dates("ecdsa-p384-stacked");
}

#[test]
fn an_etcd_elsewhere_keeps_its_authority() {
    holds_new_dates("rsa3072-external-etcd");
    holds_new_dates("external-etcd-no-key");
}

#[test]
fn subjects_of_every_kind() {
    holds_new_dates("corporate-dn");
    holds_new_dates("pkcs8-keys");
}

#[test]
fn an_old_root_in_the_bundle_stays() {
    holds_new_dates("ca-bundle");
}

#[test]
fn other_folders_and_other_kubeconfigs() {
    holds_new_dates("kubespray-ssl");
    holds_new_dates("embedded-kubelet");
    holds_new_dates("joined-control-plane");
}
