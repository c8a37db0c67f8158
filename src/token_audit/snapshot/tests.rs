use super::*;
use crate::token_audit::bolt::writer::{Writer, database, field, stored};

/// Something that passes by, and is to be in nothing that is kept.
const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.secret.signature";

fn entry(key: &str, value: &str) -> Vec<u8> {
    [field(1, key.as_bytes()), field(2, value.as_bytes())].concat()
}

fn metadata(labels: &[(&str, &str)], annotations: &[(&str, &str)]) -> Vec<u8> {
    let mut message = [field(1, b"another"), field(3, b"elsewhere")].concat();
    // 2026-11-24T03:12:45Z.
    message.extend(field(8, b"\x08\xad\x81\x94\xd8\x06"));
    for (key, value) in labels {
        message.extend(field(11, &entry(key, value)));
    }
    for (key, value) in annotations {
        message.extend(field(12, &entry(key, value)));
    }
    message
}

fn secret(kind: &str) -> Vec<u8> {
    let annotations = [
        ("kubernetes.io/service-account.name", "robot"),
        ("kubernetes.io/service-account.uid", "1-2-3"),
    ];
    let labels = [("kubernetes.io/legacy-token-last-used", "2026-11-24")];
    let message = [
        field(1, &metadata(&labels, &annotations)),
        field(2, &entry("token", TOKEN)),
        field(3, kind.as_bytes()),
    ];
    stored("Secret", &message.concat())
}

/// A pod with one volume.
fn pod(volume: &[u8]) -> Vec<u8> {
    let volume = [field(1, b"v"), field(2, volume)].concat();
    let message = [field(1, &metadata(&[], &[])), field(2, &field(1, &volume))];
    stored("Pod", &message.concat())
}

fn audit(changes: &[(&str, Option<Vec<u8>>)]) -> TokenAudit {
    let file = database(changes);
    let audit = audit_snapshot(&file.as_slice(), None, None).unwrap();
    assert!(!format!("{audit:?}").contains("signature"), "{audit:?}");
    audit
}

const CLUSTER: (&str, Option<Vec<u8>>) = ("/registry/namespaces/kube-system", Some(Vec::new()));
const LONG_LIVED: &str = "kubernetes.io/service-account-token";

#[test]
fn the_latest_state_of_each_secret_counts() {
    let found = audit(&[
        CLUSTER,
        ("/registry/secrets/ci/robot-token", Some(secret("Opaque"))),
        ("/registry/secrets/ci/gone", Some(secret(LONG_LIVED))),
        ("/registry/secrets/ci/changed", Some(secret(LONG_LIVED))),
        ("/registry/secrets/ci/robot-token", Some(secret(LONG_LIVED))),
        ("/registry/secrets/ci/plain", Some(secret("Opaque"))),
        ("/registry/secrets/ci/gone", None),
        ("/registry/secrets/ci/changed", Some(secret("Opaque"))),
        // Not where Secrets are.
        ("/registry/secretstores/ci/a", Some(secret(LONG_LIVED))),
        (
            "/registry/example.org/secrets/ci/a",
            Some(secret(LONG_LIVED)),
        ),
        ("/other/secrets/ci/a", Some(secret(LONG_LIVED))),
    ]);
    let [token] = found.tokens.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!((&*token.namespace, &*token.secret), ("ci", "robot-token"));
    assert_eq!(token.account.as_deref(), Some("robot"));
    assert_eq!(token.account_uid.as_deref(), Some("1-2-3"));
    assert_eq!(token.last_used.as_deref(), Some("2026-11-24"));
    let created = token.created.map(OffsetDateTime::unix_timestamp);
    assert_eq!(created, Some(1_795_489_965));
    assert_eq!(token.mounted_by.as_deref(), Some(&[][..]));
    assert_eq!(token.is_listed, Some(false));
    assert!(found.unseen.is_empty());
    let View::Snapshot {
        revision,
        integrity: Integrity::Nothing,
        ..
    } = found.view
    else {
        panic!("{found:?}");
    };
    assert_eq!(revision, 12);
}

