//! A bundle that is not what was made here installs nothing.

use std::fs;

use rekindle::bundle::{LARGEST_BUNDLE, NodeBundle};
use rekindle::pki::{Certificate, read_certificates};
use time::OffsetDateTime;

use crate::forged::{Forger, field, with_field, with_payload};
use crate::support::journal::{only, payload};
use crate::support::program::rekindle;
use crate::support::tree::Tree;
use crate::support::worker::Cluster;
use crate::{NODE, is_untouched};

/// What a seal's certificate says (RFC 9336), in openssl's words.
const SEAL: &str = "basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,1.3.6.1.5.5.7.3.36
";
/// What that of a user says.
const CLIENT: &str = "basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=clientAuth
";

fn authorities(cluster: &Cluster) -> Vec<Certificate> {
    read_certificates(&cluster.worker.read("/etc/kubernetes/pki/ca.crt")).unwrap()
}

/// Refused with that code, and nothing of the worker is another than before.
#[track_caller]
fn is_refused(cluster: &Cluster, bundle: &[u8], codes: &[&str], what: &str) {
    let before = Tree::read(cluster.worker.path());
    let path = cluster.write("hostile", bundle);
    let run = cluster.install(&path).expect(3);
    let is_expected = codes
        .iter()
        .any(|code| run.stderr.contains(&format!("refused ({code})")));
    assert!(is_expected, "{what}: {run:?}");
    is_untouched(&before, &cluster.worker);
}

#[test]
fn every_flipped_bit_is_seen() {
    let cluster = Cluster::of(NODE);
    let bundle = fs::read(cluster.issue()).unwrap();
    let authorities = authorities(&cluster);
    let now = OffsetDateTime::now_utc();
    NodeBundle::open(&bundle, &authorities, now).unwrap();
    let mut flipped = bundle.clone();
    for index in 0..bundle.len() {
        for bit in 0..8 {
            flipped[index] ^= 1 << bit;
            let opened = NodeBundle::open(&flipped, &authorities, now);
            assert!(opened.is_err(), "byte {index}, bit {bit}");
            flipped[index] ^= 1 << bit;
        }
    }
    // Nor is a part of it one, or more than it.
    for length in 0..bundle.len() {
        assert!(NodeBundle::open(&bundle[..length], &authorities, now).is_err());
    }
    for more in ["\n", " ", "{}"] {
        let longer = [&bundle, more.as_bytes()].concat();
        assert!(NodeBundle::open(&longer, &authorities, now).is_err());
    }
    // By the program too.
    for index in (0..bundle.len()).step_by(bundle.len() / 40) {
        flipped[index] ^= 1;
        let codes = ["bundle-damaged", "bundle-not-trusted"];
        is_refused(&cluster, &flipped, &codes, &format!("byte {index}"));
        flipped[index] ^= 1;
    }
}

#[test]
fn no_field_can_be_exchanged_under_the_seal() {
    let cluster = Cluster::of(NODE);
    let bundle = fs::read(cluster.issue()).unwrap();
    let other = Cluster::of(NODE);
    let others = payload(&fs::read(other.issue()).unwrap());
    let own = payload(&bundle);
    let fields = [
        ("schema", "rekindle.node-credential/v2"),
        ("node", "w-2"),
        ("machineId", "0123456789abcdef0123456789abcdef"),
        ("issuedAt", "2026-01-01T00:00:00Z"),
        ("notAfter", "2036-01-01T00:00:00Z"),
        ("issuedBy", "elsewhere"),
        ("authorities", ""),
        ("apiServer", "https://203.0.113.1:6443"),
        ("certificate", &field(&others, "certificate")),
        ("key", &field(&others, "key")),
        ("seal", &field(&others, "seal")),
    ];
    for (name, value) in fields {
        let hostile = with_payload(&bundle, &with_field(&own, name, value));
        assert_ne!(hostile, bundle);
        is_refused(&cluster, &hostile, &["bundle-damaged"], name);
    }
}

