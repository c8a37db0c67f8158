//! YAML and JSON: by itself, and as one more value in a kubeconfig and in the manifest of a pod, which are read further.

use std::fmt::Write as _;

use super::{LARGEST, numbered, repeat};

/// A little less than the largest file, for what is put around.
const SIZE: usize = LARGEST - 1024;

/// How many values the program reads of a document.
const MOST_VALUES: usize = 1 << 16;

const KUBECONFIG: &str = "\
kind: Config
current-context: here
contexts: [{name: here, context: {user: me}}]
users: [{name: me, user: {client-certificate-data: T0xE, client-key-data: S0VZ}}]
";

const POD: &str =
    "{kind: Pod, metadata: {name: etcd}, spec: {containers: [{command: [etcd, --a=b]}]}, more:\n";

/// All of them, by name: as large as may be, and with as many values as may be.
pub fn all() -> Vec<(String, Vec<u8>)> {
    let mut all = whole();
    for (name, text) in block(SIZE).into_iter().chain(flow(SIZE)) {
        all.push((format!("{name}.yaml"), text));
    }
    let flows = fitting(flow);
    for (name, text) in fitting(block).iter().chain(&flows) {
        let kubeconfig = format!("{KUBECONFIG}more:\n{text}");
        all.push((format!("{name}-kubeconfig.yaml"), kubeconfig));
    }
    for (name, text) in flows {
        all.push((format!("{name}-pod.yaml"), format!("{POD} {text}\n}}\n")));
    }
    all.into_iter()
        .map(|(name, text)| (name, text.into_bytes()))
        .collect()
}

/// The largest of each that has no more values than a file may have.
fn fitting(values: fn(usize) -> Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
    let marks = ['\n', ',', ':', '-', '?', '[', ']', '{', '}'];
    let too_many = |text: &str| text.matches(marks).nth(MOST_VALUES - 100).is_some();
    let mut found = values(SIZE);
    for size in (1..8).map(|halvings| SIZE >> halvings) {
        for (largest, smaller) in found.iter_mut().zip(values(size)) {
            if too_many(&largest.1) {
                *largest = smaller;
            }
        }
    }
    found
}

/// Values in block style.
fn block(size: usize) -> Vec<(&'static str, String)> {
    vec![
        ("block-list", repeat(" -\n", size)),
        ("block-list-of-text", repeat(" - a\n", size)),
        ("block-list-in-list", format!(" {}", repeat("- ", size))),
        ("block-key-in-key", format!(" {}", repeat("? ", size))),
        (
            "block-mapping",
            numbered(size, |number| format!(" {number:x}:\n")),
        ),
        ("block-same-key", repeat(" a:\n", size)),
        ("block-staircase", staircase(size)),
        ("block-comments", repeat(" #\n", size)),
        ("block-blank-lines", format!(" a{}", repeat("\n", size))),
        ("block-folded", format!(" >\n{}", repeat("  a\n\n", size))),
        ("block-literal", format!(" |\n{}", repeat("  a\n", size))),
        ("block-plain-lines", repeat(" a\n", size)),
        ("block-carriage-returns", repeat(" a\r", size)),
        ("block-colons", format!(" {}", repeat("a:", size))),
        (
            "block-anchors",
            numbered(size, |number| format!(" - &a{number:x}\n")),
        ),
        (
            "block-aliases",
            format!(" - &a a\n{}", repeat(" - *a\n", size)),
        ),
        ("block-tags", repeat(" - !!a\n", size)),
        (
            "block-merges",
            format!(
                " a: &a {{b: c}}\n{}",
                numbered(size - 99, |number| format!(" {number:x}: {{<<: *a}}\n"))
            ),
        ),
        (
            "block-aliases-of-long-text",
            format!(
                " - &a {}\n{}",
                repeat("a", size / 2),
                repeat(" - *a\n", size / 2)
            ),
        ),
        (
            "block-aliases-of-long-list",
            format!(
                " - &a\n{} -\n{}",
                repeat("  - a\n", size / 2),
                repeat("  - *a\n", size / 2)
            ),
        ),
        ("block-billion-laughs", laughs(size)),
    ]
}