#[test]
fn every_way_to_use_a_secret_is_seen() {
    let name = field(1, b"robot-token");
    let name_of_reference = field(1, &name);
    let reference = |kind: u8, number: u8| field(kind, &field(number, &name));
    let volumes = [
        field(6, &name),
        reference(14, 5),
        reference(13, 4),
        reference(12, 3),
        reference(11, 7),
        reference(8, 10),
        reference(25, 3),
        reference(27, 5),
        reference(28, 5),
        field(18, &name),
        field(26, &field(1, &field(1, &name_of_reference))),
    ];
    for (number, volume) in volumes.iter().enumerate() {
        let found = audit(&[
            CLUSTER,
            ("/registry/secrets/ci/robot-token", Some(secret(LONG_LIVED))),
            ("/registry/pods/ci/user", Some(pod(volume))),
            // Another namespace's Secret of that name.
            ("/registry/pods/apps/other", Some(pod(volume))),
        ]);
        let users = found.tokens[0].mounted_by.as_deref();
        assert_eq!(users, Some(&["user".to_owned()][..]), "{number}");
    }
    let found = audit(&[
        CLUSTER,
        ("/registry/secrets/ci/robot-token", Some(secret(LONG_LIVED))),
        ("/registry/pods/ci/user", Some(pod(&volumes[0]))),
        ("/registry/pods/ci/user", None),
    ]);
    assert_eq!(found.tokens[0].mounted_by.as_deref(), Some(&[][..]));
}

#[test]
fn json_is_read_as_old_clusters_stored_it() {
    let text = format!(
        r#"{{"kind":"Secret","apiVersion":"v1","metadata":{{"name":"a","namespace":"b",
        "creationTimestamp":"2020-01-02T03:04:05Z","labels":null,"annotations":
        {{"kubernetes.io/service-account.name":"robot","note":"x"}}}},"data":{{"token":"{TOKEN}"}},
        "type":"{LONG_LIVED}"}}"#
    );
    let pod = r#"{"kind":"Pod","metadata":{"name":"p"},"spec":{"volumes":[{"name":"v","projected":
        {"sources":[{"secret":{"name":"robot-token"}},{"configMap":{}}]}}],"containers":
        [{"env":[{"name":"A","value":"b"},{"name":"T","valueFrom":{"secretKeyRef":{"name":"by-env"}}}],
        "envFrom":[{"secretRef":{"name":"by-from"}}]}],"initContainers":null}}"#;
    let account = r#"{"metadata":{},"secrets":[{"name":"by-env"},{}]}"#;
    let since = r#"{"data":{"since":"2026-01-05"}}"#;
    let tracking = format!(
        "/registry/configmaps/{}/{}",
        "kube-system", "kube-apiserver-legacy-service-account-token-tracking"
    );
    let found = audit(&[
        CLUSTER,
        (
            "/registry/secrets/ci/robot-token",
            Some(text.clone().into_bytes()),
        ),
        (
            "/registry/secrets/ci/by-env",
            Some(text.clone().into_bytes()),
        ),
        ("/registry/secrets/ci/by-from", Some(text.into_bytes())),
        ("/registry/pods/ci/user", Some(pod.into())),
        ("/registry/serviceaccounts/ci/robot", Some(account.into())),
        (&tracking, Some(since.into())),
    ]);
    assert_eq!(found.tokens.len(), 3, "{found:?}");
    for token in &found.tokens {
        assert_eq!(token.mounted_by.as_deref(), Some(&["user".to_owned()][..]));
        assert_eq!(token.is_listed, Some(token.secret == "by-env"));
        assert_eq!(token.created.unwrap().year(), 2020);
    }
    assert_eq!(found.tracked_since.as_deref(), Some("2026-01-05"));
}