/// Whoever holds the CA's key can seal anything; all others cannot.
#[test]
fn a_seal_of_another_kind_or_authority_is_none() {
    let cluster = Cluster::of(NODE);
    let own = payload(&fs::read(cluster.issue()).unwrap());
    let not_trusted = ["bundle-not-trusted"];
    // What openssl seals with the profile is good: the others fail for what they are.
    let good = Forger::of(&cluster.plane, "/", SEAL).seal(&own);
    NodeBundle::open(&good, &authorities(&cluster), OffsetDateTime::now_utc()).unwrap();
    for (subject, extensions) in [
        ("/O=system:masters/CN=admin", CLIENT),
        ("/O=system:nodes/CN=system:node:w-1", CLIENT),
        ("/CN=someone", SEAL),
        ("/", &SEAL.replace("critical,1.3", "1.3")),
        ("/", &format!("{SEAL}subjectAltName=DNS:w-1\n")),
    ] {
        let forged = Forger::of(&cluster.plane, subject, extensions).seal(&own);
        is_refused(
            &cluster,
            &forged,
            &not_trusted,
            &format!("{subject} {extensions}"),
        );
    }
    let stranger = Cluster::of("rsa2048-stacked");
    let of_stranger = Forger::of(&stranger.plane, "/", SEAL).seal(&own);
    is_refused(&cluster, &of_stranger, &not_trusted, "another authority");
    let whole = fs::read(stranger.issue()).unwrap();
    is_refused(&cluster, &whole, &not_trusted, "another cluster");
}

/// A good seal does not make a good credential.
#[test]
fn what_is_sealed_has_to_hang_together() {
    let cluster = Cluster::of(NODE);
    let own = payload(&fs::read(cluster.issue()).unwrap());
    let stranger = Cluster::of("rsa2048-stacked");
    let others = payload(&fs::read(stranger.issue()).unwrap());
    let forger = Forger::of(&cluster.plane, "/", SEAL);
    let seal = |name, value: &str| forger.seal(&with_field(&own, name, value));
    let damaged = ["bundle-damaged"];
    for (name, value) in [
        ("key", &*field(&others, "key")),
        ("key", "-----BEGIN EC PRIVATE KEY-----\n"),
        ("notAfter", "2036-01-01T00:00:00Z"),
        ("machineId", "uninitialized"),
        ("node", "../w-1"),
        ("schema", "rekindle.node-credential/v2"),
        ("certificate", ""),
    ] {
        is_refused(&cluster, &seal(name, value), &damaged, name);
    }
    // Another node's certificate for this node, and that of a stranger.
    is_refused(
        &cluster,
        &seal("node", "w-2"),
        &["bundle-not-trusted"],
        "node",
    );
    let mixed = with_field(&own, "certificate", &field(&others, "certificate"));
    let mixed = with_field(&mixed, "key", &field(&others, "key"));
    let mixed = with_field(&mixed, "notAfter", &field(&others, "notAfter"));
    is_refused(
        &cluster,
        &forger.seal(&mixed),
        &["bundle-not-trusted"],
        "stranger",
    );
    for text in [
        own.replace("\"node\":", "\"more\":1,\"node\":"),
        own.replace("\"node\":\"w-1\"", "\"node\":\"w-1\",\"node\":\"w-1\""),
        own.replace(",\"node\"", ", \"node\""),
    ] {
        assert_ne!(text, own);
        is_refused(&cluster, &forger.seal(&text), &damaged, &text);
    }
}

#[test]
fn neither_is_a_journals_line_a_bundle_nor_a_bundle_a_journal() {
    let cluster = Cluster::of(NODE);
    let bundle = cluster.issue();
    let journal = only(&cluster.plane);
    let line = journal.lines().next().unwrap();
    let damaged = ["bundle-damaged"];
    is_refused(&cluster, format!("{line}\n").as_bytes(), &damaged, "a line");
    is_refused(&cluster, journal.as_bytes(), &damaged, "a journal");

    let bundle = bundle.to_str().unwrap();
    let arguments = ["journal", "verify", bundle];
    let run = rekindle(cluster.plane.path(), &arguments).expect(6);
    assert!(run.stderr.contains("node-credential"), "{run:?}");
}

#[test]
fn what_is_no_bundle_at_all_is_refused() {
    let cluster = Cluster::of(NODE);
    let damaged = ["bundle-damaged"];
    for bytes in [
        Vec::new(),
        b"\n".to_vec(),
        b"{}\n".to_vec(),
        vec![0; LARGEST_BUNDLE + 1],
        vec![b'['; LARGEST_BUNDLE],
        b"\xff\xfe\n".to_vec(),
        vec![b'{'; 1 << 20],
    ] {
        is_refused(&cluster, &bytes, &damaged, "noise");
    }
}