/// Values in flow style.
fn flow(size: usize) -> Vec<(&'static str, String)> {
    vec![
        ("flow-list", format!(" [{}]", repeat("a,", size))),
        ("flow-list-of-null", format!(" [{}]", repeat("~,", size))),
        ("flow-list-of-numbers", format!(" [{}]", repeat("1,", size))),
        ("flow-lists", format!(" [{}]", repeat("[],", size))),
        (
            "flow-mapping",
            format!(" {{{}}}", numbered(size, |number| format!("{number:x},"))),
        ),
        ("flow-mappings", format!(" [{}]", repeat("{},", size))),
        ("flow-pairs", format!(" [{}]", repeat("a: b,", size))),
        (
            "flow-nested",
            format!(
                " [{}a]",
                repeat(&format!("{}{},", "[".repeat(100), "]".repeat(100)), size)
            ),
        ),
        ("flow-bottomless", format!(" {}", repeat("[", size))),
        (
            "flow-double-quoted",
            format!(" \"{}\"", repeat("\\x61", size)),
        ),
        (
            "flow-double-quoted-lines",
            format!(" \"{}\"", repeat("\\\n ", size)),
        ),
        ("flow-single-quoted", format!(" '{}'", repeat("''", size))),
        ("flow-quoted-list", format!(" [{}]", repeat("\"\",", size))),
        (
            "flow-wide-letters",
            format!(" '{}'", repeat("\u{1F600}", size)),
        ),
        (
            "flow-escaped-wide-letters",
            format!(" \"{}\"", repeat("\\L", size)),
        ),
        ("flow-unclosed", format!(" \"{}", repeat("a ", size))),
    ]
}

/// Whole files.
fn whole() -> Vec<(String, String)> {
    let certificate = |value: &str| KUBECONFIG.replace("T0xE", value);
    [
        ("documents", repeat("---\n", SIZE)),
        ("directives", repeat("%A b\n", SIZE)),
        ("long-certificate", certificate(&repeat("T0xE", SIZE))),
        (
            "certificate-in-lines",
            certificate(&repeat("T0xE\n ", SIZE)),
        ),
        (
            "certificate-in-quoted-lines",
            certificate(&format!("\"{}\"", repeat("T0xE\\\n ", SIZE))),
        ),
        (
            "users",
            KUBECONFIG.replace(
                "users: [",
                &format!(
                    "users: [{}",
                    numbered(SIZE, |number| format!("{{name: a{number:x}}}, "))
                ),
            ),
        ),
        (
            "same-users",
            KUBECONFIG.replace(
                "users: [",
                &format!("users: [{}", repeat("{name: me}, ", SIZE)),
            ),
        ),
        (
            "contexts",
            KUBECONFIG.replace(
                "contexts: [",
                &format!("contexts: [{}", repeat("{},", SIZE)),
            ),
        ),
        (
            "many-flags",
            format!(
                "kind: Pod\nmetadata: {{name: etcd}}\nspec:\n containers:\n - args:\n{}",
                repeat("   - --a=b\n", SIZE)
            ),
        ),
        ("environment", repeat("KUBELET_KUBEADM_ARGS=--a=b\n", SIZE)),
        (
            "environment-of-one-line",
            format!("KUBELET_KUBEADM_ARGS=\"{}\"\n", repeat("--a b ", SIZE)),
        ),
    ]
    .into_iter()
    .map(|(name, text)| (format!("{name}.whole.yaml"), text))
    .collect()
}

/// Each line a level deeper.
fn staircase(size: usize) -> String {
    let mut text = String::new();
    for depth in 1.. {
        let line = format!("{}a:\n", " ".repeat(depth));
        if text.len() + line.len() > size {
            return text;
        }
        text.push_str(&line);
    }
    text
}

/// Ten times ten times … the same, and comments up to the size.
fn laughs(size: usize) -> String {
    let mut text = " - &a0 [ha]\n".to_owned();
    for level in 1..20 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        writeln!(text, " - &a{level} [{below}]").unwrap();
    }
    let comments = repeat(" #\n", size - text.len());
    text + &comments
}
