//! Databases of etcd: pages, and what Kubernetes keeps under a key.

use super::{LARGEST_VALUE, numbered, repeat};
use crate::promises::database_writer::{Writer, stored};

/// The target puts each of them under four keys of one database, of which no page may be longer than 32 MiB.
const SIZE: usize = LARGEST_VALUE - 1024;
const LONG_LIVED: &str = r#""type":"kubernetes.io/service-account-token""#;

/// All of them, by name.
pub fn all() -> Vec<(String, Vec<u8>)> {
    let values = [
        (
            "empty-volumes",
            pod(&format!(r#""volumes":[{}{{}}]"#, repeat("{},", SIZE - 64))),
        ),
        (
            "volumes",
            pod(&format!(
                r#""volumes":[{}{{}}]"#,
                numbered(SIZE / 4, |number| format!(
                    r#"{{"secret":{{"secretName":"{number:x}"}}}},"#
                ))
            )),
        ),
        (
            "containers",
            pod(&format!(
                r#""containers":[{}{{}}]"#,
                repeat("{},", SIZE - 64)
            )),
        ),
        (
            "variables",
            pod(&format!(
                r#""containers":[{{"env":[{}{{}}]}}]"#,
                repeat("{},", SIZE - 64)
            )),
        ),
        (
            "sources",
            pod(&format!(
                r#""volumes":[{{"projected":{{"sources":[{}{{}}]}}}}]"#,
                repeat("{},", SIZE - 96)
            )),
        ),
        (
            "labels",
            format!(
                r#"{{"metadata":{{"labels":{{{}"a":"b"}}}},{LONG_LIVED}}}"#,
                numbered(SIZE - 128, |number| format!(r#""{number:x}":"","#))
            ),
        ),
        (
            "long-label",
            format!(
                r#"{{"metadata":{{"labels":{{"kubernetes.io/legacy-token-last-used":"{}"}}}},{LONG_LIVED}}}"#,
                repeat("a", SIZE - 160)
            ),
        ),
        (
            "long-data",
            format!(
                r#"{{"data":{{"token":"{}"}},{LONG_LIVED}}}"#,
                repeat("\\n", SIZE - 128)
            ),
        ),
        (
            "references",
            format!(r#"{{"secrets":[{}{{}}]}}"#, repeat("{},", SIZE - 64)),
        ),
        ("nested", repeat("[", SIZE)),
        ("nested-objects", repeat("{\"a\":", SIZE)),
    ];
    let values = values
        .into_iter()
        .map(|(name, text)| (name, text.into_bytes()));
    let messages = [
        // Of the message in `runtime.Unknown` only empty fields: names, volumes, annotations.
        ("fields", message("Secret", b"\x0a\x00")),
        ("pod-fields", message("Pod", b"\x12\x00")),
        ("account-fields", message("ServiceAccount", b"\x12\x00")),
        (
            "unknown-fields",
            message("Secret", b"\xf8\xff\xff\xff\x0f\x00"),
        ),
    ];
    // Behind two meta pages: the root, and what it leads to.
    let pages = [
        ("branches-to-themselves", branch(&|_| 2)),
        ("branches-to-the-next", branch(&|number| number + 1)),
        ("branches-to-all", branch(&|number| number % 4096)),
        ("leaves-of-one-value", leaf()),
    ];
    let all = values.chain(messages).chain(pages);
    all.map(|(name, bytes)| (format!("database-{name}"), bytes))
        .collect()
}

fn pod(spec: &str) -> String {
    format!(r#"{{"kind":"Pod","spec":{{{spec}}}}}"#)
}

/// As Kubernetes writes it, with one field again and again.
fn message(kind: &str, field: &[u8]) -> Vec<u8> {
    stored(kind, &field.repeat((SIZE - 64) / field.len()))
}

/// Branches of 1 KiB with as many elements as fit, each of which leads where the number of its page says.
fn branch(child: &dyn Fn(u64) -> u64) -> Vec<u8> {
    let mut writer = Writer::default();
    for number in 2..4096 {
        let children: Vec<u64> = (0..63).map(|element| child(number + element)).collect();
        writer.branch(&children);
    }
    writer.into_pages()
}

/// One leaf of 2 MiB, all whose elements are the whole of it.
fn leaf() -> Vec<u8> {
    let mut body = Vec::new();
    for element in 0..65_535_u32 {
        for number in [1, (65_535 - element) * 16, 3, 1_000_000] {
            body.extend(number.to_le_bytes());
        }
    }
    body.resize((2 << 20) - 16, b'k');
    let mut writer = Writer::default();
    writer.page(2, 65_535, &body);
    writer.into_pages()
}