#[test]
fn what_is_encrypted_or_cannot_be_read_is_said() {
    let mut torn = secret(LONG_LIVED);
    torn.truncate(torn.len() - 3);
    let found = audit(&[
        CLUSTER,
        (
            "/registry/secrets/ci/a",
            Some(b"k8s:enc:aescbc:v1:key1:\x01\x02".to_vec()),
        ),
        (
            "/registry/secrets/ci/b",
            Some(b"k8s:enc:aescbc:v1:key2:\x01\x02".to_vec()),
        ),
        (
            "/registry/secrets/ci/c",
            Some(b"k8s:enc:kms:v2:vault:\x01".to_vec()),
        ),
        ("/registry/secrets/ci/d", Some(b"k8s:enc:\x1b[31m".to_vec())),
        ("/registry/secrets/ci/e", Some(torn)),
        ("/registry/secrets/ci/f", Some(stored("ConfigMap", b""))),
        ("/registry/secrets/ci/h", Some(secret(LONG_LIVED))),
        (
            "/registry/pods/ci/a",
            Some(b"k8s:enc:secretbox:v1:k:\x01".to_vec()),
        ),
        ("/registry/secrets/ci/c", None),
    ]);
    let unseen: Vec<String> = found.unseen.iter().map(ToString::to_string).collect();
    assert_eq!(
        unseen,
        [
            "Secrets: 2 that cannot be read",
            "Secrets: 1 encrypted with a provider that cannot be read",
            "Secrets: 2 encrypted with aescbc",
            "pods: 1 encrypted with secretbox",
        ]
    );
    assert_eq!(found.tokens.len(), 1);
    assert_eq!(found.tokens[0].mounted_by, None);
    assert!(!found.is_clean());
}

#[test]
fn another_prefix_is_found() {
    let changes = [
        ("/kubernetes.io/namespaces/default", Some(Vec::new())),
        ("/kubernetes.io/secrets/ci/a", Some(secret(LONG_LIVED))),
        ("/registry/secrets/ci/b", Some(secret(LONG_LIVED))),
    ];
    let file = database(&changes);
    for named in [
        None,
        Some("kubernetes.io"),
        Some("/kubernetes.io/"),
        Some("/gone"),
    ] {
        let found = audit_snapshot(&file.as_slice(), named, None).unwrap();
        assert_eq!(found.tokens.len(), 1, "{named:?}");
        assert_eq!(found.tokens[0].secret, "a", "{named:?}");
    }
    let none = database(&changes[2..]);
    let none = audit_snapshot(&none.as_slice(), None, None);
    assert!(matches!(none, Err(SnapshotError::NoCluster { .. })));
}

#[test]
fn a_checksum_is_verified_and_a_length_that_cannot_be_is_said() {
    let file = database(&[CLUSTER]);
    let sum = crate::digest::Sha256Digest::of(&file);
    let with_sum = [file.as_slice(), sum.as_bytes()].concat();
    let found = audit_snapshot(&with_sum.as_slice(), None, None).unwrap();
    let View::Snapshot { integrity, .. } = found.view else {
        panic!();
    };
    assert_eq!(integrity, Integrity::Checksum);
    for at in [0, 100, file.len() - 1, file.len(), with_sum.len() - 1] {
        let mut changed = with_sum.clone();
        changed[at] ^= 1;
        let refused = audit_snapshot(&changed.as_slice(), None, None);
        assert!(matches!(refused, Err(SnapshotError::Checksum)), "{at}");
    }
    let cut = &file[..file.len() - 1];
    let refused = audit_snapshot(&cut, None, None);
    assert!(matches!(refused, Err(SnapshotError::Length { .. })));
}

#[test]
fn what_is_not_etcds_in_its_own_place_is_an_error() {
    for (key, value) in [
        (&b"short"[..], &b"\x0a\x01a"[..]),
        (b"12345678x12345678", b"\x0a\x01a"),
        (b"12345678_12345678x", b"\x0a\x01a"),
        (b"12345678_12345678", b"\x0a\x09a"),
        (b"12345678_12345678", b""),
    ] {
        let mut writer = Writer::default();
        let leaf = writer.leaf(&[(0, key, value)]);
        let file = writer.finish(leaf);
        let refused = audit_snapshot(&file.as_slice(), None, None);
        assert!(matches!(refused, Err(SnapshotError::Revision { .. })));
    }
}
